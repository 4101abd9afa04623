"""Tests on a file of pairs: AUC and average precision of `label` (1 or 0), Spearman's correlation of `value`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from generel_etl.errors import DataError
from generel_graph.evaluate.report import Benchmark
from generel_graph.metrics import BY_RANK, Values, compare

LABEL, VALUE, GROUP = "label", "value", "group"


def pair_benchmarks(
    name: str, pairs: pl.DataFrame, scores: Mapping[str, Values], *, where: object, draws: int, seed: int
) -> list[Benchmark]:
    """Compare methods on a file's pairs; rows that the first method cannot score (NaN) are left out for all.

    `pairs`: the columns `label` or `value`, and optionally `group`, the unit that the bootstrap draws (default: each
    row). `scores`: by method, [rows], the space first. Raises DataError for a file with neither column, a label that
    is not 0 or 1, a value that is not a number, or fewer than two different labels or values with a score.
    """
    column = next((c for c in (LABEL, VALUE) if c in pairs.columns), None)
    if column is None:
        raise DataError(
            "missing column", where=where, found=pairs.columns, valid=(LABEL, VALUE), next_step="add one of them"
        )
    truth = pairs[column].cast(pl.Float64, strict=False)
    invalid = truth.is_null() | ~truth.is_finite()
    if column == LABEL:
        invalid |= ~truth.is_in([0.0, 1.0])
    if invalid.fill_null(True).any():
        row = int(invalid.fill_null(True).arg_max() or 0)
        raise DataError(
            "a label is 0 or 1" if column == LABEL else "a value is a number",
            where=f"{where}, line {row + 2}, column {column}",
            found=pairs[column][row],
        )
    scored = np.isfinite(next(iter(scores.values())))
    groups = pairs[GROUP].rank("dense").to_numpy() if GROUP in pairs.columns else np.arange(len(pairs))
    values = truth.to_numpy()
    if scored.sum() < 2 or len(np.unique(values[scored])) < 2:
        raise DataError(
            "nothing to compare: fewer than two different labels or values have a score",
            where=where,
            found=f"{int(scored.sum())} of {len(pairs)} pairs have a score",
        )
    return [
        Benchmark(
            name=name,
            measure=measure,
            negatives="as in the file",
            n=int(scored.sum()) if column == VALUE else int(values[scored].sum()),
            groups=len(np.unique(groups[scored])),
            results=tuple(
                compare(
                    measure,
                    {method: np.nan_to_num(score[scored]) for method, score in scores.items()},
                    values[scored],
                    groups[scored].astype(np.int64),
                    draws=draws,
                    seed=seed,
                )
            ),
        )
        for measure in (BY_RANK if column == LABEL else ("spearman",))
    ]
