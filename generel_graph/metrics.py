"""AUC, average precision and Spearman's correlation, with bootstrap intervals and paired differences of methods.

The bootstrap draws groups (papers, loci) with replacement, because the pairs of one group are not independent. A
measure is computed within each stratum (a cut-off year), because scores of different models are not comparable. The
mean over the strata is weighted by their numbers of positives (Spearman's correlation: of pairs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import UsageError

DRAWS = 1_000  # resamples of an interval
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Result:
    """A method's value, and the first method's value minus it (`ahead`), each with its 95 % interval."""

    method: str
    value: float
    ci_low: float
    ci_high: float
    ahead: float = float("nan")
    ahead_low: float = float("nan")
    ahead_high: float = float("nan")


@dataclass(frozen=True, slots=True)
class RankedScores:
    """Scores in ascending order."""

    order: NDArray[np.int64]  # [n], the pair at each rank
    tie_starts: NDArray[np.int64]  # the ranks at which groups of equal scores begin

    @classmethod
    def of(cls, scores: Values) -> RankedScores:
        """Sort scores; all resamples use this order with other weights."""
        order = np.argsort(scores, kind="stable")
        ranked = scores[order]
        return cls(order, np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]))

    def sums(self, weights: Values) -> Values:
        """The sum of the weights in each group of equal scores."""
        return np.asarray(np.add.reduceat(weights[self.order], self.tie_starts), dtype=np.float64)


def auc(scores: Values, positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve (Mann–Whitney): a tie counts one half; NaN without both classes."""
    return _auc(RankedScores.of(scores), positive.astype(np.float64), (~positive).astype(np.float64))


def average_precision(scores: Values, positive: NDArray[np.bool_]) -> float:
    """Mean precision at the positives; tied pairs share one rank; NaN without positives."""
    return _average_precision(RankedScores.of(scores), positive.astype(np.float64), (~positive).astype(np.float64))


def _auc(ranked: RankedScores, positive: Values, negative: Values) -> float:
    at_score, others = ranked.sums(positive), ranked.sums(negative)
    n, m = at_score.sum(), others.sum()
    if not n or not m:
        return float("nan")
    return float((at_score * (np.cumsum(others) - others / 2)).sum() / (n * m))


def _average_precision(ranked: RankedScores, positive: Values, negative: Values) -> float:
    at_score, others = ranked.sums(positive)[::-1], ranked.sums(negative)[::-1]
    n = at_score.sum()
    if not n:
        return float("nan")
    above = np.cumsum(at_score)  # positives with this score or a higher one
    return float((at_score * above / np.maximum(above + np.cumsum(others), 1e-12)).sum() / n)


_BY_RANK: Mapping[str, Callable[[RankedScores, Values, Values], float]] = {
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
    """Each method's value on the same pairs, and the first method's difference to it on the same resamples.

    `measure`: one of MEASURES. `scores`: by method, [n]. `truth` [n]: 1 and 0, or the values for `spearman`.
    `groups` [n]: the units that the bootstrap draws. `strata` [n]: the measure is computed within each and averaged,
    weighted by positives (`spearman`: by pairs); None: one stratum. `draws`: resamples.
    Raises UsageError for an unknown measure.
    """
    if measure not in MEASURES:
        raise UsageError("unknown measure", found=measure, valid=MEASURES)
    strata = np.zeros(len(truth), dtype=np.int64) if strata is None else strata
    _, group = np.unique(groups, return_inverse=True)
    count = int(group.max(initial=-1)) + 1
    random = np.random.default_rng(seed)
    multiplicities = [np.ones(count, dtype=np.int64)]  # of each group: the data, then the resamples
    multiplicities += [np.bincount(random.integers(0, count, count), minlength=count) for _ in range(draws)]
    parts = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    drawn = {name: _resample(measure, values, truth, group, parts, multiplicities) for name, values in scores.items()}
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
    multiplicities: list[NDArray[np.int64]],
) -> Values:
    """The measure, averaged over strata, on the pairs themselves and on each resample, [1 + draws]."""
    total, mass = np.zeros(len(multiplicities)), np.zeros(len(multiplicities))
    for rows in parts:
        ranked, stratum_truth, stratum_group = RankedScores.of(scores[rows]), truth[rows], group[rows]
        for draw, counts in enumerate(multiplicities):
            weight = counts[stratum_group].astype(np.float64)
            if measure == "spearman":
                repeated = np.repeat(rows, counts[stratum_group])
                value, size = spearman(scores[repeated], truth[repeated]), float(len(repeated))
            else:
                positive = weight * (stratum_truth > 0)
                value, size = _BY_RANK[measure](ranked, positive, weight - positive), float(positive.sum())
            if np.isfinite(value):
                total[draw] += value * size
                mass[draw] += size
    return np.where(mass > 0, total / np.maximum(mass, 1e-12), np.nan)


def spearman(a: Values, b: Values) -> float:
    """Spearman's rank correlation; NaN if one side is constant."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    from scipy.stats import spearmanr  # imported here: it takes most of a second, and a search does not need it

    return float(spearmanr(a, b).statistic)


def interval(values: Values) -> tuple[float, float]:
    """The 2.5 % and 97.5 % quantiles of resampled values; NaN without a finite value."""
    if not np.isfinite(values).any():
        return float("nan"), float("nan")
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def cosines(a: NDArray[np.floating], b: NDArray[np.floating]) -> Values:
    """The cosine of each row of `a` [n, d] and the same row of `b`, [n]; 0 if one of them is zeros."""
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray(np.einsum("nd,nd->n", a, b) / np.maximum(lengths, 1e-12), dtype=np.float64)
