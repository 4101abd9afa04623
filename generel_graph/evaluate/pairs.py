"""A file of pairs as a test: `label` (1 or 0) asks for AUC, `value` for Spearman's correlation."""

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
    """Compare methods on a file's pairs; rows that ours cannot score (NaN) are left out for all.

    `pairs`: the columns `label` or `value`, perhaps `group` (what is drawn whole for the intervals; else each row).
    `scores`: by method, [rows], ours first. Raises DataError for a file with neither column, for a label that is
    not 0 or 1, a value that is no number, or where nothing is left to compare.
    """
    column = next((c for c in (LABEL, VALUE) if c in pairs.columns), None)
    if column is None:
        raise DataError(
            "missing column", where=where, found=pairs.columns, valid=(LABEL, VALUE), next_step="add one of them"
        )
    truth = pairs[column].cast(pl.Float64, strict=False)
    wrong = truth.is_null() | ~truth.is_finite()
    if column == LABEL:
        wrong |= ~truth.is_in([0.0, 1.0])
    if wrong.fill_null(True).any():
        row = int(wrong.fill_null(True).arg_max() or 0)
        raise DataError(
            "a label is 0 or 1" if column == LABEL else "a value is a number",
            where=f"{where}, line {row + 2}, column {column}",
            found=pairs[column][row],
        )
    ours = next(iter(scores.values()))
    kept = np.isfinite(ours)
    groups = pairs[GROUP].rank("dense").to_numpy() if GROUP in pairs.columns else np.arange(len(pairs))
    values = truth.to_numpy()
    if kept.sum() < 2 or len(np.unique(values[kept])) < 2:
        raise DataError(
            "nothing to compare: fewer than two different labels or values have a score",
            where=where,
            found=f"{int(kept.sum())} of {len(pairs)} pairs have one",
        )
    return [
        Benchmark(
            name=name,
            measure=measure,
            negatives="as in the file",
            n=int(kept.sum()) if column == VALUE else int(values[kept].sum()),
            groups=len(np.unique(groups[kept])),
            results=tuple(
                compare(
                    measure,
                    {method: np.nan_to_num(score[kept]) for method, score in scores.items()},
                    values[kept],
                    groups[kept].astype(np.int64),
                    draws=draws,
                    seed=seed,
                )
            ),
        )
        for measure in (BY_RANK if column == LABEL else ("spearman",))
    ]
