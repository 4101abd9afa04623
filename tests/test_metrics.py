"""Measures against direct formulas; intervals and paired differences on shared resamples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generel_etl.errors import UsageError
from generel_graph.metrics import auc, average_precision, compare, cosines, spearman

pairs = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30)


@given(pairs)
def test_auc_is_the_share_of_correctly_ordered_pairs(rows: list[tuple[int, bool]]) -> None:
    scores, positive = np.array([float(s) for s, _ in rows]), np.array([p for _, p in rows])
    ordered = [(s > t) + 0.5 * (s == t) for s in scores[positive] for t in scores[~positive]]
    if ordered:
        assert auc(scores, positive) == pytest.approx(np.mean(ordered))
    else:
        assert np.isnan(auc(scores, positive))


@given(pairs)
def test_average_precision_is_the_mean_precision_at_each_positive(rows: list[tuple[int, bool]]) -> None:
    scores, positive = np.array([float(s) for s, _ in rows]), np.array([p for _, p in rows])
    at = [positive[scores >= s].mean() for s in scores[positive]]
    if at:
        assert average_precision(scores, positive) == pytest.approx(np.mean(at))
    else:
        assert np.isnan(average_precision(scores, positive))


@pytest.mark.parametrize("measure", ["auc", "average_precision"])
def test_resample_equals_repeating_its_groups(measure: str) -> None:
    random = np.random.default_rng(1)
    truth = (random.random(60) < 0.4).astype(float)
    scores, groups = truth + random.normal(0, 1, 60).round(1), np.arange(60) // 3
    drawn = np.random.default_rng(0).integers(0, 20, 20)  # as `compare` draws with seed 0
    rows = np.concatenate([np.flatnonzero(groups == g) for g in drawn])
    repeated = {"auc": auc, "average_precision": average_precision}[measure](scores[rows], truth[rows] > 0)
    (one,) = compare(measure, {"a": scores}, truth, groups, draws=1, seed=0)
    assert one.ci_low == one.ci_high == pytest.approx(repeated)


def test_methods_are_compared_on_the_same_resamples() -> None:
    random = np.random.default_rng(0)
    truth = (random.random(200) < 0.5).astype(float)
    good = truth + random.normal(0, 0.5, 200)
    scores = {"good": good, "same": good, "noise": random.normal(0, 1, 200)}
    first, same, worse = compare("auc", scores, truth, np.arange(200) // 4, draws=100)
    assert (same.ahead, same.ahead_low, same.ahead_high) == (0, 0, 0)
    assert first.ci_low < first.value < first.ci_high
    assert worse.ahead_low > 0.2


def test_scores_of_different_strata_are_not_compared() -> None:
    truth = np.array([1.0, 0.0, 1.0, 0.0])
    scores = np.array([0.2, 0.1, 10.0, 9.0])  # ordered within each stratum, not across strata
    (within,) = compare("auc", {"a": scores}, truth, np.arange(4), strata=np.array([0, 0, 1, 1]), draws=0)
    (across,) = compare("auc", {"a": scores}, truth, np.arange(4), draws=0)
    assert (within.value, across.value) == (1.0, 0.75)
    assert np.isnan(within.ci_low)


def test_spearman_depends_on_order_alone_and_needs_variation() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0])
    assert spearman(a, np.exp(a)) == pytest.approx(1.0)
    assert np.isnan(spearman(a, np.ones(4)))
    (one,) = compare("spearman", {"a": a}, np.exp(a), np.arange(4), draws=0)
    assert one.value == pytest.approx(1.0)


def test_unknown_measure_is_rejected_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="auc"):
        compare("aucc", {"a": np.ones(2)}, np.ones(2), np.arange(2))


def test_cosine_with_a_zero_vector_is_zero() -> None:
    assert cosines(np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([[2.0, 2.0], [1.0, 0.0]])) == pytest.approx([1.0, 0.0])
