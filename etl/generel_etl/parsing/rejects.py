"""Rejects: rows that fail a check, with file, line, column, the value found and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.schema import Rejects, conform

# The location of each row, beside the columns of its file; "#" prevents a collision with their names.
ROW, FILE, LINE = "#row", "#file", "#line"
_MAX_FOUND = 200  # characters of the value found


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that a row must fulfil; null counts as not fulfilled."""

    column: str  # the column that the reject names
    holds: pl.Expr
    reason: str | pl.Expr
    found: pl.Expr | None = None  # default: the text of the column


def as_rejects(frame: pl.DataFrame, column: str, reason: str | pl.Expr, found: pl.Expr | None = None) -> pl.DataFrame:
    """All rows of `frame` as rejects; `frame` has the columns ROW, FILE and LINE."""
    if found is None:
        found = pl.col(column) if column in frame.columns else pl.lit(None, dtype=pl.String)
    return conform(
        frame.select(
            pl.col(ROW).alias("row"),
            pl.col(FILE).cast(pl.String).alias("file"),
            pl.col(LINE).alias("line"),
            pl.lit(column).alias("column"),
            found.cast(pl.String).str.slice(0, _MAX_FOUND).alias("found"),
            (pl.lit(reason) if isinstance(reason, str) else reason).alias("reason"),
        ),
        Rejects,
    )


def split_valid_rows(frame: pl.DataFrame, checks: Sequence[Check]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that pass every check, and the rejects: one for each other row, by the first check that it fails."""
    rejects = []
    for check in checks:
        passed = frame.select(check.holds.fill_null(False).alias("ok"))["ok"]
        if passed.len() != frame.height:  # the check is a constant
            passed = pl.repeat(bool(passed[0]), frame.height, eager=True)
        if passed.all():
            continue
        rejects.append(as_rejects(frame.filter(~passed), check.column, check.reason, check.found))
        frame = frame.filter(passed)
    return frame, concat_rejects(rejects)


def concat_rejects(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Concatenate rejects and sort them by row."""
    return pl.concat([Rejects.create_empty(), *parts]).sort("row", maintain_order=True)
