"""Rows that nothing can be made of: found by named checks, kept with file, line, column, what was found and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.schema import Rejects, conform

# Beside a file's own columns, every row read carries its place; "#" keeps them apart from a file's names.
ROW, FILE, LINE = "#row", "#file", "#line"
_FOUND = 200  # characters kept of what was found


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a row must fulfil; a null counts as not fulfilled."""

    column: str  # how the reject names the place: a column of the file
    holds: pl.Expr
    reason: str | pl.Expr
    found: pl.Expr | None = None  # default: the column's own text


def as_rejects(frame: pl.DataFrame, column: str, reason: str | pl.Expr, found: pl.Expr | None = None) -> pl.DataFrame:
    """All of `frame`'s rows as rejects; the frame has the columns ROW, FILE and LINE."""
    if found is None:
        found = pl.col(column) if column in frame.columns else pl.lit(None, dtype=pl.String)
    return conform(
        frame.select(
            pl.col(ROW).alias("row"),
            pl.col(FILE).cast(pl.String).alias("file"),
            pl.col(LINE).alias("line"),
            pl.lit(column).alias("column"),
            found.cast(pl.String).str.slice(0, _FOUND).alias("found"),
            (pl.lit(reason) if isinstance(reason, str) else reason).alias("reason"),
        ),
        Rejects,
    )


def split_valid_rows(frame: pl.DataFrame, checks: Sequence[Check]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part a frame into the rows that pass every check and the rejects; each row is rejected once, by its first."""
    found = []
    for check in checks:
        passed = frame.select(check.holds.fill_null(False).alias("ok"))["ok"]
        if passed.len() != frame.height:  # the check is a constant
            passed = pl.repeat(bool(passed[0]), frame.height, eager=True)
        if passed.all():
            continue
        found.append(as_rejects(frame.filter(~passed), check.column, check.reason, check.found))
        frame = frame.filter(passed)
    return frame, concat_rejects(found)


def concat_rejects(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Rejects of several checks as one table, in the order of rows."""
    return pl.concat([Rejects.create_empty(), *parts]).sort("row", maintain_order=True)
