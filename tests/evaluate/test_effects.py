"""Tests of effect size: training sees no measurement of half of a cohort's SNPs, and each pair is tested once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np

from generel_graph.corpus.schema import Corpus, EdgeArrays, Pairs, Reports
from generel_graph.evaluate import cohort_test, later_effects, without_half
from generel_graph.evaluate.effects import COHORT

Literature = Callable[[int], tuple[Corpus, Reports]]
SNPS, N = 60, 120
CUT, END = date(2010, 1, 1), date(2011, 1, 1)


def with_cohort(literature: Literature) -> tuple[Corpus, Reports]:
    """The made-up literature, and a cohort that measured one trait of each SNP, twice."""
    corpus, reports = literature(0)
    earlier, count = corpus.edges, 2 * SNPS
    snps = np.repeat(np.arange(SNPS), 2)
    traits = SNPS + snps % 3
    edges = EdgeArrays(
        types=(*earlier.types, COHORT),
        starts=np.concatenate([earlier.starts, snps]).astype(np.int32),
        ends=np.concatenate([earlier.ends, traits]).astype(np.int32),
        type=np.concatenate([earlier.type, np.full(count, len(earlier.types))]).astype(np.int16),
        weights=np.concatenate([earlier.weights, np.ones(count)]).astype(np.float32),
        log_odds=np.concatenate([earlier.log_odds, np.tile([0.1, 0.3], SNPS)]).astype(np.float32),
        neg_log10_p=np.concatenate([earlier.neg_log10_p, np.full(count, 9)]).astype(np.float32),
    )
    anchors = np.arange(SNPS, dtype=np.int32)
    pairs = Pairs(anchors, (SNPS + anchors % 3).astype(np.int32), np.ones(SNPS), np.full(SNPS, 0.2))
    with_effects = replace(reports, log_odds=np.linspace(0.05, 0.5, len(reports)).astype(np.float32))
    return replace(corpus, edges=edges, tasks={**corpus.tasks, "phewas": pairs}), with_effects


def test_half_of_the_snps_lose_the_cohorts_edges_and_pairs(literature: Literature) -> None:
    corpus, _ = with_cohort(literature)
    shown, half = without_half(corpus, seed=0)
    assert 10 < half[:SNPS].sum() < 50
    assert not half[SNPS:].any()
    for snps in (shown.edge_clusters(COHORT)[0], shown.tasks["phewas"].anchors):
        assert set(snps.tolist()) == set(np.flatnonzero(~half[:SNPS]).tolist())
    assert len(shown.edge_clusters("ASSOCIATED_WITH")[0]) == len(corpus.edge_clusters("ASSOCIATED_WITH")[0])
    assert shown.digest != corpus.digest
    assert without_half(corpus, seed=0)[0].digest == shown.digest != without_half(corpus, seed=1)[0].digest


def test_the_removed_half_is_tested_once_per_pair_with_the_mean(literature: Literature) -> None:
    corpus, _ = with_cohort(literature)
    _, half = without_half(corpus, seed=0)
    (test,) = cohort_test(corpus, half, CUT)
    assert test.measures == ("spearman",)
    assert sorted(test.left.tolist()) == np.flatnonzero(half[:SNPS]).tolist()
    assert np.allclose(test.truth, 0.2)
    assert np.array_equal(test.papers, test.left)  # the bootstrap draws SNPs
    assert cohort_test(literature(0)[0], half, CUT) == []


def test_later_odds_ratios_are_of_snps_with_an_earlier_association(literature: Literature) -> None:
    corpus, reports = with_cohort(literature)
    (test,) = later_effects(corpus, reports, CUT, END)
    known = set(corpus.edge_clusters("ASSOCIATED_WITH")[0].tolist())
    assert set(test.left.tolist()) <= known
    assert len(set((test.left * N + test.right).tolist())) == len(test.left)
    assert later_effects(corpus, reports, date(1990, 1, 1), date(1991, 1, 1)) == []
