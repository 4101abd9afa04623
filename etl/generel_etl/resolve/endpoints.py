"""The endpoints of edges as a table of distinct mentions, so that each mention is resolved once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.gather import kind_class
from generel_etl.resolve.names import name_key

_SIDES = ("start", "end")
_PARTS = ("kind", "id", "name")


@dataclass(frozen=True, slots=True)
class EdgeBatch:
    """Edges of one source that refer to rows of `endpoints` (columns `start_endpoint`, `end_endpoint`).

    `src`: the index of the source. `endpoints`: kind, id, name, class, key (of the name), row (the first with it).
    """

    src: int
    edges: pl.DataFrame
    endpoints: pl.DataFrame


def index_endpoints(edges: pl.DataFrame, src: int) -> EdgeBatch:
    """Move the distinct endpoints of `edges` into a table of their own."""
    sides = [edges.select("row", *(pl.col(f"{side}_{part}").alias(part) for part in _PARTS)) for side in _SIDES]
    distinct = (
        pl.concat([side.group_by(_PARTS).agg(pl.col("row").min()) for side in sides])
        .group_by(_PARTS)
        .agg(pl.col("row").min())
        .sort("row", *_PARTS)
        .with_row_index("index")
    )
    for side in _SIDES:
        columns = [f"{side}_{part}" for part in _PARTS]
        edges = edges.join(
            distinct.select(*_PARTS, pl.col("index").alias(f"{side}_endpoint")),
            left_on=columns,
            right_on=_PARTS,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        ).drop(columns)
    endpoints = distinct.select(*_PARTS, kind_class().alias("class"), name_key(pl.col("name")).alias("key"), "row")
    return EdgeBatch(src, edges, endpoints)


def attach_nodes(batch: EdgeBatch, targets: pl.DataFrame) -> pl.DataFrame:
    """Add the nodes of its endpoints to each edge: start, start_method, end, end_method; null without a node.

    `targets`: target and method of each row of `batch.endpoints`, in order.
    """
    return batch.edges.with_columns(
        targets[column].gather(batch.edges[f"{side}_endpoint"]).alias(name)
        for side in _SIDES
        for column, name in (("target", side), ("method", f"{side}_method"))
    )
