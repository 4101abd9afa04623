"""Mentions: how they resolve to nodes, which concepts are loaded if mentioned, and the properties of nodes."""

from __future__ import annotations

import polars as pl
import pytest

from generel_etl.resolve import Resolved
from tests.etl.conftest import MemoryStage, resolve_stages

MONDO = MemoryStage.of_rows(
    "mondo",
    concepts=[
        {
            "row": 1,
            "id": "MONDO:1",
            "kind": "Disease",
            "name": "Alzheimer disease",
            "synonyms": ["dementia, Alzheimer's"],
            "xrefs": ["DOID:1", "OMIM:1", "ICD10CM:G30"],
            "alt_ids": ["MONDO:90"],
            "defined": True,
        },
        {
            "row": 2,
            "id": "MONDO:2",
            "kind": "Disease",
            "name": "asthma",
            "synonyms": ["wheeze"],
            "xrefs": ["ICD10CM:G30"],
            "alt_ids": ["MONDO:91"],
            "defined": True,
        },
        {
            "row": 3,
            "id": "MONDO:3",
            "kind": "Disease",
            "name": "atopic asthma",
            "synonyms": ["wheeze"],
            "alt_ids": ["MONDO:91"],
            "defined": True,
        },
    ],
)
DOID = MemoryStage.of_rows(
    "doid",
    concepts=[
        {
            "row": 1,
            "id": "DOID:1",
            "kind": "Disease",
            "name": "Alzheimer's disease",
            "xrefs": ["OMIM:1"],
            "alt_ids": ["DOID:90"],
            "defined": True,
        },
    ],
)
HGNC = MemoryStage.of_rows(
    "hgnc",
    concepts=[
        {
            "row": 1,
            "id": "HGNC:1",
            "kind": "Gene",
            "name": "APOE",
            "synonyms": ["AD2"],
            "xrefs": ["OMIM:2"],
            "defined": True,
        },
        {"row": 2, "id": "HGNC:2", "kind": "Gene", "name": "AD2", "synonyms": ["LPG"], "defined": True},
        {"row": 3, "id": "HGNC:3", "kind": "Gene", "name": "TNF", "synonyms": ["LPG"], "defined": True},
    ],
)
VOCABULARIES = (MONDO, DOID, HGNC)


def association(
    row: int, end_id: str | None, end_name: str | None = None, kind: str = "Trait", **more: object
) -> dict[str, object]:
    return {
        "row": row, "type": "ASSOCIATED_WITH", "start_id": f"rs{row}", "start_kind": "SNP", "end_id": end_id,
        "end_name": end_name, "end_kind": kind, "weight": 0.5, **more,
    }  # fmt: skip


def node(result: Resolved, concept: str) -> dict[str, object]:
    return result.nodes.filter(pl.col("id") == concept).row(0, named=True)


@pytest.mark.parametrize(
    ("end_id", "end_name", "kind", "expected", "method"),
    [
        ("DOID:1", None, "Trait", "DOID:1", "id"),
        ("DOID:90", None, "Disease", "MONDO:1", "replacement"),
        ("OMIM:1", None, "Disease", "MONDO:1", "cross_reference"),
        ("OMIM:1", "something else", "Trait", "MONDO:1", "cross_reference"),
        (None, "ALZHEIMER'S  disease", "Trait", "MONDO:1", "name"),
        (None, "Dementia Alzheimer", "Phenotype", "MONDO:1", "name"),
        ("EFO:9", "asthma", "Trait", "MONDO:2", "name"),
        (None, "apoe", "Gene", "HGNC:1", "name"),
        (None, "AD2", "Gene", "HGNC:2", "name"),
        (None, "asthma", "Concept", "MONDO:2", "name"),
        (None, "wheeze", "Trait", "HITS:wheeze", "own"),
        (None, "LPG", "Gene", "HITS:gene.lpg", "own"),
        (None, "asthma", "Drug", "HITS:drug.asthma", "own"),
        ("OMIM:2", "a disease", "Disease", "OMIM:2", "own"),
        ("ICD10CM:G30", "two clusters", "Disease", "ICD10CM:G30", "own"),
        ("MONDO:91", "two replacements", "Disease", "MONDO:91", "own"),
    ],
)
def test_mention_resolves_by_id_replacement_cross_reference_or_name(
    end_id: str | None, end_name: str | None, kind: str, expected: str, method: str
) -> None:
    """Id, replacement, cross-reference and exact name, in this order; an ambiguous mention becomes a new node."""
    hits = MemoryStage.of_rows("hits", edges=[association(1, end_id, end_name, kind)])
    result = resolve_stages(*VOCABULARIES, hits)
    edge = result.edges.filter(pl.col("type") == "ASSOCIATED_WITH").row(0, named=True)
    assert (edge["end"], edge["resolved_by"]) == (expected, method)
    assert result.sources[-1].resolved_by == {method: 1}
    if method == "own":
        assert node(result, expected)["source"] == "hits"


def test_mention_without_a_name_dangles_until_a_source_defines_its_id() -> None:
    hits = MemoryStage.of_rows("hits", edges=[association(1, "EFO:9"), association(2, "DOID:1")])
    result = resolve_stages(*VOCABULARIES, hits)
    assert result.dangling.select("source", "row", "end", "id").rows() == [("hits", 1, "end", "EFO:9")]
    assert (result.sources[-1].rows_dangling, result.sources[-1].rows_loaded) == (1, 1)
    assert "rs1" not in result.nodes["id"]
    efo = MemoryStage.of_rows(
        "efo", concepts=[{"row": 1, "id": "EFO:9", "kind": "Trait", "name": "height", "defined": True}]
    )
    later = resolve_stages(*VOCABULARIES, efo, hits)
    assert later.dangling.is_empty()
    assert "rs1" in later.nodes["id"]


def test_name_from_one_source_resolves_the_same_id_in_another() -> None:
    first = MemoryStage.of_rows("first", edges=[association(1, "EFO:9")])
    second = MemoryStage.of_rows("second", edges=[association(1, "EFO:9", "height")])
    result = resolve_stages(first, second)
    assert result.dangling.is_empty()
    assert node(result, "EFO:9")["source"] == "second"


def test_name_resolves_to_a_concept_that_another_source_mentions() -> None:
    drug = {
        "row": 1,
        "id": "DRUGBANK:DB00331",
        "kind": "Drug",
        "name": "Metformin",
        "synonyms": ["Glucophage"],
    }
    kg = MemoryStage.of_rows("kg", concepts=[drug])
    treats = {"type": "TREATS", "start_kind": "Drug", "end_id": "MONDO:2", "end_kind": "Disease"}
    own = MemoryStage.of_rows(
        "own", edges=[{**treats, "row": 1, "start_name": "metformin"}, {**treats, "row": 2, "start_name": "glucophage"}]
    )
    result = resolve_stages(MONDO, kg, own)
    assert result.edges.filter(pl.col("type") == "TREATS")["start"].to_list() == ["DRUGBANK:DB00331"]
    assert (result.sources[-1].rows_loaded, result.sources[-1].rows_merged) == (1, 1)


def test_record_resolves_by_a_shared_cui_but_by_no_other_shared_reference() -> None:
    listed = {"row": 1, "id": "MONDO:1", "kind": "Disease", "name": "one", "defined": True}
    mondo = MemoryStage.of_rows("mondo", concepts=[{**listed, "xrefs": ["UMLS:C0000001", "ICD10CM:G30"]}])
    codes = [
        {"row": 1, "id": "X:1", "kind": "Disease", "name": "a", "xrefs": ["UMLS:C0000001"]},
        {"row": 2, "id": "X:2", "kind": "Disease", "name": "b", "xrefs": ["ICD10CM:G30"]},
        {"row": 3, "id": "X:3", "kind": "Gene", "name": "c", "xrefs": ["UMLS:C0000001"]},
    ]
    result = resolve_stages(mondo, MemoryStage.of_rows("codes", concepts=codes))
    assert set(result.nodes["id"]) == {"MONDO:1", "X:2", "X:3"}


def test_record_resolves_by_its_own_cross_references() -> None:
    record = {"row": 1, "id": "X:1", "kind": "Disease", "name": "AD", "xrefs": ["DOID:1", "MONDO:1"]}
    hits = MemoryStage.of_rows("hits", concepts=[record], edges=[association(2, "X:1")])
    result = resolve_stages(*VOCABULARIES, hits)
    assert result.edges.filter(pl.col("source") == "hits")["end"].to_list() == ["MONDO:1"]
    assert "X:1" in node(result, "MONDO:1")["xrefs"]
    assert "X:1" not in result.nodes["id"]


def test_mapping_table_resolves_mentions_and_adds_cross_references() -> None:
    row = {
        "row": 1,
        "type": "XREF",
        "start_id": "SNOMEDCT:7",
        "start_kind": "Concept",
        "end_id": "MONDO:2",
        "end_kind": "Disease",
    }
    table = MemoryStage.of_rows("map", edges=[row, {**row, "row": 2}, {**row, "row": 3, "end_id": "MONDO:77"}])
    hits = MemoryStage.of_rows("hits", edges=[association(1, "SNOMEDCT:7")])
    result = resolve_stages(MONDO, table, hits)
    assert node(result, "MONDO:2")["xrefs"] == ["ICD10CM:G30", "MONDO:91", "SNOMEDCT:7"]
    assert result.edges["end"].to_list() == ["MONDO:2"]
    counts = result.sources[1]
    assert (counts.rows_loaded, counts.rows_merged, counts.rows_dangling) == (1, 1, 1)


def test_owner_of_a_node_defines_it_or_mentions_it_first() -> None:
    first = MemoryStage.of_rows("first", edges=[association(1, "DOID:1", "AD"), association(2, "EFO:9", "Height")])
    second = MemoryStage.of_rows("second", edges=[association(1, "EFO:9", "body height")])
    result = resolve_stages(first, second, DOID)
    assert (node(result, "DOID:1")["source"], node(result, "DOID:1")["name"]) == (
        "doid",
        "Alzheimer's disease",
    )
    assert (node(result, "EFO:9")["source"], node(result, "EFO:9")["name"]) == ("first", "Height")
    reversed_order = resolve_stages(second, first, DOID)
    assert (node(reversed_order, "EFO:9")["source"], node(reversed_order, "EFO:9")["name"]) == ("second", "body height")


def test_empty_property_comes_from_the_first_source_that_has_it() -> None:
    record = {"row": 1, "id": "MONDO:2", "kind": "Disease", "name": "Asthma!", "synonyms": ["A"]}
    one = MemoryStage.of_rows("one", concepts=[record])
    two = MemoryStage.of_rows("two", concepts=[{**record, "description": "short breath"}])
    three = MemoryStage.of_rows("three", concepts=[{**record, "description": "long"}])
    merged = node(resolve_stages(one, two, three, MONDO), "MONDO:2")
    assert (merged["name"], merged["synonyms"], merged["description"]) == ("asthma", ["wheeze"], "short breath")


def conditional_trait(row: int, concept: str) -> dict[str, object]:
    return {"row": row, "id": concept, "kind": "Trait", "name": concept, "defined": True, "load_if_mentioned": True}


def is_a(row: int, child: str, parent: str) -> dict[str, object]:
    kinds = {"start_kind": "Trait", "end_kind": "Trait"}
    return {"row": row, "type": "IS_A", "start_id": child, "end_id": parent, "weight": 1.0, **kinds}


def test_conditional_term_and_its_ancestors_are_loaded_if_mentioned() -> None:
    efo = MemoryStage.of_rows(
        "efo",
        concepts=[conditional_trait(n, f"EFO:{n}") for n in range(1, 6)],
        edges=[is_a(1, "EFO:1", "EFO:2"), is_a(2, "EFO:2", "EFO:3"), is_a(4, "EFO:4", "EFO:2")],
    )
    alone = resolve_stages(efo)
    assert alone.nodes.is_empty()
    assert alone.sources[0].rows_staged == 5
    hits = MemoryStage.of_rows("hits", edges=[association(1, "EFO:1")])
    result = resolve_stages(efo, hits)
    assert result.nodes.filter(kind="Trait")["id"].to_list() == ["EFO:1", "EFO:2", "EFO:3"]
    assert result.edges.filter(type="IS_A").select("start", "end").rows() == [
        ("EFO:1", "EFO:2"),
        ("EFO:2", "EFO:3"),
    ]
    assert (result.sources[0].rows_loaded, result.sources[0].rows_staged) == (3, 2)


def test_composite_trait_is_not_equivalent_to_the_traits_it_refers_to() -> None:
    trait = {"row": 1, "id": "GWAS:many", "kind": "Trait", "name": "many things", "defined": True}
    points = {"row": 1, "type": "XREF", "start_id": "GWAS:many", "start_kind": "Trait", "end_kind": "Trait"}
    gwas = MemoryStage.of_rows(
        "gwas", concepts=[trait], edges=[{**points, "end_id": "MONDO:1"}, association(1, "GWAS:many")]
    )
    result = resolve_stages(MONDO, gwas)
    assert result.edges.filter(type="XREF").select("source", "start", "end", "weight").rows() == [
        ("gwas", "GWAS:many", "MONDO:1", None)
    ]
    assert node(result, "GWAS:many")["cluster"] == "GWAS:many"
    assert result.edges.filter(type="ASSOCIATED_WITH")["end"].to_list() == ["GWAS:many"]


def merge_table(*rows: tuple[str, str]) -> MemoryStage:
    """A merge table: (old, current) a row."""
    snps = [{"row": i + 1, "id": now, "alt_ids": [old], "load_if_mentioned": True} for i, (old, now) in enumerate(rows)]
    return MemoryStage.of_rows("merges", snps=snps)


def hits(*snps: str) -> MemoryStage:
    ends = {"type": "ASSOCIATED_WITH", "start_kind": "SNP", "end_id": "MONDO:1", "end_kind": "Disease"}
    return MemoryStage.of_rows("hits", edges=[{"row": i + 1, "start_id": snp, **ends} for i, snp in enumerate(snps)])


def test_merged_rsid_resolves_to_the_current_rsid() -> None:
    result = resolve_stages(MONDO, hits("rs1", "rs9"), merge_table(("rs1", "rs2"), ("rs2", "rs3"), ("rs7", "rs8")))
    snps = result.nodes.filter(pl.col("kind") == "SNP")
    assert dict(snps.select("id", "xrefs").rows()) == {"rs3": ["rs1", "rs2"], "rs9": None}
    methods = dict(
        result.edges.filter(pl.col("source") == "hits").group_by("start").agg(pl.col("resolved_by").sort()).rows()
    )
    assert methods == {"rs3": ["replacement"], "rs9": ["id"]}
    # Both rows of the chain describe a node; the third row is not loaded.
    counts = {c.name: c for c in result.sources}["merges"]
    assert (counts.rows_read, counts.rows_loaded, counts.rows_merged, counts.rows_staged) == (3, 2, 0, 1)


def test_merges_in_a_cycle_or_into_two_rsids_are_ignored() -> None:
    table = merge_table(("rs1", "rs2"), ("rs2", "rs1"), ("rs4", "rs5"), ("rs4", "rs6"))
    result = resolve_stages(MONDO, hits("rs1", "rs4"), table)
    assert set(result.nodes.filter(pl.col("kind") == "SNP")["id"]) == {"rs1", "rs4"}


def test_position_resolves_to_the_current_rsid() -> None:
    places = MemoryStage.of_rows(
        "places",
        snps=[{"row": 1, "id": "rs1", "chromosome": "1", "position": 5, "build": "GRCh38", "load_if_mentioned": True}],
    )
    result = resolve_stages(MONDO, hits("GRCh38:1:5", "rs1"), places, merge_table(("rs1", "rs2")))
    (snp,) = result.nodes.filter(pl.col("kind") == "SNP").rows(named=True)
    assert (snp["id"], snp["xrefs"], snp["position"]) == ("rs2", ["GRCh38:1:5", "rs1"], 5)
