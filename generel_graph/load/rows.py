"""Convert resolved tables to the rows of the Cypher statements and to the columns of a bulk import."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars as pl

from generel_etl.resolve import SourceCounts
from generel_etl.schema import KINDS, node_labels

NOT_PROPERTIES = ("type", "start", "end")  # columns of an edge that are not stored as properties


def empty_to_null(frame: pl.DataFrame) -> pl.DataFrame:
    """Replace empty texts and empty lists by null: the graph stores no empty properties."""
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.List):
            column = pl.when(column.list.len() > 0).then(column)
        elif dtype == pl.String:
            column = pl.when(column != "").then(column)
        columns.append(column.alias(name))
    return frame.select(columns)


def node_rows(nodes: pl.DataFrame, new_ids: Collection[str] | None = None) -> list[dict[str, Any]]:
    """The rows of `load/merge_nodes`.

    `new_ids` are the ids that the graph does not have yet (None: all of them). Only existing nodes can have labels of
    another kind, which the statement removes.
    """
    rows = []
    for row in empty_to_null(nodes).iter_rows(named=True):
        own_labels = node_labels(row["kind"])
        exists = new_ids is not None and row["id"] not in new_ids
        rows.append(
            {
                "id": row.pop("id"),
                "labels": own_labels,
                "remove": [label for label in (*KINDS, "Concept") if label not in own_labels] if exists else [],
                "props": row,
            }
        )
    return rows


def edge_rows(edges: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of the edge statements; `props` has all properties with a value, including source and key."""
    edges = empty_to_null(edges)
    columns = [name for name in edges.columns if edges[name].null_count() < len(edges)]
    rows = []
    for row in edges.select(columns).iter_rows(named=True):
        props = {key: value for key, value in row.items() if value is not None and key not in NOT_PROPERTIES}
        rows.append(
            {
                "start": row["start"],
                "end": row["end"],
                "source": row["source"],
                "key": row["key"],
                "props": props,
            }
        )
    return rows


def source_row(source: SourceCounts) -> dict[str, Any]:
    """The properties of a `:Source` node."""
    names = ("name", "version", "licence", "url", "sha256", "digest", "nodes", "edges")
    counts = ("rows_read", "rows_loaded", "rows_merged", "rows_rejected", "rows_dangling", "rows_staged")
    values = {name: getattr(source, name) for name in (*names, *counts)}
    return {name: value for name, value in values.items() if value != ""}
