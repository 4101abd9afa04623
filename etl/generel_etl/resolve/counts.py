"""The state of each row of a source, and the counts of rows, which must reconcile."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from generel_etl.errors import DataError
from generel_etl.resolve.result import StagedSource
from generel_etl.schema import with_multiplicities

LOADED, MERGED, STAGED, DANGLING, REJECTED = range(5)
STATE = pl.UInt8
STATES = ("loaded", "merged", "staged", "dangling", "rejected")

# The records that decide the state of a row, in order of precedence: the concept that the row defines, its edges, its
# other records, its rejects, its entry in `RowMultiplicities`.
DEFINITION, EDGE, MENTION, REJECT, MULTIPLICITY = range(5)


def row_states(states: pl.DataFrame, record_type: int) -> pl.DataFrame:
    """States of rows (row, state) by records of one type: row, record_type, state."""
    return states.select("row", pl.lit(record_type, dtype=STATE).alias("record_type"), pl.col("state").cast(STATE))


def count_rows(stage: StagedSource, states: Sequence[pl.DataFrame]) -> dict[str, int]:
    """Count the rows of a source by state; a row has the best state of its records of the first type that it has.

    `states`: from `row_states`. Raises DataError if a row has no record and no reject, or a row number is larger than
    the rows read: the reader lost a row, and the counts do not reconcile.
    """
    rejects = stage.rejects().select("row").unique().collect().with_columns(state=pl.lit(REJECTED))
    multiplicities = stage.multiplicities().collect()
    counted = multiplicities.select("row", state=pl.lit(STAGED, dtype=STATE))
    every = pl.concat([*states, row_states(rejects, REJECT), row_states(counted, MULTIPLICITY)])
    best = every.group_by("row").agg((pl.col("record_type") * 10 + pl.col("state")).min() % 10)
    rows = with_multiplicities(best.rename({"record_type": "state"}), multiplicities)
    total = int(rows["rows"].sum())
    out_of_range = multiplicities.is_empty() and rows.height > 0 and rows["row"].max() != stage.rows_read
    if total != stage.rows_read or out_of_range:
        raise DataError(
            f"{stage.rows_read:,} rows were read, but {total:,} are accounted for",
            where=f"sources.{stage.name}",
            next_step="this is a bug in the reader of the source: report it with the layout of the file",
        )
    counts = dict(rows.group_by("state").agg(pl.col("rows").sum()).rows())
    return {name: counts.get(state, 0) for state, name in enumerate(STATES)}


def duplicate_states(records: pl.DataFrame) -> pl.DataFrame:
    """Row and state of the records of one source: MERGED if an earlier record is equal, otherwise LOADED."""
    records = records.sort("row", maintain_order=True)
    first = records.select(pl.struct(pl.all().exclude("row")).is_first_distinct()).to_series()
    return records.select("row", pl.when(first).then(LOADED).otherwise(MERGED).cast(STATE).alias("state"))
