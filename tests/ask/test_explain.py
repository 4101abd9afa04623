"""Two things explained: what is stated first, hubs damped, and every number with what it was counted among."""

from __future__ import annotations

import json
from datetime import date

import networkx as nx
import numpy as np
import polars as pl
import pytest

from generel_graph.ask import cook, explain, score
from generel_graph.ask.alleles import read_alleles
from generel_graph.ask.around import read_around
from generel_graph.ask.clusters import cluster_members
from generel_graph.ask.evidence import read_evidence
from generel_graph.ask.paths import metapaths
from generel_graph.errors import NotFoundError, UsageError

RA, T1D, T2D, CAD = "MONDO:0008383", "MONDO:0005147", "MONDO:0005148", "MONDO:0005010"
PTPN22, INS, CTLA4, ABATACEPT = "HGNC:9652", "HGNC:6081", "HGNC:2505", "DRUGBANK:DB01281"


def state(world, *edges: tuple[str, str, str, dict]) -> None:
    for number, (kind, start, end, own) in enumerate(edges):
        props = {"source": "toy", "key": f"{start}|{end}|{number}", "weight": 1.0} | own
        world.graph.batches("load/create_edges", [{"start": start, "end": end, "props": props}], type=kind)


def ask(world, left: str, right: str, **options):
    return explain(world.graph, world.spaces, left, right, **options)


def between(found) -> list[tuple[str, ...]]:
    return [tuple(n.id for n in path.nodes) for metapath in found.paths for path in metapath.paths]


def test_the_cosine_is_that_of_score_and_its_percentile_rises_with_it(world) -> None:
    pairs = [("rs2476601", "T1D"), ("rs689", "T1D"), ("rs1333049", "T1D"), ("rs231775", "T1D")]
    frame = pl.DataFrame({"left": [a for a, _ in pairs], "right": [b for _, b in pairs]})
    scored = score(world.graph, world.spaces, frame)["cosine"].to_list()
    found = [ask(world, *pair) for pair in pairs]
    assert [e.cosine for e in found] == scored
    assert all(0 <= e.percentile.value <= 100 for e in found)
    assert found[0].percentile.pairs == 5 * 4, "five SNPs with four clusters of diseases"
    by_cosine = sorted(found, key=lambda e: e.cosine)
    assert [e.percentile.value for e in by_cosine] == sorted(e.percentile.value for e in found)
    assert by_cosine[0].percentile.value < by_cosine[-1].percentile.value
    turned = ask(world, "T1D", "rs2476601").percentile
    assert (turned.value, turned.pairs) == (found[0].percentile.value, found[0].percentile.pairs)
    assert ask(world, "T1D", "T2D").percentile.pairs == 4 * 3 // 2


def test_direct_evidence_is_told_for_one_allele_and_what_contradicts_is_named(world) -> None:
    gwas, before = "ASSOCIATED_WITH", {"neg_log10_p": 9.0}
    state(
        world,
        (gwas, "rs2476601", "EFO:0000685", {"study": "S2", "effect_allele": "G", "odds_ratio": 0.5, **before}),
        (
            gwas,
            "rs2476601",
            RA,
            {"study": "S3", "effect_allele": "T", "odds_ratio": 0.8, "ci_low": 0.7, "ci_high": 0.9},
        ),
        (gwas, "rs2476601", RA, {"study": "S4", "odds_ratio": 3.0}),
        ("NOT_ASSOCIATED_WITH", "rs2476601", RA, {"study": "S5", "weight": None}),
    )
    found = ask(world, "rs2476601", "RA")
    told = {e.told_by: (e.allele, e.direction, e.odds_ratio) for e in found.direct if e.type == gwas}
    assert told == {
        "17554300": ("A", "raises", 1.8),
        "S2": ("A", "raises", 2.0),
        "S3": ("A", "lowers", 0.8),
        "S4": (None, None, None),
    }, "a T of the other strand is an A; no direction without an allele"
    assert found.summary[0] == ("found by a GWAS, 4 studies: 2 of 3 agree: A raises; 1 that it lowers; 1 tells none")
    assert found.contradictions == (
        "NOT_ASSOCIATED_WITH (S5) denies ASSOCIATED_WITH (S2, S3, S4, 17554300)",
        "A lowers (S3), yet raises (S2, 17554300)",
    )
    assert found.direct[-1].type == "NOT_ASSOCIATED_WITH", "what is denied stands last"
    other = ask(world, "RA", "rs2476601")
    assert (other.summary, other.contradictions) == (found.summary, found.contradictions)


def test_effects_are_turned_as_the_recipe_turns_them(world) -> None:
    state(
        world,
        ("ASSOCIATED_WITH", "rs689", T2D, {"effect_allele": "A", "beta": 0.4, "ci_low": 0.2, "ci_high": 0.6}),
        ("ASSOCIATED_WITH", "rs689", RA, {"effect_allele": "T", "odds_ratio": 2.0, "ci_low": 1.6, "ci_high": 2.5}),
        ("ASSOCIATED_WITH", "rs689", CAD, {"effect_allele": "T", "beta": -0.5}),
        ("ASSOCIATED_WITH", "rs1333049", CAD, {"effect_allele": "C", "odds_ratio": 1.3}),
    )
    for snp in ("rs2476601", "rs689", "rs1333049"):
        _, cooked = cook(world.graph, world.spaces, "snp_effects", {"snp": snp})
        recipe = {row[1]: [row[3], *row[4:8], row[9]] for row in cooked}
        ends = sorted(recipe)
        found = read_evidence(world.graph, [([snp], [end]) for end in ends])
        for end, edges in zip(ends, found, strict=True):
            edge = next(e for e in edges if e.type == "ASSOCIATED_WITH")
            ours = [edge.allele, edge.odds_ratio, edge.ci_low, edge.ci_high, edge.beta, edge.direction]
            assert [round(v, 3) if isinstance(v, float) else v for v in ours] == recipe[end], (snp, end)


def test_a_pair_is_trained_on_held_out_or_neither(world) -> None:
    assert (ask(world, "abatacept", "RA").trained_on, ask(world, "abatacept", "RA").direct[0].seen) == ("no", "no")
    state(world, ("TREATS", ABATACEPT, T1D, {}), ("TREATS", ABATACEPT, CAD, {"flags": ["held"]}))
    assert ask(world, "abatacept", "T1D").trained_on == "yes"
    held = ask(world, "CAD", "abatacept")
    assert (held.trained_on, held.tasks, held.direct[0].seen) == ("held out", ("toy",), "held out")
    assert ask(world, "abatacept", "T2D").trained_on == "no"


def test_a_gene_and_a_trait_may_be_trained_on_by_way_of_an_snp(world) -> None:
    assert ask(world, "CTLA4", "T1D").trained_on == "no"
    state(
        world,
        ("LOCATED_IN", "rs3087243", CTLA4, {}),
        ("ASSOCIATED_WITH", "rs3087243", T1D, {}),
    )
    assert ask(world, "CTLA4", "T1D").trained_on == ask(world, "T1D", "CTLA4").trained_on == "yes"


def test_a_hub_explains_less_than_a_longer_path_of_things_that_know_few(world) -> None:
    """One gene has to do with everything, another with these two alone."""
    crowd = [world.concept(f"X:{i}", "Disease", f"crowd {i}") for i in range(300)]
    crowd += [world.concept("HGNC:1", "Gene", "HUB"), world.concept("HGNC:2", "Gene", "RARE")]
    crowd += [world.concept("HGNC:3", "Gene", "RARER"), world.concept("X:a", "Disease", "one")]
    crowd += [world.concept("X:b", "Disease", "two"), world.concept("X:a2", "Trait", "one again", "X:a")]
    world.graph.batches("load/merge_nodes", crowd)
    edges = [{"start": "HGNC:1", "end": f"X:{i}"} for i in (*range(300), "a", "b")]
    edges += [{"start": "HGNC:2", "end": "X:a2"}, {"start": "HGNC:3", "end": "X:b"}]
    rows = [e | {"props": {"source": "toy", "key": f"{n}", "weight": 1.0}} for n, e in enumerate(edges)]
    world.graph.batches("load/create_edges", rows, type="GENE_ASSOCIATED_WITH")
    state(world, ("INTERACTS_WITH", "HGNC:2", "HGNC:3", {}), ("NOT_GENE_ASSOCIATED_WITH", "HGNC:2", "X:b", {}))
    found = ask(world, "X:a", "X:b")
    assert between(found) == [("HGNC:2", "HGNC:3"), ("HGNC:1",)], "through a member, never by what is denied"
    assert found.paths[0].metapath == (
        "Disease ←GENE_ASSOCIATED_WITH— Gene —INTERACTS_WITH— Gene —GENE_ASSOCIATED_WITH→ Disease"
    )
    assert found.paths[0].score > 10 * found.paths[1].score
    assert found.paths[1].score == pytest.approx(((2 * 302) * (302 * 2)) ** -0.4, rel=1e-6)
    assert between(ask(world, "X:a", "X:b", hops=2)) == [("HGNC:1",)]
    assert [s.node.id for s in found.shared] == ["HGNC:1"] and found.shared[0].node.degree == 302
    assert found.cut == () and found.cosine is None and found.percentile is None


def test_each_step_has_its_edges_and_the_graph_has_them_all(world) -> None:
    state(
        world,
        ("LOCATED_IN", "rs231775", CTLA4, {"source": "one"}),
        ("REPORTED_GENE", "rs231775", CTLA4, {"source": "two", "weight": 0.5}),
        ("TARGETS", ABATACEPT, CTLA4, {"source": "three"}),
        ("ASSOCIATED_WITH", "rs231775", RA, {"source": "four", "weight": 0.7}),
        ("TREATS", ABATACEPT, "EFO:0000685", {"source": "five"}),
    )
    found = ask(world, "rs231775", "abatacept")
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
    assert drawn.has_edge(ABATACEPT, RA) and drawn.number_of_edges("rs231775", CTLA4) == 2
    assert [drawn.nodes[n]["place"] for n in ("rs231775", CTLA4, ABATACEPT)] == [0, 0.5, 1]
    told = json.loads(json.dumps(found.as_json(), default=str))
    assert told["paths"][0]["paths"][0]["steps"][0]["edges"][0]["source"]


def test_what_is_near_both_has_the_greatest_sum_of_cosines(world) -> None:
    found = ask(world, "rs2476601", "T2D", k=3)
    unit = {id_: v / np.linalg.norm(v) for id_, v in world.vectors.items()}
    concepts = [i for i in unit if not i.startswith("rs") and i not in (T2D, "EFO:0000685")]

    def cosines(id_: str) -> tuple[float, float]:
        halved = 0.5 if id_.startswith("HGNC") else 1.0
        return halved * float(unit[id_] @ unit["rs2476601"]), float(unit[id_] @ unit[T2D])

    expected = sorted(concepts, key=lambda id_: -sum(cosines(id_)))[:3]
    assert [n.id for n in found.nearest] == expected
    for near in found.nearest:
        assert (near.left, near.right) == pytest.approx(cosines(near.id), abs=1e-4)


def test_an_end_without_edges_has_a_cosine_and_says_so(world) -> None:
    text = ask(world, "morning joint stiffness", "RA")
    assert text.cosine == pytest.approx(1 / np.sqrt(1.09), abs=1e-4)
    assert (text.direct, text.paths, text.shared, text.trained_on) == ((), (), (), "no")
    assert "no edges" in text.left.sentence() and text.left.nearest[0].id == "HP:0001370"
    assert text.nearest and text.percentile.pairs == 4
    placed = ask(world, "CAD", "rs4242")
    assert (placed.right.resolved_by, placed.right.node, placed.paths) == ("locus", False, ())
    assert placed.cosine == pytest.approx(1 / np.sqrt(1.01), abs=1e-4) and "no edges" in placed.right.sentence()
    both = ask(world, "morning joint stiffness", "sweet blood")
    assert both.percentile is None and both.cosine == pytest.approx(0.0, abs=1e-4)


def test_an_end_that_is_not_there_and_limits_that_cannot_be_are_told(world) -> None:
    for unknown in ("rs1", "MONDO:0000001"):
        with pytest.raises(NotFoundError, match="no such"):
            ask(world, "RA", unknown)
    with pytest.raises(UsageError, match="two or three steps"):
        ask(world, "RA", "T1D", hops=4)
    with pytest.raises(UsageError, match="number of rows"):
        ask(world, "RA", "T1D", k=0)


def test_two_names_of_one_thing_are_explained_by_what_joins_them(world) -> None:
    state(world, ("SAME_AS", "EFO:0000685", RA, {"source": "sssom"}))
    found = ask(world, "RA", "EFO:0000685")
    assert found.same and found.cosine == pytest.approx(1.0, abs=1e-5)
    assert [(e.type, e.source) for e in found.direct] == [("SAME_AS", "sssom")]
    assert found.paths == () and found.shared == ()
    assert RA not in [n.id for n in found.nearest]


def test_what_was_left_out_is_told(world, monkeypatch) -> None:
    state(
        world,
        ("GENE_ASSOCIATED_WITH", PTPN22, RA, {}),
        ("GENE_ASSOCIATED_WITH", PTPN22, T1D, {"weight": 0.9}),
        ("GENE_ASSOCIATED_WITH", CTLA4, T1D, {"weight": 0.8}),
        ("GENE_ASSOCIATED_WITH", INS, T1D, {"weight": 0.7}),
    )
    whole = ask(world, "RA", "T1D")
    assert (PTPN22,) in between(whole) and whole.cut == ()
    monkeypatch.setattr("generel_graph.ask.around.END_EDGES", 2)
    assert [c for c in ask(world, "RA", "T1D").cut if T1D in c] == [f"of {T1D} the 2 edges of most weight were walked"]
    monkeypatch.setattr("generel_graph.ask.around.END_EDGES", 100)
    monkeypatch.setattr("generel_graph.ask.around.DEGREE_EDGES", 1)
    hubs = ask(world, "RA", "T1D")
    assert "hubs" in hubs.cut[-1] and (PTPN22,) in between(hubs)
    monkeypatch.setattr("generel_graph.ask.around.JOIN_EDGES", 1)
    assert any("of three steps: 0 of 1 neighbours" in c for c in ask(world, "RA", "T1D").cut)


def test_without_a_date_or_with_one_reports_are_told_alike(world) -> None:
    found = ask(world, "rs2476601", "RA")
    assert found.direct[0].published == date(2007, 6, 7) and found.direct[0].pubmed_id == "17554300"
    assert read_evidence(world.graph, []) == []
    members = cluster_members(world.graph, RA)
    around = read_around(world.graph, ["rs2476601"], members, ("rs2476601", RA))
    assert metapaths(around, ("rs2476601", RA), ("SNP", "Disease")) == [], "an edge without weight is no way"
    assert read_alleles(world.graph, "rs2476601").chosen == "A"
