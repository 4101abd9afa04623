"""Whether effects are as large as they are said to be: known ones beside what is told of them without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generel_graph.learn.effects.score import FEWEST, SOURCES, EffectScore, Ridge, Values
from generel_graph.metrics import spearman

PARTS = 5  # of the SNPs, left out in turn


@dataclass(frozen=True, slots=True)
class Calibration:
    """How known effects of one source follow what is told of them with the pair's own left out.

    The weights of the ridge come from other SNPs: nothing here was fitted to the pairs that it is about.
    """

    source: str
    pairs: int
    spearman: float
    slope: float  # of ln observed on ln predicted: 1 is right, less: the predicted ones are too far apart
    predicted: tuple[float, ...]  # |ln odds ratio|, geometric means of the thirds by prediction, the smallest first
    observed: tuple[float, ...]  # of the same pairs


def calibrate(score: EffectScore) -> tuple[Calibration, ...]:
    """How well a score holds for pairs that it does not know, by source; a source of few effects is left out."""
    known = score.known
    x, told = score.numbers(known.snps, known.traits, own=False), np.zeros(len(known.snps))
    for part in range(PARTS):
        out = known.snps % PARTS == part
        if out.any() and not out.all():
            fitted = Ridge.fit(x[~out], known.effects[~out], known.sources[~out])
            told[out] = fitted.told(x[out], known.sources[out])
    return tuple(
        _calibration(source, told[rows] + mean, known.effects[rows] + mean)
        for number, (source, mean) in enumerate(zip(SOURCES, score.means.tolist(), strict=True))
        if (rows := known.sources == number).sum() >= FEWEST
    )


def _calibration(source: str, told: Values, observed: Values) -> Calibration:
    thirds = np.array_split(np.argsort(told, kind="stable"), 3)
    spread = told.var()
    return Calibration(
        source=source,
        pairs=len(told),
        spearman=spearman(told, observed),
        slope=float(np.cov(told, observed, bias=True)[0, 1] / spread) if spread > 0 else 0.0,
        predicted=tuple(float(np.exp(told[rows].mean())) for rows in thirds),
        observed=tuple(float(np.exp(observed[rows].mean())) for rows in thirds),
    )
