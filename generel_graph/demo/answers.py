"""The demo's questions, and the answers of the graph and the space."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import polars as pl

from generel_etl.progress import Progress, silent
from generel_graph.corpus.load import load_corpus
from generel_graph.demo.data import SHARE, SNP, DemoProject
from generel_graph.demo.hidden_pairs import HiddenPairTest, hidden_pair_test
from generel_graph.evaluate.report import Benchmark
from generel_graph.evaluate.task_tests import task_benchmarks
from generel_graph.graph.digest import graph_digest
from generel_graph.session import Session

ARTHRITIS = "MONDO:0008383"  # rheumatoid arthritis
FREE_TEXT = "morning joint stiffness"  # in no vocabulary
LOCI_RECIPE = "loci_near_disease_with_drugged_gene"
KINDS = ("Disease", "Gene", "Drug")


@dataclass(frozen=True, slots=True)
class Answers:
    """The answer to each question; `cypher` is the statement of the first one, to paste into Neo4j Browser."""

    loci: pd.DataFrame
    cypher: str
    effects: pd.DataFrame
    text_hits: pd.DataFrame
    nearest: str  # name and id of the concept nearest to FREE_TEXT
    hidden_pairs: HiddenPairTest
    tasks: tuple[Benchmark, ...]  # AUC of each task's held-out pairs


def answer(session: Session, project: DemoProject, progress: Progress = silent) -> Answers:
    """Answer the four questions from the graph and the active model, and test all tasks on held-out pairs."""
    loci = session.recipe(LOCI_RECIPE, {"disease": ARTHRITIS, "limit": 8})
    nearest = next(iter(session.search(FREE_TEXT, k=1, kind="Disease").nearest), None)
    text_hits = session.recipe(
        "concepts_near_text",
        {"concept": nearest.id if nearest else None, "kinds": list(KINDS), "k": 5},
        vector=FREE_TEXT,
    ).frame()
    return Answers(
        loci=_with_hidden_links(loci.frame(), project),
        cypher=loci.cypher,
        effects=session.recipe("snp_effects", {"snp": SNP}).frame(),
        text_hits=text_hits,
        nearest=f"{nearest.name} ({nearest.id})" if nearest else "",
        hidden_pairs=hidden_pair_test(session, project),
        tasks=_task_tests(session, progress),
    )


def _with_hidden_links(loci: pd.DataFrame, project: DemoProject) -> pd.DataFrame:
    """Add the column hidden_truth: whether the locus' link to the disease is among the hidden pairs."""
    hidden = set(project.hidden.filter(pl.col("disease_id") == ARTHRITIS)["locus"])
    locus_of = dict(project.shown.select("rsid", "locus").unique().iter_rows())
    return loci.assign(hidden_truth=[locus_of.get(snp) in hidden for snp in loci["snp"]])


def _task_tests(session: Session, progress: Progress) -> tuple[Benchmark, ...]:
    """Test the training tasks with a second model, trained without a fifth of the pairs of each task."""
    encoder = session.space(session.model_id()).encoder
    corpus = load_corpus(session.graph, session.config, graph_digest(session.graph) or "", progress)
    return tuple(task_benchmarks(session.config, corpus, encoder, SHARE, progress=progress))
