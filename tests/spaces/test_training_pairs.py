"""Whether training saw an edge is told by the rules that the tasks sample by, and by what was held out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from generel_graph.ask.explain.evidence import read_evidence
from generel_graph.ask.space import EdgeFacts
from generel_graph.corpus.read import read_corpus
from generel_graph.corpus.tasks import TASKS
from generel_graph.graph import Graph
from generel_graph.spaces.training_pairs import Training, sampled_by

KINDS = {"rs1": "SNP", "rs2": "SNP", "D:1": "Disease", "D:2": "Disease", "P:1": "Phenotype"} | {
    "G:1": "Gene",
    "G:2": "Gene",
    "C:1": "Drug",
    "A:1": "AnatomicalEntity",
}
OLD, NEW = date(2010, 1, 1), date(2015, 1, 1)
EDGES: tuple[tuple[str, str, str, dict], ...] = (
    ("rs1", "ASSOCIATED_WITH", "D:1", {"weight": 0.5, "published": OLD}),
    ("rs1", "ASSOCIATED_WITH", "D:2", {"weight": 0.5, "published": NEW}),
    ("rs1", "ASSOCIATED_WITH", "P:1", {"weight": 0.5}),
    ("rs2", "ASSOCIATED_WITH", "D:1", {"weight": 0.2, "flags": ["sub_significant"]}),
    ("rs2", "ASSOCIATED_WITH", "D:2", {}),
    ("rs2", "NOT_ASSOCIATED_WITH", "P:1", {"weight": 0.9}),
    ("rs1", "CORRELATES_WITH", "D:1", {"weight": 0.4}),
    ("rs1", "CORRELATES_WITH", "D:2", {"weight": 0.4, "published": NEW}),
    ("rs2", "CORRELATES_WITH", "D:2", {"weight": 0.4, "flags": ["mhc", "sub_significant"]}),
    ("rs1", "REGULATES", "G:1", {"weight": 0.4}),
    ("rs2", "REGULATES", "G:1", {"weight": 0.4, "flags": ["sub_significant"]}),
    ("rs1", "IN_LD_WITH", "rs2", {"r2": 0.19, "weight": 0.19}),
    ("rs2", "IN_LD_WITH", "rs1", {"r2": 0.2, "weight": 0.2}),
    ("rs1", "LOCATED_IN", "G:1", {}),
    ("rs2", "REPORTED_GENE", "G:2", {"published": NEW, "weight": 1.0}),
    ("rs1", "NEAREST_TO", "G:2", {"published": OLD}),
    ("D:1", "IS_A", "D:2", {}),
    ("D:1", "CO_OCCURS_WITH", "D:2", {"weight": 0.3}),
    ("D:2", "CO_OCCURS_WITH", "P:1", {"flags": ["depleted"]}),
    ("C:1", "TREATS", "D:1", {"weight": 1.0}),
    ("C:1", "CONTRAINDICATED_FOR", "D:2", {"weight": 1.0}),
    ("C:1", "TARGETS", "G:1", {"weight": 1.0}),
    ("C:1", "HAS_SIDE_EFFECT", "P:1", {"weight": 1.0}),
    ("G:1", "GENE_ASSOCIATED_WITH", "D:1", {"weight": 1.0}),
    ("G:1", "GENE_ASSOCIATED_WITH", "P:1", {"weight": 1.0}),
    ("G:2", "EXPRESSED_IN", "A:1", {"weight": 1.0}),
    ("P:1", "LOCATED_AT", "A:1", {"weight": 1.0}),
    ("D:1", "HAS_PHENOTYPE", "P:1", {"weight": 1.0}),
    ("D:2", "NOT_HAS_PHENOTYPE", "P:1", {"weight": 1.0}),
    ("D:1", "XREF", "D:2", {"weight": 1.0}),
)


@pytest.mark.parametrize("before", [None, date(2013, 1, 1)])
def test_an_edge_is_told_to_be_sampled_where_its_tasks_file_samples_it(graph: Graph, before: date | None) -> None:
    labels = {id_: ["SNP", "Entity"] if kind == "SNP" else ["Concept", "Entity", kind] for id_, kind in KINDS.items()}
    nodes = [
        {"id": id_, "labels": labels[id_], "remove": [], "props": {"kind": kind, "name": id_, "cluster": id_}}
        for id_, kind in KINDS.items()
    ]
    graph.batches("load/merge_nodes", nodes)
    for number, (start, type_, end, props) in enumerate(EDGES):
        edge = {"start": start, "end": end, "props": {"source": "toy", "key": f"{number}", **props}}
        graph.batches("load/create_edges", [edge], type=type_)
    corpus = read_corpus(graph, "digest", [task.name for task in TASKS], before)
    ids = corpus.nodes.ids
    sampled = {
        (name, frozenset((ids[a], ids[b])))
        for name, pairs in corpus.tasks.items()
        if not pairs.texts
        for a, b in zip(pairs.anchors, pairs.positives, strict=True)
    }
    everything = list(KINDS)
    told = set()
    for edge in read_evidence(graph, [(everything, everything)])[0]:
        task = sampled_by(edge.stated(), before)
        if task is not None:
            told.add((task, frozenset((edge.start, edge.end))))
    assert told == sampled
    assert ("gwas", frozenset(("rs1", "D:2"))) in told if before is None else ("ld" in {t for t, _ in told})


def stated(start: str, type_: str, end: str, weight: float = 1.0) -> EdgeFacts:
    kind = {"r": "SNP", "D": "Disease", "G": "Gene", "C": "Drug"}
    return EdgeFacts(type_, start, end, kind[start[0]], kind[end[0]], weight, (), None)


def test_what_was_held_out_is_told_apart(tmp_path: Path) -> None:
    held = tmp_path / "held_out.parquet"
    rows = [("kg", "C:1", "D:1"), ("gwas", "rs1", "D:1"), ("gene_trait", "G:3", "D:3")]
    pl.DataFrame(rows, schema=["task", "anchor", "positive"], orient="row").write_parquet(held)
    training = Training(frozenset({"drug_disease", "gwas", "snp_gene", "gene_trait"}), None, held)
    treats, known = stated("C:1", "TREATS", "D:1"), stated("C:2", "TREATS", "D:1")
    denied = stated("C:1", "NOT_TREATS", "D:1")
    seen = training.training_exposure(("C:1", "D:1"), [treats, denied])
    assert (seen.answer, seen.tasks, seen.edges) == ("held out", ("drug_disease",), ("held out", "no"))
    assert training.training_exposure(("C:2", "D:1"), [known]).answer == "yes"
    assert training.training_exposure(("C:2", "D:1"), [stated("C:2", "TARGETS", "G:1")]).answer == "no", (
        "no task of this model"
    )
    assert training.training_exposure(("C:2", "D:1"), []).answer == "no"


def test_a_gene_and_a_trait_are_trained_on_by_one_whole_way(tmp_path: Path) -> None:
    held = tmp_path / "held_out.parquet"
    rows = [("gwas", "rs1", "D:1"), ("gene_trait", "G:3", "D:1")]
    pl.DataFrame(rows, schema=["task", "anchor", "positive"], orient="row").write_parquet(held)
    training = Training(frozenset({"gwas", "snp_gene", "gene_trait"}), None, held)

    def way(snp: str, gene: str, weight: float = 1.0) -> tuple[EdgeFacts, EdgeFacts]:
        return stated(snp, "LOCATED_IN", gene), stated(snp, "ASSOCIATED_WITH", "D:1", weight)

    assert training.training_exposure(("G:1", "D:1"), [], [way("rs1", "G:1")]).answer == "held out"
    assert training.training_exposure(("G:1", "D:1"), [], [way("rs1", "G:1"), way("rs2", "G:1")]).answer == "yes"
    assert training.training_exposure(("G:1", "D:1"), [], [way("rs2", "G:1", 0.0)]).answer == "no"
    assert training.training_exposure(("G:3", "D:1"), [], [way("rs2", "G:3")]).answer == "held out"
    without = Training(frozenset({"gwas", "snp_gene"}), None, held)
    assert without.training_exposure(("G:1", "D:1"), [], [way("rs2", "G:1")]).answer == "no"
