"""What became of each row: the states, and the counts that reconcile."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from generel_etl.errors import DataError
from generel_etl.resolve.result import StagedSource
from generel_etl.schema import with_multiplicities

LOADED, MERGED, STAGED, DANGLING, REJECTED = range(5)
STATE = pl.UInt8
STATES = ("loaded", "merged", "staged", "dangling", "rejected")

# What a row is judged by: the concept that it defines, else its edges, else other records, else its rejects; last,
# that it was counted (`RowMultiplicities`).
DEFINES, JOINS, MENTIONS, REFUSED, COUNTED = range(5)


def judged(states: pl.DataFrame, by: int) -> pl.DataFrame:
    """Rows and states (row, state) as something to judge rows by."""
    return states.select("row", pl.lit(by, dtype=STATE).alias("by"), pl.col("state").cast(STATE))


def count_rows(stage: StagedSource, parts: Sequence[pl.DataFrame]) -> dict[str, int]:
    """Give each row one state, and count: a row is what the best of its judges says.

    `parts`: from `judged`. Raises DataError where a row has no part and no reject, or a number beyond the
    rows read: a reader lost it, and counts that do not reconcile must not pass.
    """
    refused = stage.rejects().select("row").unique().collect().with_columns(state=pl.lit(REJECTED))
    multiplicities = stage.multiplicities().collect()
    counted = multiplicities.select("row", state=pl.lit(STAGED, dtype=STATE))
    every = pl.concat([*parts, judged(refused, REFUSED), judged(counted, COUNTED)])
    of_row = with_multiplicities(
        every.group_by("row").agg((pl.col("by") * 10 + pl.col("state")).min() % 10), multiplicities
    )
    total = int(of_row["rows"].sum())
    beyond = multiplicities.is_empty() and of_row.height > 0 and of_row["row"].max() != stage.rows_read
    if total != stage.rows_read or beyond:
        raise DataError(
            f"{stage.rows_read:,} rows were read, but {total:,} are accounted for",
            where=f"sources.{stage.name}",
            next_step="this is a fault of the source's reader: please report it with the file's layout",
        )
    found = dict(of_row.group_by("by").agg(pl.col("rows").sum()).rows())
    return {name: found.get(state, 0) for state, name in enumerate(STATES)}


def first_or_repeat(records: pl.DataFrame) -> pl.DataFrame:
    """Rows and states of one source's records: MERGED where an earlier one says the same, else LOADED."""
    records = records.sort("row", maintain_order=True)
    first = records.select(pl.struct(pl.all().exclude("row")).is_first_distinct()).to_series()
    return records.select("row", pl.when(first).then(LOADED).otherwise(MERGED).cast(STATE).alias("state"))
