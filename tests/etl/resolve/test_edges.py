"""SNPs and edges: positions, alleles, direction, keys, conditional rows, and the counts of rows."""

from __future__ import annotations

import polars as pl
import pytest

from generel_etl.config import SourceConfig
from generel_etl.digest import sum_digests
from generel_etl.errors import DataError
from generel_etl.resolve import Resolved, resolve
from tests.etl.conftest import MemoryStage, resolve_stages

GENES = MemoryStage.of_rows(
    "hgnc",
    concepts=[{"row": n, "id": f"HGNC:{n}", "kind": "Gene", "name": f"G{n}", "defined": True} for n in (1, 2, 3)],
)


def association(row: int, snp: str, trait: str = "Height", **more: object) -> dict[str, object]:
    return {
        "row": row, "type": "ASSOCIATED_WITH", "start_id": snp, "start_kind": "SNP", "end_name": trait,
        "end_kind": "Trait", "weight": 0.5, **more,
    }  # fmt: skip


def eqtl(row: int, snp: str, gene: str = "HGNC:1", **more: object) -> dict[str, object]:
    return {
        "row": row, "type": "REGULATES", "start_id": snp, "start_kind": "SNP", "end_id": gene, "end_kind": "Gene",
        "weight": 0.5, **more,
    }  # fmt: skip


def snp_row(row: int, snp: str, position: int | None = None, alleles: str = "", **more: object) -> dict[str, object]:
    location = {"chromosome": "1", "position": position, "build": "GRCh38"} if position else {}
    return {"row": row, "id": snp, "alleles": list(alleles), **location, **more}


def snp_node(result: Resolved, name: str) -> dict[str, object]:
    return result.nodes.filter(pl.col("id") == name).row(0, named=True)


def row_counts(result: Resolved, source: str) -> tuple[int, int, int, int, int]:
    """Loaded, merged, rejected, dangling, staged."""
    found = next(s for s in result.sources if s.name == source)
    states = (
        found.rows_loaded,
        found.rows_merged,
        found.rows_rejected,
        found.rows_dangling,
        found.rows_staged,
    )
    assert sum(states) == found.rows_read
    return states


def test_snp_list_adds_positions_to_mentioned_snps_and_no_nodes() -> None:
    listed = MemoryStage.of_rows(
        "list",
        snps=[snp_row(1, "rs1", 10, "AG", load_if_mentioned=True), snp_row(2, "rs2", 20, load_if_mentioned=True)],
    )
    hits = MemoryStage.of_rows("hits", edges=[association(1, "rs1")])
    result = resolve_stages(hits, listed)
    assert result.nodes.filter(kind="SNP")["id"].to_list() == ["rs1"]
    found = snp_node(result, "rs1")
    assert (found["source"], found["chromosome"], found["position"], found["build"], found["alleles"]) == (
        "hits",
        "1",
        10,
        "GRCh38",
        ["A", "G"],
    )
    assert row_counts(result, "list") == (1, 0, 0, 0, 1)


def test_snp_list_with_create_makes_nodes() -> None:
    result = resolve_stages(MemoryStage.of_rows("list", snps=[snp_row(1, "rs1", 10), snp_row(2, "rs1", 10)]))
    assert result.nodes["id"].to_list() == ["rs1"]
    assert row_counts(result, "list") == (1, 1, 0, 0, 0)


def test_position_and_alleles_come_from_the_first_source_with_each() -> None:
    one = MemoryStage.of_rows("one", snps=[snp_row(1, "rs1", 10)], edges=[association(1, "rs1")])
    two = MemoryStage.of_rows("two", snps=[snp_row(1, "rs1", 11, "AC", load_if_mentioned=True)])
    three = MemoryStage.of_rows("three", snps=[snp_row(1, "rs1", 10, "AG", load_if_mentioned=True)])
    found = snp_node(resolve_stages(one, two, three), "rs1")
    assert found["position"] == 10
    assert found["alleles"] == ["A", "G"], "a source with another position may describe another SNP"
    assert snp_node(resolve_stages(two, one, three), "rs1")["alleles"] == ["A", "C"]


@pytest.mark.parametrize(
    ("mention", "expected"),
    [
        ("GRCh38:1:10:A:G", "rs1"),
        ("GRCh38:1:10:G:A", "rs1"),
        ("GRCh38:1:10", "rs1"),
        ("GRCh38:1:10:A:C", "GRCh38:1:10:A:C"),
        ("GRCh37:1:10:A:G", "GRCh37:1:10:A:G"),
        ("GRCh38:1:20:A:G", "GRCh38:1:20:A:G"),
    ],
)
def test_position_is_an_rsid_if_one_source_states_both_with_matching_alleles(mention: str, expected: str) -> None:
    """Two rsIDs match position 20, so neither is used."""
    listed = [snp_row(1, "rs1", 10, "AG"), snp_row(2, "rs2", 20, "AG"), snp_row(3, "rs3", 20, "AG")]
    result = resolve_stages(
        MemoryStage.of_rows("list", snps=[{**row, "load_if_mentioned": True} for row in listed]),
        MemoryStage.of_rows("hits", edges=[association(1, mention)]),
    )
    assert result.nodes.filter(kind="SNP")["id"].to_list() == [expected]
    assert result.edges["start"].to_list() == [expected]
    if expected == "rs1":
        assert snp_node(result, "rs1")["xrefs"] == [mention]


def test_conditional_rows_are_loaded_only_if_another_source_mentions_their_snp() -> None:
    table = MemoryStage.of_rows(
        "eqtl",
        edges=[
            eqtl(1, "rs1"), eqtl(2, "rs2", load_if_mentioned=True), eqtl(3, "rs3", load_if_mentioned=True),
            eqtl(4, "rs1", "HGNC:2", load_if_mentioned=True),
        ],
        snps=[snp_row(2, "rs2", 20, load_if_mentioned=True), snp_row(3, "rs3", 30, load_if_mentioned=True)],
    )  # fmt: skip
    other = MemoryStage.of_rows("other", edges=[eqtl(1, "rs3", load_if_mentioned=True)])
    alone = resolve_stages(GENES, table, other)
    assert alone.edges["start"].to_list() == ["rs1"]
    assert row_counts(alone, "eqtl") == (1, 0, 0, 0, 3)
    assert row_counts(alone, "other") == (0, 0, 0, 0, 1), "two conditional tables do not load each other's rows"
    hits = MemoryStage.of_rows("hits", edges=[association(1, "rs2")])
    result = resolve_stages(GENES, table, other, hits)
    assert result.edges.filter(type="REGULATES")["start"].to_list() == ["rs1", "rs2"]
    assert row_counts(result, "eqtl") == (2, 0, 0, 0, 2)
    assert snp_node(result, "rs2")["position"] == 20


def in_ld(row: int, one: str, two: str, **more: object) -> dict[str, object]:
    return {
        "row": row, "type": "IN_LD_WITH", "start_id": one, "start_kind": "SNP", "end_id": two, "end_kind": "SNP",
        "weight": 0.5, "r2": 0.5, "load_if_mentioned": True, **more,
    }  # fmt: skip


def test_ld_pair_is_loaded_if_other_sources_mention_both_snps() -> None:
    pairs = MemoryStage.of_rows(
        "ld",
        edges=[in_ld(1, "rs2", "rs1"), in_ld(2, "rs1", "rs8"), in_ld(3, "rs8", "rs9"), in_ld(4, "rs1", "GRCh38:1:20")],
        snps=[snp_row(n, f"rs{n}", 10 * n, load_if_mentioned=True) for n in (1, 2)]
        + [snp_row(3, "rs8", 80, load_if_mentioned=True)],
    )
    again = MemoryStage.of_rows("again", edges=[in_ld(1, "rs8", "rs9"), in_ld(2, "rs1", "rs2")])
    hits = MemoryStage.of_rows("hits", edges=[association(1, "rs1")])
    eqtls = MemoryStage.of_rows("eqtls", edges=[eqtl(1, "rs2")])
    result = resolve_stages(GENES, pairs, again, hits, eqtls)
    assert result.edges.filter(type="IN_LD_WITH").select("source", "start", "end").rows() == [
        ("again", "rs1", "rs2"),
        ("ld", "rs1", "rs2"),
    ]
    assert row_counts(result, "ld") == (1, 1, 0, 0, 2), "row 4 has the position of rs2, so it repeats row 1"
    assert result.nodes.filter(kind="SNP")["id"].to_list() == ["rs1", "rs2"]
    assert snp_node(result, "rs2")["position"] == 20


def test_edges_with_keep_staged_are_never_loaded() -> None:
    weak = {"r2": 0.1, "keep_staged": True}
    pairs = MemoryStage.of_rows(
        "ld", edges=[in_ld(1, "rs1", "rs2", **weak), in_ld(2, "rs1", "rs2", load_if_mentioned=False, **weak)]
    )
    hits = MemoryStage.of_rows("hits", edges=[association(1, "rs1"), association(2, "rs2")])
    result = resolve_stages(hits, pairs)
    assert row_counts(result, "ld") == (0, 0, 0, 0, 2)
    assert result.edges["source"].unique().to_list() == ["hits"]
    alone = resolve_stages(pairs)
    assert (alone.nodes.height, row_counts(alone, "ld")) == (0, (0, 0, 0, 0, 2))


@pytest.mark.parametrize(
    ("alleles", "stated", "stored", "flags"),
    [
        ("AG", "A", "A", []),
        ("AG", "C", "G", ["strand_flipped"]),
        ("AT", "T", "T", ["palindromic"]),
        ("AG", None, None, []),
        ("", "C", "C", []),
    ],
)
def test_effect_allele_is_harmonised_to_known_alleles(
    alleles: str, stated: str | None, stored: str | None, flags: list[str]
) -> None:
    hits = MemoryStage.of_rows("hits", edges=[association(1, "rs1", effect_allele=stated)])
    result = resolve_stages(
        hits, MemoryStage.of_rows("list", snps=[snp_row(1, "rs1", 10, alleles, load_if_mentioned=True)])
    )
    assert result.edges.select("effect_allele", "flags").rows() == [(stored, flags)]


def test_inferred_odds_ratio_is_kept_only_if_the_end_is_a_disease() -> None:
    disease = {"row": 1, "id": "MONDO:1", "kind": "Disease", "name": "Asthma", "defined": True}
    effect = {"odds_ratio": 1.2, "flags": ["effect_inferred"]}
    hits = MemoryStage.of_rows(
        "hits", edges=[association(1, "rs1", "Asthma", **effect), association(2, "rs2", **effect)]
    )
    result = resolve_stages(MemoryStage.of_rows("mondo", concepts=[disease]), hits)
    assert result.edges.sort("start").select("odds_ratio", "flags").rows() == [
        (1.2, ["effect_inferred"]), (None, ["effect_unknown"]),
    ]  # fmt: skip


def gene_edge(row: int, kind: str, start: str, end: str, **more: object) -> dict[str, object]:
    return {
        "row": row, "type": kind, "start_id": start, "start_kind": "Gene", "end_id": end, "end_kind": "Gene",
        "weight": 1.0, **more,
    }  # fmt: skip


def test_symmetric_edge_is_stored_once_with_the_lower_id_first() -> None:
    kg = MemoryStage.of_rows(
        "kg",
        edges=[
            gene_edge(1, "INTERACTS_WITH", "HGNC:2", "HGNC:1"), gene_edge(2, "INTERACTS_WITH", "HGNC:1", "HGNC:2"),
            gene_edge(3, "REGULATES_GENE", "HGNC:2", "HGNC:1"), gene_edge(4, "REGULATES_GENE", "HGNC:1", "HGNC:2"),
        ],
    )  # fmt: skip
    result = resolve_stages(GENES, kg)
    assert result.edges.select("type", "start", "end").rows() == [
        ("INTERACTS_WITH", "HGNC:1", "HGNC:2"),
        ("REGULATES_GENE", "HGNC:1", "HGNC:2"),
        ("REGULATES_GENE", "HGNC:2", "HGNC:1"),
    ]
    assert row_counts(result, "kg") == (3, 1, 0, 0, 0)


def test_loop_dangles_unless_its_type_allows_loops() -> None:
    kg = MemoryStage.of_rows(
        "kg",
        edges=[
            gene_edge(1, "INTERACTS_WITH", "HGNC:1", "HGNC:1"),
            gene_edge(2, "REGULATES_GENE", "HGNC:1", "HGNC:1"),
        ],
    )
    result = resolve_stages(GENES, kg)
    assert result.edges["type"].to_list() == ["REGULATES_GENE"]
    assert result.dangling.select("row", "end", "id", "reason").rows() == [
        (1, "both", "HGNC:1", "both endpoints are the same concept")
    ]
    assert row_counts(result, "kg") == (1, 0, 0, 1, 0)


def test_key_depends_on_endpoints_type_and_key_columns_or_on_all_columns_if_these_repeat() -> None:
    once = resolve_stages(GENES, MemoryStage.of_rows("e", edges=[eqtl(1, "rs1", tissue="liver", beta=0.1)]))
    again = resolve_stages(GENES, MemoryStage.of_rows("e", edges=[eqtl(1, "rs1", tissue="liver", beta=0.2)]))
    assert once.edges["key"].to_list() == again.edges["key"].to_list()
    assert once.edges["digest"].to_list() != again.edges["digest"].to_list()
    table = [
        eqtl(1, "rs1", tissue="liver", beta=0.1),
        eqtl(2, "rs1", tissue="liver", beta=0.2),
        eqtl(3, "rs1", tissue="lung", beta=0.1),
    ]
    both = resolve_stages(GENES, MemoryStage.of_rows("e", edges=table)).edges
    assert both["key"].n_unique() == 3
    assert all(len(key) == 16 for key in both["key"])
    turned = [{**row, "row": 4 - int(row["row"])} for row in table]
    assert both.equals(resolve_stages(GENES, MemoryStage.of_rows("e", edges=turned)).edges)


def test_equal_rows_are_one_edge_with_the_most_reliable_method() -> None:
    hits = MemoryStage.of_rows("hits", edges=[eqtl(1, "rs1", None, end_name="G1"), eqtl(2, "rs1"), eqtl(3, "rs1")])
    result = resolve_stages(GENES, hits)
    assert result.edges["resolved_by"].to_list() == ["id"]
    assert row_counts(result, "hits") == (1, 2, 0, 0, 0)


def test_equal_edges_of_two_sources_are_two_edges() -> None:
    tables = [MemoryStage.of_rows(name, edges=[eqtl(1, "rs1")]) for name in ("b", "a")]
    result = resolve_stages(GENES, *tables)
    assert result.edges.select("source", "start", "end").rows() == [
        ("a", "rs1", "HGNC:1"),
        ("b", "rs1", "HGNC:1"),
    ]
    assert row_counts(result, "a") == row_counts(result, "b") == (1, 0, 0, 0, 0)


def test_every_row_has_one_state() -> None:
    """A row with several edges is loaded if one of them is; a row with a record and a reject is not rejected."""
    reject = {"file": "f", "line": 1, "column": "c", "reason": "no"}
    table = MemoryStage.of_rows(
        "t",
        edges=[
            eqtl(1, "rs1"), eqtl(1, "rs2", "HGNC:99"), eqtl(2, "rs1"), eqtl(3, "rs5", "HGNC:99"),
            eqtl(4, "rs4", load_if_mentioned=True),
        ],
        snps=[snp_row(3, "rs5", 50)],
        rejects=[{**reject, "row": 1}, {**reject, "row": 5}],
    )  # fmt: skip
    result = resolve_stages(GENES, table)
    assert row_counts(result, "t") == (1, 1, 1, 1, 1)
    assert "rs5" not in result.nodes["id"], "a row of which all edges dangle makes no node"


def test_lost_rows_are_an_error() -> None:
    with pytest.raises(DataError, match="3 rows were read, but 1 are accounted for"):
        resolve_stages(GENES, MemoryStage.of_rows("t", rows_read=3, edges=[eqtl(1, "rs1")]))


def test_source_that_is_not_staged_is_named_in_the_error() -> None:
    with pytest.raises(DataError, match=r"sources\.gone"):
        resolve([GENES], [SourceConfig("gone", "made", ("x",))])


def test_digest_of_a_source_is_the_sum_over_its_nodes_and_edges() -> None:
    result = resolve_stages(GENES, MemoryStage.of_rows("t", edges=[eqtl(1, "rs1"), eqtl(2, "rs2")]))
    for counts in result.sources:
        nodes, edges = (frame.filter(source=counts.name) for frame in (result.nodes, result.edges))
        assert (counts.nodes, counts.edges) == (nodes.height, edges.height)
        assert counts.digest == sum_digests(pl.concat([nodes["digest"], edges["digest"]]))
