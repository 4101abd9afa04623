"""Tests of effect size: how well scores follow |ln odds ratio| on pairs whose odds ratio was not in training.

| test | pairs |
|---|---|
| cohort odds ratios | measured by a cohort (CORRELATES_WITH) for half of its SNPs, which no training sees |
| later odds ratios | reported by the papers of a period for SNPs that were reported before |
"""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from generel_graph.corpus.schema import Corpus, EdgeArrays, Pairs, Reports
from generel_graph.evaluate.held_out import HeldOut, days

COHORT, TASK = "CORRELATES_WITH", "phewas"
MEASURES = ("spearman",)
MIN_PAIRS = 20  # of a test


def without_half(corpus: Corpus, seed: int) -> tuple[Corpus, NDArray[np.bool_]]:
    """The corpus without a cohort's measurements of half of the SNPs, and a mask of these SNPs, [n].

    A hash of its id decides whether an SNP is in the half, so the half is the same in every period.
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
    removed = (edges.type == edges.types.index(COHORT)) & half[edges.starts]
    columns = {f.name: getattr(edges, f.name)[~removed] for f in fields(edges) if f.name != "types"}
    tasks = dict(corpus.tasks)
    if TASK in tasks:
        pairs, remain = tasks[TASK], ~half[tasks[TASK].anchors]
        tasks[TASK] = Pairs(**{f.name: getattr(pairs, f.name)[remain] for f in fields(pairs) if f.name != "texts"})
    name = hashlib.blake2b(f"{corpus.digest} without half of {COHORT}, {seed}".encode(), digest_size=16).hexdigest()
    return replace(corpus, digest=name, edges=EdgeArrays(edges.types, **columns), tasks=tasks), half


def cohort_test(corpus: Corpus, half: NDArray[np.bool_], period: date) -> list[HeldOut]:
    """The test of the cohort's measurements of the SNPs in `half`; `corpus`: the complete one."""
    edges = corpus.edges
    if COHORT not in edges.types:
        return []
    rows = np.flatnonzero((edges.type == edges.types.index(COHORT)) & half[edges.starts])
    snps, traits = edges.starts[rows].astype(np.int64), corpus.nodes.clusters[edges.ends[rows]].astype(np.int64)
    return _mean_tests("cohort odds ratios", snps, traits, edges.log_odds[rows], snps, len(corpus.nodes), period)


def later_effects(past: Corpus, reports: Reports, first: date, last: date) -> list[HeldOut]:
    """The test of the odds ratios that papers of a period report for SNPs with an earlier association."""
    snps, _ = past.edge_clusters("ASSOCIATED_WITH")
    known = np.zeros(len(past.nodes), dtype=bool)
    known[snps] = True
    inside = (reports.published >= days(first)) & (reports.published < days(last))
    rows = np.flatnonzero(inside & ~reports.is_gene & reports.is_significant & known[reports.snps])
    traits = past.nodes.clusters[reports.ends[rows]].astype(np.int64)
    papers = reports.papers[rows].astype(np.int64)
    left = reports.snps[rows].astype(np.int64)
    return _mean_tests("later odds ratios", left, traits, reports.log_odds[rows], papers, len(past.nodes), first)


def _mean_tests(
    name: str,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    log_odds: NDArray[np.float32],
    groups: NDArray[np.int64],
    n: int,
    period: date,
) -> list[HeldOut]:
    """One pair per SNP and trait with the mean of its values; no test of fewer than MIN_PAIRS pairs."""
    known = np.isfinite(log_odds)
    left, right, groups, log_odds = left[known], right[known], groups[known], log_odds[known]
    _, first, inverse = np.unique(left * n + right, return_index=True, return_inverse=True)
    if len(first) < MIN_PAIRS:
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
