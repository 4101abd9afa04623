"""Explanations: direct evidence first, damped hubs, and the sample size of every percentile."""

from __future__ import annotations

import json
from datetime import date

import networkx as nx
import numpy as np
import polars as pl
import pytest

from generel_etl.errors import NotFoundError, UsageError
from generel_graph.ask import explain, run_recipe, score
from generel_graph.ask.explain import neighbourhood
from generel_graph.ask.explain.evidence import read_evidence

RA, T1D, T2D, CAD = "MONDO:0008383", "MONDO:0005147", "MONDO:0005148", "MONDO:0005010"
PTPN22, CTLA4, ABATACEPT = "HGNC:9652", "HGNC:2505", "DRUGBANK:DB01281"
STRONG = {"neg_log10_p": 9.0}
OWN = (  # edges beside the small graph's own; they have a weight of 1 unless the row has its own
    ("ASSOCIATED_WITH", "rs2476601", "EFO:0000685", {"study": "S2", "effect_allele": "G", "odds_ratio": 0.5, **STRONG}),
    (
        "ASSOCIATED_WITH",
        "rs2476601",
        RA,
        {"study": "S3", "effect_allele": "T", "odds_ratio": 0.8, "ci_low": 0.7, "ci_high": 0.9, "weight": 0.9},
    ),
    ("ASSOCIATED_WITH", "rs2476601", RA, {"study": "S4", "odds_ratio": 3.0, "weight": 0.8}),
    ("NOT_ASSOCIATED_WITH", "rs2476601", RA, {"study": "S5", "weight": None}),
    ("ASSOCIATED_WITH", "rs689", T2D, {"effect_allele": "A", "beta": 0.4, "ci_low": 0.2, "ci_high": 0.6}),
    ("ASSOCIATED_WITH", "rs689", RA, {"effect_allele": "T", "odds_ratio": 2.0, "ci_low": 1.6, "ci_high": 2.5}),
    ("ASSOCIATED_WITH", "rs689", CAD, {"effect_allele": "T", "beta": -0.5}),
    ("ASSOCIATED_WITH", "rs1333049", CAD, {"effect_allele": "C", "odds_ratio": 1.3}),
    ("REGULATES", "rs689", "HGNC:6081", {"effect_allele": "T", "beta": 0.2, "tissue": "liver", "cohort": "GTEx"}),
    ("REGULATES", "rs689", "HGNC:6081", {"effect_allele": "A", "beta": 0.3, "tissue": "blood", "cohort": "GTEx"}),
    ("TREATS", ABATACEPT, T1D, {}),
    ("CONTRAINDICATED_FOR", ABATACEPT, T1D, {"source": "label"}),
    ("TREATS", ABATACEPT, CAD, {}),
    ("LOCATED_IN", "rs3087243", CTLA4, {}),
    ("ASSOCIATED_WITH", "rs3087243", CAD, {}),
    ("LOCATED_IN", "rs231775", CTLA4, {"source": "one"}),
    ("REPORTED_GENE", "rs231775", CTLA4, {"source": "two", "weight": 0.5}),
    ("TARGETS", ABATACEPT, CTLA4, {"source": "three"}),
    ("ASSOCIATED_WITH", "rs231775", RA, {"source": "four", "weight": 0.7}),
    ("TREATS", ABATACEPT, "EFO:0000685", {"source": "five"}),
    ("SAME_AS", "EFO:0000685", RA, {"source": "sssom"}),
)
HUB, RARE, RARER = "HGNC:1", "HGNC:2", "HGNC:3"
CROWD = 300  # diseases that one gene has to do with; another has to do with X:a alone, a third with X:b
OF_CROWD = (
    ("GENE_ASSOCIATED_WITH", RARE, "X:a2", {}),
    ("GENE_ASSOCIATED_WITH", RARER, "X:b", {}),
    ("INTERACTS_WITH", RARE, RARER, {}),
    ("NOT_GENE_ASSOCIATED_WITH", RARE, "X:b", {}),
    ("RESEMBLES", "X:c", "X:a", {"weight": None}),
    ("RESEMBLES", "X:c", "X:b", {}),
    *(("GENE_ASSOCIATED_WITH", HUB, f"X:{i}", {}) for i in (*range(CROWD), "a", "b")),
)


@pytest.fixture(scope="module")
def toy(shared_world):
    """The small graph with OWN, and a crowd of diseases that have no vectors."""
    graph, concept = shared_world.graph, shared_world.concept
    nodes = [concept(f"X:{i}", "Disease", f"crowd {i}") for i in (*range(CROWD), "a", "b", "c")]
    nodes += [concept(id_, "Gene", name) for id_, name in ((HUB, "HUB"), (RARE, "RARE"), (RARER, "RARER"))]
    graph.batches("load/merge_nodes", [*nodes, concept("X:a2", "Trait", "a again", "X:a")])
    by_type: dict[str, list[dict]] = {}
    for number, (type_, start, end, own) in enumerate((*OWN, *OF_CROWD)):
        props = {"source": "toy", "key": f"own {number}", "weight": 1.0} | own
        by_type.setdefault(type_, []).append({"start": start, "end": end, "props": props})
    for type_, rows in by_type.items():
        graph.batches("load/create_edges", rows, type=type_)
    return shared_world


def explained(toy, left: str, right: str, **options):
    return explain(toy.graph, toy.spaces, left, right, **options)


def between(found) -> list[tuple[str, ...]]:
    return [tuple(n.id for n in path.nodes) for metapath in found.paths for path in metapath.paths]


def test_cosine_equals_that_of_score_and_percentile_increases_with_it(toy) -> None:
    pairs = [("rs2476601", "T1D"), ("rs689", "T1D"), ("rs1333049", "T1D"), ("rs231775", "T1D")]
    frame = pl.DataFrame({"left": [a for a, _ in pairs], "right": [b for _, b in pairs]})
    scored = score(toy.graph, toy.spaces, frame).table["cosine"].to_list()
    found = [explained(toy, *pair, hops=2) for pair in pairs]
    assert [e.cosine for e in found] == scored
    assert all(0 <= e.percentile.value <= 100 for e in found)
    assert found[0].percentile.pairs == 5 * 4, "five SNPs with four clusters of diseases that have vectors"
    by_cosine = sorted(found, key=lambda e: e.cosine)
    assert [e.percentile.value for e in by_cosine] == sorted(e.percentile.value for e in found)
    assert by_cosine[0].percentile.value < by_cosine[-1].percentile.value
    turned = explained(toy, "T1D", "rs2476601", hops=2).percentile
    assert (turned.value, turned.pairs) == (found[0].percentile.value, found[0].percentile.pairs)
    assert explained(toy, "T1D", "T2D", hops=2).percentile.pairs == 4 * 3 // 2


def test_direct_evidence_refers_to_one_allele_and_contradictions_are_listed(toy) -> None:
    found = explained(toy, "rs2476601", "RA")
    effects = {
        e.reported_by: (e.allele, e.direction, e.odds_ratio) for e in found.direct if e.type == "ASSOCIATED_WITH"
    }
    assert effects == {
        "17554300": ("A", "raises", 1.8),
        "S2": ("A", "raises", 2.0),
        "S3": ("A", "lowers", 0.8),
        "S4": (None, None, None),
    }, "a T of the other strand is an A; no direction without an allele"
    assert found.summary[0] == (
        "found by a GWAS, 4 studies: 2 of 3 agree: A raises; 1 reports that it lowers; 1 without a direction"
    )
    assert found.contradictions == (
        "NOT_ASSOCIATED_WITH (S5) contradicts ASSOCIATED_WITH (S2, S3, S4, 17554300)",
        "A lowers (S3), but raises (S2, 17554300)",
    )
    assert found.direct[-1].type == "NOT_ASSOCIATED_WITH", "negative statements come last"
    assert found.direct[-2].published == date(2007, 6, 7)
    other = explained(toy, "RA", "rs2476601")
    assert (other.summary, other.contradictions) == (found.summary, found.contradictions)
    tissues = explained(toy, "rs689", "INS")
    assert tissues.summary[0].endswith("2 studies: 1 reports that T lowers, 1 reports that it raises")
    treated = explained(toy, "abatacept", "T1D")
    assert treated.contradictions == ("TREATS (toy) against CONTRAINDICATED_FOR (label)",)


def test_effects_are_converted_as_in_the_recipe(toy) -> None:
    for snp in ("rs2476601", "rs689", "rs1333049"):
        reported = run_recipe(toy.graph, toy.spaces, "snp_effects", {"snp": snp}).rows
        traits = sorted({row[1] for row in reported})
        assert traits
        for end, edges in zip(traits, read_evidence(toy.graph, [([snp], [end]) for end in traits]), strict=True):
            ours = [
                [e.allele, e.odds_ratio, e.ci_low, e.ci_high, e.beta, e.direction]
                for e in edges
                if e.type == "ASSOCIATED_WITH"
            ]
            rounded = [[round(v, 3) if isinstance(v, float) else v for v in row] for row in ours]
            recipe = [[row[3], *row[4:8], row[9]] for row in reported if row[1] == end]
            assert sorted(rounded, key=str) == sorted(recipe, key=str), (snp, end)


def test_pair_is_trained_on_held_out_or_neither(toy) -> None:
    weightless = explained(toy, "rs2476601", "PTPN22")
    assert (weightless.trained_on, [e.seen for e in weightless.direct]) == ("no", ["no"])
    treated = explained(toy, "abatacept", "T1D")
    assert (treated.trained_on, treated.tasks, treated.direct[0].seen) == ("yes", ("toy",), "yes")
    held = explained(toy, "CAD", "abatacept")
    assert (held.trained_on, held.tasks, held.direct[0].seen) == ("held out", ("toy",), "held out")
    assert explained(toy, "abatacept", "T2D").trained_on == "no"
    without_an_edge = explained(toy, "CTLA4", "CAD")
    assert (without_an_edge.direct, without_an_edge.trained_on) == ((), "yes")
    assert explained(toy, "CAD", "CTLA4").trained_on == "yes"
    assert explained(toy, "INS", "T1D").trained_on == "no"


def test_path_through_a_hub_ranks_below_a_longer_path_of_low_degree(toy) -> None:
    found = explained(toy, "X:a", "X:b")
    assert between(found)[:2] == [(RARE, RARER), (HUB,)], "through a member, never by what is denied"
    assert ("X:c",) not in between(found), "nor by an edge without weight"
    assert found.paths[0].metapath == (
        "Disease ←GENE_ASSOCIATED_WITH— Gene —INTERACTS_WITH— Gene —GENE_ASSOCIATED_WITH→ Disease"
    )
    of_hub = next(m for m in found.paths if m.paths[0].nodes[0].id == HUB)
    everybody = CROWD + 2
    assert of_hub.score == pytest.approx(((2 * everybody) * (everybody * 2)) ** -0.4, rel=1e-6)
    assert found.paths[0].score == pytest.approx(((2 * 1) * (1 * 1) * (1 * 2)) ** -0.4, rel=1e-6)
    assert between(explained(toy, "X:a", "X:b", hops=2)) == [(HUB,)]
    assert [(s.node.id, s.node.degree) for s in found.shared] == [(HUB, everybody)]
    assert (found.cut, found.cosine, found.percentile, found.nearest) == ((), None, None, ())


def test_each_step_has_its_edges_and_the_graph_has_all_of_them(toy) -> None:
    found = explained(toy, "rs231775", "abatacept", hops=2)
    assert set(between(found)) == {(CTLA4,), (RA,)}
    path = next(p for m in found.paths for p in m.paths if p.nodes[0].id == CTLA4)
    assert [(s.types, [e.source for e in s.edges]) for s in path.steps] == [
        (("LOCATED_IN", "REPORTED_GENE"), ["one", "two"]),
        (("TARGETS",), ["three"]),
    ]
    assert {(s.node.kind, s.node.id) for s in found.shared} == {("Gene", CTLA4), ("Disease", RA)}
    drawn = found.graph()
    assert isinstance(drawn, nx.MultiDiGraph)
    assert set(drawn) == {"rs231775", ABATACEPT, CTLA4, RA}
    assert drawn.has_edge(ABATACEPT, RA)
    assert drawn.number_of_edges("rs231775", CTLA4) == 2
    assert [drawn.nodes[n]["place"] for n in ("rs231775", CTLA4, ABATACEPT)] == [0, 0.5, 1]
    plain = json.loads(json.dumps(found.as_json(), default=str))
    assert plain["paths"][0]["paths"][0]["steps"][0]["edges"][0]["source"]


def test_concepts_near_both_have_the_largest_sum_of_cosines(toy) -> None:
    found = explained(toy, "rs2476601", "T2D", k=3)
    unit = {id_: v / np.linalg.norm(v) for id_, v in toy.vectors.items()}
    concepts = [i for i in unit if not i.startswith("rs") and i not in (T2D, "EFO:0000685")]

    def cosines(id_: str) -> tuple[float, float]:
        halved = 0.5 if id_.startswith("HGNC") else 1.0
        return halved * float(unit[id_] @ unit["rs2476601"]), float(unit[id_] @ unit[T2D])

    expected = sorted(concepts, key=lambda id_: -sum(cosines(id_)))[:3]
    assert [n.id for n in found.nearest] == expected
    for near in found.nearest:
        assert (near.left, near.right) == pytest.approx(cosines(near.id), abs=1e-4)


def test_endpoint_not_in_the_graph_has_a_cosine_and_no_edges(toy) -> None:
    text = explained(toy, "morning joint stiffness", "RA")
    assert text.cosine == pytest.approx(1 / np.sqrt(1.09), abs=1e-4)
    assert (text.direct, text.paths, text.shared, text.trained_on) == ((), (), (), "no")
    assert "no edges" in text.sentences()[0]
    assert text.left.nearest[0].id == "HP:0001370"
    assert text.nearest
    assert text.percentile.pairs == 4
    placed = explained(toy, "CAD", "rs4242")
    assert (placed.right.resolved_by, placed.right.in_graph, placed.paths) == ("locus", False, ())
    assert placed.cosine == pytest.approx(1 / np.sqrt(1.01), abs=1e-4)
    assert "no edges" in placed.sentences()[1]
    both = explained(toy, "morning joint stiffness", "sweet blood")
    assert both.percentile is None
    assert both.cosine == pytest.approx(0.0, abs=1e-4)


def test_unknown_endpoints_and_invalid_limits_are_rejected(toy) -> None:
    for unknown in ("rs1", "MONDO:0000001"):
        with pytest.raises(NotFoundError, match="no such"):
            explained(toy, "RA", unknown)
    with pytest.raises(UsageError, match="two or three steps"):
        explained(toy, "RA", "T1D", hops=4)
    with pytest.raises(UsageError, match="number of rows per list"):
        explained(toy, "RA", "T1D", k=0)


def test_two_codes_of_one_concept_are_explained_by_the_edges_between_them(toy) -> None:
    found = explained(toy, "RA", "EFO:0000685")
    assert found.same
    assert found.cosine == pytest.approx(1.0, abs=1e-5)
    assert [(e.type, e.source) for e in found.direct] == [("SAME_AS", "sssom")]
    assert found.paths == ()
    assert found.shared == ()
    assert RA not in [n.id for n in found.nearest]
    assert set(found.graph()) == {RA}


def test_truncated_searches_are_reported(toy, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(neighbourhood, "END_EDGES", 1)
        cut = explained(toy, "X:a", "X:b").cut
        assert [c for c in cut if "largest weight" in c] == [
            f"only the 1 edges of {end} with the largest weight were used" for end in ("X:a", "X:b")
        ]
    with monkeypatch.context() as patch:
        patch.setattr(neighbourhood, "DEGREE_EDGES", 20)
        found = explained(toy, "X:a", "X:b")
        assert found.cut == ("hubs that count with all of their edges, not by type: 1",)
        assert (HUB,) in between(found)
    with monkeypatch.context() as patch:
        patch.setattr(neighbourhood, "JOIN_EDGES", 1)
        found = explained(toy, "X:a", "X:b")
        assert found.cut == ("three-step paths: only 0 of 2 neighbours of X:a were used",)
        assert between(found) == [(HUB,)]
