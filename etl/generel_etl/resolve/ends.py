"""The ends of edges as a table of distinct mentions, so that each is resolved once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.gather import kind_class
from generel_etl.resolve.names import name_key

_SIDES = ("start", "end")
_PARTS = ("kind", "id", "name")


@dataclass(frozen=True, slots=True)
class Batch:
    """Edges of one source whose ends are numbers of rows of `ends` (columns `start_at`, `end_at`).

    `ends`: kind, id, name, class, key (of the name), row (the first that has it).
    """

    src: int
    edges: pl.DataFrame
    ends: pl.DataFrame


def take_ends(edges: pl.DataFrame, src: int) -> Batch:
    """Put the distinct ends of `edges` into a table of their own."""
    both = [edges.select("row", *(pl.col(f"{side}_{part}").alias(part) for part in _PARTS)) for side in _SIDES]
    ends = (
        pl.concat([end.group_by(_PARTS).agg(pl.col("row").min()) for end in both])
        .group_by(_PARTS)
        .agg(pl.col("row").min())
        .sort("row", *_PARTS)
        .with_row_index("at")
    )
    for side in _SIDES:
        columns = [f"{side}_{part}" for part in _PARTS]
        edges = edges.join(
            ends.select(*_PARTS, pl.col("at").alias(f"{side}_at")),
            left_on=columns,
            right_on=_PARTS,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        ).drop(columns)
    known = ends.select(*_PARTS, kind_class().alias("class"), name_key(pl.col("name")).alias("key"), "row")
    return Batch(src, edges, known)


def put_ends(batch: Batch, found: pl.DataFrame) -> pl.DataFrame:
    """Give each edge the nodes that its ends were found to be: start, start_way, end, end_way; null if none.

    `found`: target, way; one row an end of `batch.ends`, in its order.
    """
    return batch.edges.with_columns(
        found[column].gather(batch.edges[f"{side}_at"]).alias(name)
        for side in _SIDES
        for column, name in (("target", side), ("way", f"{side}_way"))
    )
