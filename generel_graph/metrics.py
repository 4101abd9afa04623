"""How well scores tell true pairs from others, with intervals and paired differences by the bootstrap.

Whole groups (papers, loci) are drawn with replacement, since the pairs of one paper are not independent. A measure is
taken inside each stratum (a cut-off year), since scores of different models do not compare, and averaged by positives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import UsageError

DRAWS = 1_000
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Result:
    """One method's value with its 95 % interval, and how far the first method is ahead of it, with its own."""

    method: str
    value: float
    ci_low: float
    ci_high: float
    ahead: float = float("nan")
    ahead_low: float = float("nan")
    ahead_high: float = float("nan")


@dataclass(frozen=True, slots=True)
class Sorted:
    """Scores in ascending order: where each pair went, and where runs of equal scores begin."""

    order: NDArray[np.int64]
    runs: NDArray[np.int64]

    @classmethod
    def of(cls, scores: Values) -> Sorted:
        """Sort once; every resample only weighs the pairs anew."""
        order = np.argsort(scores, kind="stable")
        ranked = scores[order]
        return cls(order, np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]))

    def sums(self, weights: Values) -> Values:
        """The sum of weights in each run of equal scores."""
        return np.asarray(np.add.reduceat(weights[self.order], self.runs), dtype=np.float64)


def auc(scores: Values, positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, ties counting half (Mann–Whitney); NaN without both classes."""
    return _auc(Sorted.of(scores), positive.astype(np.float64), (~positive).astype(np.float64))


def average_precision(scores: Values, positive: NDArray[np.bool_]) -> float:
    """Mean precision at the positives, tied pairs taken together; NaN without positives."""
    return _average_precision(Sorted.of(scores), positive.astype(np.float64), (~positive).astype(np.float64))


def _auc(ranked: Sorted, positive: Values, negative: Values) -> float:
    wins, others = ranked.sums(positive), ranked.sums(negative)
    n, m = wins.sum(), others.sum()
    if not n or not m:
        return float("nan")
    return float((wins * (np.cumsum(others) - others / 2)).sum() / (n * m))


def _average_precision(ranked: Sorted, positive: Values, negative: Values) -> float:
    wins, others = ranked.sums(positive)[::-1], ranked.sums(negative)[::-1]
    n = wins.sum()
    if not n:
        return float("nan")
    true = np.cumsum(wins)
    return float((wins * true / np.maximum(true + np.cumsum(others), 1e-12)).sum() / n)


_BY_RANK: Mapping[str, Callable[[Sorted, Values, Values], float]] = {
    "auc": _auc,
    "average_precision": _average_precision,
}
BY_RANK = tuple(_BY_RANK)
MEASURES = (*BY_RANK, "spearman")


def compare(
    measure: str,
    scores: Mapping[str, Values],
    truth: Values,
    groups: NDArray[np.integer],
    *,
    strata: NDArray[np.integer] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Result]:
    """Each method's value on the same pairs, and the first method's lead over it in the same resamples.

    `measure`: one of MEASURES. `scores`: by method, [n]. `truth` [n]: 1 and 0, or the values of `spearman`.
    `groups` [n]: what is drawn whole. `strata` [n]: a measure is taken inside each and averaged by positives
    (`spearman`: by pairs). Raises UsageError for an unknown measure.
    """
    if measure not in MEASURES:
        raise UsageError("no such measure", found=measure, valid=MEASURES)
    strata = np.zeros(len(truth), dtype=np.int64) if strata is None else strata
    _, group = np.unique(groups, return_inverse=True)
    count = int(group.max(initial=-1)) + 1
    random = np.random.default_rng(seed)
    times = [np.ones(count, dtype=np.int64)]
    times += [np.bincount(random.integers(0, count, count), minlength=count) for _ in range(draws)]
    parts = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    drawn = {name: _resample(measure, values, truth, group, parts, times) for name, values in scores.items()}
    first = next(iter(drawn.values()))
    return [
        Result(
            name, float(values[0]), *interval(values[1:]), float(first[0] - values[0]), *interval((first - values)[1:])
        )
        for name, values in drawn.items()
    ]


def _resample(
    measure: str,
    scores: Values,
    truth: Values,
    group: NDArray[np.integer],
    parts: list[NDArray[np.int64]],
    times: list[NDArray[np.int64]],
) -> Values:
    """The measure, averaged over strata, on the pairs as they are and on each resample."""
    total, mass = np.zeros(len(times)), np.zeros(len(times))
    for rows in parts:
        ranked, true, own = Sorted.of(scores[rows]), truth[rows], group[rows]
        for at, counts in enumerate(times):
            weight = counts[own].astype(np.float64)
            if measure == "spearman":
                repeated = np.repeat(rows, counts[own])
                value, share = spearman(scores[repeated], truth[repeated]), float(len(repeated))
            else:
                positive = weight * (true > 0)
                value, share = _BY_RANK[measure](ranked, positive, weight - positive), float(positive.sum())
            if np.isfinite(value):
                total[at] += value * share
                mass[at] += share
    return np.where(mass > 0, total / np.maximum(mass, 1e-12), np.nan)


def spearman(a: Values, b: Values) -> float:
    """Spearman's rank correlation; NaN where one side does not vary."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    from scipy.stats import spearmanr  # takes most of a second to import, and a question needs none of it

    return float(spearmanr(a, b).statistic)


def interval(values: Values) -> tuple[float, float]:
    """The middle 95 % of resampled values; NaN without any."""
    if not np.isfinite(values).any():
        return float("nan"), float("nan")
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def cosines(a: NDArray[np.floating], b: NDArray[np.floating]) -> Values:
    """The cosine of each row of `a` [n, d] with the same row of `b`; 0 where one is zeros."""
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray(np.einsum("nd,nd->n", a, b) / np.maximum(lengths, 1e-12), dtype=np.float64)
