"""The demo's questions and what the graph and the space answer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from generel_graph.demo.data import SEED, SNP, DemoProject
from generel_graph.metrics import Result, compare
from generel_graph.session import Session

ARTHRITIS = "MONDO:0008383"  # rheumatoid arthritis
WORDING = "morning joint stiffness"  # in no vocabulary
LOCI = "loci_near_disease_with_drugged_gene"
KINDS = ("Disease", "Gene", "Drug")


@dataclass(frozen=True, slots=True)
class Answers:
    """One frame a question; `cypher` is the statement of the first, as it can be pasted into the Browser."""

    loci: pd.DataFrame
    cypher: str
    effects: pd.DataFrame
    wording: pd.DataFrame
    nearest: str  # the concept that the wording was taken to be nearest to
    figure: tuple[Result, ...]
    positives: int
    negatives: int
    loci_tested: int


def answer(session: Session, prepared: DemoProject) -> Answers:
    """Ask the four questions; everything is read from the graph and the active model."""
    asked = {"disease": ARTHRITIS, "limit": 8}
    loci = session.recipe(LOCI, asked)
    taken = session.ask(WORDING, k=1, kind="Disease").nearest
    nearest = taken[0] if taken else None
    wording = session.recipe(
        "concepts_near_text",
        {"concept": nearest.id if nearest else None, "kinds": list(KINDS), "k": 5},
        vector=WORDING,
    )
    figure, positives, negatives, tested = _figure(session, prepared)
    return Answers(
        loci=_mark_hidden(loci, prepared),
        cypher=loci.attrs["cypher"],
        effects=session.recipe("snp_effects", {"snp": SNP}),
        wording=wording,
        nearest=f"{nearest.name} ({nearest.id})" if nearest else "",
        figure=tuple(figure),
        positives=positives,
        negatives=negatives,
        loci_tested=tested,
    )


def _mark_hidden(loci: pd.DataFrame, prepared: DemoProject) -> pd.DataFrame:
    """Say of each locus whether its link to the disease was among the pairs that had been hidden."""
    gone = set(prepared.hidden.filter(pl.col("disease_id") == ARTHRITIS)["locus"])
    place = dict(prepared.shown.select("rsid", "locus").unique().iter_rows())
    return loci.assign(hidden_truth=[place.get(snp) in gone for snp in loci["snp"]])


def _figure(session: Session, prepared: DemoProject) -> tuple[list[Result], int, int, int]:
    """AUC of hidden against never reported pairs, at the loci that several diseases share."""
    every = pl.concat([prepared.shown, prepared.hidden])
    shared = every.group_by("locus").agg(pl.col("disease_id").n_unique()).filter(pl.col("disease_id") > 1)
    loci = sorted(shared["locus"])
    diseases = sorted(every["disease_id"].unique())
    reported = set(every.select("locus", "disease_id").unique().iter_rows())
    gone = set(prepared.hidden.select("locus", "disease_id").unique().iter_rows())
    pairs = [p for p in product(loci, diseases) if p in gone or p not in reported]
    positive = np.array([p in gone for p in pairs])
    groups = np.array([loci.index(locus) for locus, _ in pairs])
    scores = _scores(session, prepared.shown, pairs)
    return (
        compare("auc", scores, positive.astype(np.float64), groups, seed=SEED),
        int(positive.sum()),
        int((~positive).sum()),
        len(loci),
    )


def _scores(session: Session, shown: pl.DataFrame, pairs: list[tuple[str, str]]) -> dict[str, NDArray[np.float64]]:
    """Each method's score of each (locus, disease); of a locus' SNPs the nearest counts."""
    snps = {locus: sorted(set(part["rsid"])) for (locus,), part in shown.group_by("locus")}
    known = {locus: sorted(set(part["disease_id"])) for (locus,), part in shown.group_by("locus")}
    loci_of = dict(shown.group_by("disease_id").agg(pl.col("locus").n_unique()).iter_rows())
    names = dict(shown.select("disease_id", "disease").unique("disease_id", keep="first").iter_rows())
    vectors, learnt = session.vectors([*{r for v in snps.values() for r in v}, *loci_of])
    propagated = {id_: v[learnt:] for id_, v in vectors.items()}
    texts = dict(zip(names, session.encode(list(names.values())), strict=True))

    def nearest(table: dict[str, NDArray[np.float32]], ends: list[str], disease: str) -> float:
        return max((_cosine(table[end], table[disease]) for end in ends if end in table), default=-1.0)

    return {
        "the space": np.array([nearest(vectors, snps[locus], d) for locus, d in pairs]),
        "text propagation": np.array([nearest(propagated, snps[locus], d) for locus, d in pairs]),
        "untrained text": np.array([nearest(texts, known[locus], d) for locus, d in pairs]),
        "degree": np.array([float(len(known[locus]) * loci_of[d]) for locus, d in pairs]),
        "locus degree": np.array([float(len(known[locus])) for locus, _ in pairs]),
    }


def _cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))
