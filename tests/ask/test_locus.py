"""A locus and a disease: one build, the strongest report of each SNP, the cosine of `score`; tables for plots."""

from __future__ import annotations

import polars as pl
import pytest

from generel_etl.errors import NotFoundError, UsageError
from generel_graph.ask import effects, locus, score
from generel_graph.ask.pinned_model import active
from generel_graph.ask.views.map import read_space

SNP, ARTHRITIS = "rs2476601", "MONDO:0008383"


@pytest.fixture(scope="module")
def located(shared_world):
    """The small graph with builds, two neighbours of an SNP, LD, a kind of disease, and reports with p-values."""
    graph = shared_world.graph
    rows = [
        shared_world.snp("rs1", "1", 113_834_000),
        shared_world.snp("rs37", "1", 113_835_000),
        shared_world.snp("rs9", "1", 1_000),
    ]
    shared_world.add(rows, [shared_world.vectors[SNP] for _ in rows])
    shared_world.add([shared_world.concept("MONDO:1", "Disease", "early arthritis")], [shared_world.vectors[ARTHRITIS]])
    with graph.driver.session() as session:
        session.run("MATCH (s:SNP) SET s.build = CASE s.id WHEN 'rs37' THEN 'GRCh37' ELSE 'GRCh38' END").consume()
    for number, (kind, start, end, props) in enumerate(
        (
            ("IS_A", "MONDO:1", ARTHRITIS, {}),
            ("IN_LD_WITH", "rs1", SNP, {"r2": 0.3, "population": "EUR"}),
            ("IN_LD_WITH", "rs1", SNP, {"r2": 0.6, "population": "EAS"}),
            ("ASSOCIATED_WITH", "rs1", "MONDO:1", {"neg_log10_p": 9.0, "study": "small"}),
            ("ASSOCIATED_WITH", "rs1", ARTHRITIS, {"neg_log10_p": 12.0, "study": "large"}),
            ("ASSOCIATED_WITH", "rs1", "MONDO:0005148", {"neg_log10_p": 99.0}),
            ("LOCATED_IN", "rs1", "HGNC:9652", {}),
        )
    ):
        row = {"start": start, "end": end, "props": {"source": "more", "key": str(number), **props}}
        graph.batches("load/create_edges", [row], type=kind)
    return shared_world


def test_locus_has_one_build_and_counts_subtypes_of_the_disease(located) -> None:
    found = locus(located.graph, located.spaces, SNP, "RA", 10_000)
    assert (found.snp, found.disease_id, found.disease, found.build) == (
        SNP,
        ARTHRITIS,
        "rheumatoid arthritis",
        "GRCh38",
    )
    assert [row["id"] for row in found.rows] == ["rs1", SNP]
    assert found.other_builds == 1
    assert found.ld
    near, index = found.rows
    assert (near["neg_log10_p"], near["study"], near["reports"], near["r2"]) == (12.0, "large", 2, 0.6)
    assert index["r2"] == 1.0
    assert near["posterior"] is None
    assert found.kinds_below == 2, "its twin in another vocabulary, and the kind of it"
    (gene,) = found.genes
    assert (gene["name"], gene["first"], gene["last"], gene["snps"]) == ("PTPN22", 113_834_000, 113_834_946, 2)


def test_cosines_equal_those_of_score(located) -> None:
    found = locus(located.graph, located.spaces, SNP, "RA")
    ids = [row["id"] for row in found.rows]
    pairs = pl.DataFrame({"left": ids, "right": ["RA"] * len(ids)})
    scored = score(located.graph, located.spaces, pairs).table["cosine"].to_list()
    assert [row["cosine"] for row in found.rows] == pytest.approx(scored)


def test_reports_of_a_supertype_do_not_count(located) -> None:
    found = locus(located.graph, located.spaces, SNP, "early arthritis", 10_000)
    assert [(row["id"], row["neg_log10_p"]) for row in found.rows] == [("rs1", 9.0), (SNP, None)]


def test_posterior_of_an_edge_is_read(located) -> None:
    with located.graph.driver.session() as session:
        session.run("MATCH (:SNP {id: 'rs1'})-[r {study: 'small'}]->() SET r.posterior = 0.25").consume()
    found = locus(located.graph, located.spaces, SNP, "RA", 10_000)
    assert [row["posterior"] for row in found.rows] == [0.25, None]
    with located.graph.driver.session() as session:
        session.run("MATCH (:SNP {id: 'rs1'})-[r {study: 'small'}]->() REMOVE r.posterior").consume()


def test_locus_can_have_a_single_snp(located) -> None:
    found = locus(located.graph, located.spaces, "rs9", "CAD", 1)
    assert [row["id"] for row in found.rows] == ["rs9"]
    assert (found.genes, found.ld, found.other_builds, found.first) == ((), False, 0, 999)


@pytest.mark.parametrize(
    ("snp", "disease", "error", "message"),
    [
        ("rs404", "RA", NotFoundError, "rs404"),
        ("PTPN22", "RA", UsageError, "PTPN22"),
        (SNP, "no such illness", NotFoundError, "--kind Disease"),
        (SNP, "rs1", NotFoundError, "--disease"),
        ("rs5", "RA", NotFoundError, "no source states the position"),
    ],
)
def test_unknown_snps_and_diseases_are_rejected(located, snp: str, disease: str, error: type, message: str) -> None:
    bare = {"id": "rs5", "labels": ["SNP", "Entity"], "remove": [], "props": {"kind": "SNP"}}
    located.graph.batches("load/merge_nodes", [bare])
    with pytest.raises(error, match=message):
        locus(located.graph, located.spaces, snp, disease)


def test_empty_window_is_rejected(located) -> None:
    with pytest.raises(UsageError, match="--window"):
        locus(located.graph, located.spaces, SNP, "RA", 0)


def test_space_has_every_vector_once_in_the_order_of_ids(located) -> None:
    bare = {"id": "rs5", "labels": ["SNP", "Entity"], "remove": [], "props": {"kind": "SNP"}}
    located.graph.batches("load/merge_nodes", [bare])
    nodes, vectors = read_space(located.graph, active(located.graph), 4)
    assert nodes["id"].to_list() == sorted(located.vectors)
    for id_, vector in zip(nodes["id"], vectors, strict=True):
        half = located.vectors[id_][:4]
        assert vector == pytest.approx(half / max(float((half**2).sum()) ** 0.5, 1e-9), abs=1e-6)
    assert nodes.filter(pl.col("id") == SNP).row(0) == (SNP, "SNP", SNP, "", "1")


def test_effects_are_the_mean_of_the_reports(located) -> None:
    result = effects(located.graph, located.spaces)
    pairs = result.pairs
    assert result.model == located.graph.row("ask/get_active_model", ids=[])["id"]
    assert set(pairs["trait"]) == {ARTHRITIS, "MONDO:0005147", "MONDO:0005010", "MONDO:0005148"}
    arthritis = pairs.filter(pl.col("trait") == ARTHRITIS).row(0, named=True)
    assert arthritis["log_odds"] == pytest.approx(0.5878, abs=1e-4)
    assert arthritis["type"] == "ASSOCIATED_WITH"
    pairs_of_snp = pl.DataFrame({"left": [SNP], "right": [ARTHRITIS]})
    assert arthritis["cosine"] == pytest.approx(score(located.graph, located.spaces, pairs_of_snp).table["cosine"][0])
