"""Tests of size: how well scores follow |ln odds ratio| of pairs whose odds ratio was not known.

| test | pairs |
|---|---|
| cohort odds ratios | what a cohort measured (CORRELATES_WITH) for half of its SNPs, which no training sees |
| later odds ratios | what the papers of a period report for SNPs that were reported before |
"""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from generel_graph.corpus.schema import Corpus, Edges, Pairs, Reports
from generel_graph.evaluate.later import HeldOut, days

COHORT, TASK = "CORRELATES_WITH", "phewas"
MEASURES = ("spearman",)
FEWEST = 20  # pairs; fewer tell nothing


def without_half(corpus: Corpus, seed: int) -> tuple[Corpus, NDArray[np.bool_]]:
    """The corpus without a cohort's measurements of half of the SNPs, and which SNPs these are, [n].

    An SNP's half is told by its id, so that it is the same in every period.
    """
    half = np.array(
        [
            kind == "SNP" and hashlib.blake2b(f"{seed} {id_}".encode(), digest_size=1).digest()[0] % 2 == 0
            for id_, kind in zip(corpus.nodes.ids, corpus.nodes.kinds, strict=True)
        ],
        dtype=bool,
    )
    edges = corpus.edges
    if COHORT not in edges.types:
        return corpus, half
    out = (edges.type == edges.types.index(COHORT)) & half[edges.starts]
    kept = Edges(edges.types, **{f.name: getattr(edges, f.name)[~out] for f in fields(edges) if f.name != "types"})
    tasks = dict(corpus.tasks)
    if TASK in tasks:
        pairs, stay = tasks[TASK], ~half[tasks[TASK].anchors]
        columns = {f.name: getattr(pairs, f.name)[stay] for f in fields(pairs) if f.name != "texts"}
        tasks[TASK] = Pairs(**columns)
    name = hashlib.blake2b(f"{corpus.digest} without half of {COHORT}, {seed}".encode(), digest_size=16).hexdigest()
    return replace(corpus, digest=name, edges=kept, tasks=tasks), half


def cohort_test(corpus: Corpus, half: NDArray[np.bool_], period: date) -> list[HeldOut]:
    """What the cohort measured for the SNPs that were left out; `corpus`: the whole one."""
    edges = corpus.edges
    if COHORT not in edges.types:
        return []
    rows = np.flatnonzero((edges.type == edges.types.index(COHORT)) & half[edges.starts])
    snps, ends = edges.starts[rows].astype(np.int64), corpus.nodes.clusters[edges.ends[rows]].astype(np.int64)
    return _made("cohort odds ratios", snps, ends, edges.log_odds[rows], snps, len(corpus.nodes), period)


def later_effects(past: Corpus, reports: Reports, first: date, last: date) -> list[HeldOut]:
    """Odds ratios that the papers of a period report for SNPs that had an association before."""
    snps, _ = past.joined("ASSOCIATED_WITH")
    known = np.zeros(len(past.nodes), dtype=bool)
    known[snps] = True
    inside = (reports.published >= days(first)) & (reports.published < days(last))
    rows = np.flatnonzero(inside & ~reports.is_gene & reports.is_significant & known[reports.snps])
    ends = past.nodes.clusters[reports.ends[rows]].astype(np.int64)
    papers = reports.papers[rows].astype(np.int64)
    left = reports.snps[rows].astype(np.int64)
    return _made("later odds ratios", left, ends, reports.log_odds[rows], papers, len(past.nodes), first)


def _made(
    name: str,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    log_odds: NDArray[np.float32],
    groups: NDArray[np.int64],
    n: int,
    period: date,
) -> list[HeldOut]:
    """One pair an SNP and trait, with the mean of what is reported."""
    there = np.isfinite(log_odds)
    left, right, groups, log_odds = left[there], right[there], groups[there], log_odds[there]
    _, first, inverse = np.unique(left * n + right, return_index=True, return_inverse=True)
    if len(first) < FEWEST:
        return []
    mean = np.bincount(inverse, weights=log_odds.astype(np.float64)) / np.bincount(inverse)
    return [
        HeldOut(
            name=name,
            negatives="",
            left=left[first],
            right=right[first],
            truth=mean,
            papers=groups[first],
            period=np.full(len(first), period.toordinal(), dtype=np.int64),
            measures=MEASURES,
        )
    ]
