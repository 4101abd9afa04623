"""AUC of the locus–disease pairs that the demo hid from the graph, by the space and by untrained methods."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generel_graph.demo.data import SEED, DemoProject
from generel_graph.metrics import Result, compare
from generel_graph.session import Session

METHODS = ("the space", "text propagation", "untrained text", "degree", "locus degree")


@dataclass(frozen=True, slots=True)
class HiddenPairTest:
    """Results of METHODS; the numbers of hidden pairs, unreported pairs and loci."""

    results: tuple[Result, ...]
    hidden: int
    unreported: int
    loci: int


def hidden_pair_test(session: Session, project: DemoProject) -> HiddenPairTest:
    """Rank hidden against unreported pairs at the loci that several diseases share.

    Intervals resample the loci.
    """
    reports = pl.concat([project.shown, project.hidden])
    shared = reports.group_by("locus").agg(pl.col("disease_id").n_unique()).filter(pl.col("disease_id") > 1)
    loci = sorted(shared["locus"])
    diseases = sorted(reports["disease_id"].unique())
    reported = set(reports.select("locus", "disease_id").unique().iter_rows())
    hidden = set(project.hidden.select("locus", "disease_id").unique().iter_rows())
    pairs = [p for p in product(loci, diseases) if p in hidden or p not in reported]
    positive = np.array([p in hidden for p in pairs])
    groups = np.array([loci.index(locus) for locus, _ in pairs])
    scores = _scores(session, project.shown, pairs)
    return HiddenPairTest(
        results=tuple(compare("auc", scores, positive.astype(np.float64), groups, seed=SEED)),
        hidden=int(positive.sum()),
        unreported=int((~positive).sum()),
        loci=len(loci),
    )


def _scores(session: Session, shown: pl.DataFrame, pairs: list[tuple[str, str]]) -> dict[str, NDArray[np.float64]]:
    """Each method's score of each (locus, disease); the SNP with the largest cosine represents its locus."""
    snps = {locus: sorted(set(part["rsid"])) for (locus,), part in shown.group_by("locus")}
    known = {locus: sorted(set(part["disease_id"])) for (locus,), part in shown.group_by("locus")}
    loci_of = dict(shown.group_by("disease_id").agg(pl.col("locus").n_unique()).iter_rows())
    names = dict(shown.select("disease_id", "disease").unique("disease_id", keep="first").iter_rows())
    ids = [*{r for v in snps.values() for r in v}, *loci_of]
    vectors, propagated = session.vectors(ids), session.vectors(ids, half="text")
    texts = dict(zip(names, session.encode(list(names.values())), strict=True))

    def largest(table: dict[str, NDArray[np.float32]], ids: list[str], disease: str) -> float:
        return max((_cosine(table[id_], table[disease]) for id_ in ids if id_ in table), default=-1.0)

    scores = (
        [largest(vectors, snps[locus], d) for locus, d in pairs],
        [largest(propagated, snps[locus], d) for locus, d in pairs],
        [largest(texts, known[locus], d) for locus, d in pairs],
        [float(len(known[locus]) * loci_of[d]) for locus, d in pairs],
        [float(len(known[locus])) for locus, _ in pairs],
    )
    return {method: np.array(values) for method, values in zip(METHODS, scores, strict=True)}


def _cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))
