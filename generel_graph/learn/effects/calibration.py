"""Calibration of the effect score: known effects compared with predictions that do not use them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generel_graph.learn.effects.score import MIN_EFFECTS, SOURCES, EffectScore, Ridge, Values
from generel_graph.metrics import spearman

PARTS = 5  # of the SNPs; each is left out once


@dataclass(frozen=True, slots=True)
class Calibration:
    """Known effects of one source compared with their predictions, from which the effect itself is left out.

    The ridge is fitted to other SNPs, so that no prediction uses the SNP's own effects as training data.
    """

    source: str
    pairs: int
    spearman: float
    slope: float  # of ln observed on ln predicted; 1 is ideal; below 1, the predictions vary too much
    predicted: tuple[float, ...]  # |ln odds ratio|: geometric mean of each third by prediction, smallest first
    observed: tuple[float, ...]  # of the same pairs


def calibrate(score: EffectScore) -> tuple[Calibration, ...]:
    """The calibration of a score on pairs that it does not know, by source; sources with few effects are left out."""
    known = score.known
    x, predicted = score.predictors(known.snps, known.traits, own=False), np.zeros(len(known.snps))
    for part in range(PARTS):
        out = known.snps % PARTS == part
        if out.any() and not out.all():
            fitted = Ridge.fit(x[~out], known.effects[~out], known.sources[~out])
            predicted[out] = fitted.predict(x[out], known.sources[out])
    return tuple(
        _calibration(source, predicted[rows] + mean, known.effects[rows] + mean)
        for number, (source, mean) in enumerate(zip(SOURCES, score.means.tolist(), strict=True))
        if (rows := known.sources == number).sum() >= MIN_EFFECTS
    )


def _calibration(source: str, predicted: Values, observed: Values) -> Calibration:
    thirds = np.array_split(np.argsort(predicted, kind="stable"), 3)
    variance = predicted.var()
    return Calibration(
        source=source,
        pairs=len(predicted),
        spearman=spearman(predicted, observed),
        slope=float(np.cov(predicted, observed, bias=True)[0, 1] / variance) if variance > 0 else 0.0,
        predicted=tuple(float(np.exp(predicted[rows].mean())) for rows in thirds),
        observed=tuple(float(np.exp(observed[rows].mean())) for rows in thirds),
    )
