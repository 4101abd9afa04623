"""Resolved tables as the maps that Cypher unwinds, and as columns that a bulk import reads."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars as pl

from generel_etl.resolve import SourceCounts
from generel_etl.schema import KINDS, node_labels

ENDS = ("type", "start", "end")


def absent(frame: pl.DataFrame) -> pl.DataFrame:
    """Make empty texts and empty lists null: a graph has no property rather than an empty one."""
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.List):
            column = pl.when(column.list.len() > 0).then(column)
        elif dtype == pl.String:
            column = pl.when(column != "").then(column)
        columns.append(column.alias(name))
    return frame.select(columns)


def node_rows(nodes: pl.DataFrame, fresh: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Rows of `load/merge_nodes`; `fresh` are ids that the graph lacks (None: all), which carry no old label."""
    rows = []
    for row in absent(nodes).iter_rows(named=True):
        own = node_labels(row["kind"])
        known = fresh is not None and row["id"] not in fresh
        rows.append(
            {
                "id": row.pop("id"),
                "labels": own,
                "remove": [k for k in (*KINDS, "Concept") if k not in own] if known else [],
                "props": row,
            }
        )
    return rows


def edge_rows(edges: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of the edge statements; `props` holds what is there, source and key among it."""
    edges = absent(edges)
    filled = [name for name in edges.columns if edges[name].null_count() < len(edges)]
    rows = []
    for row in edges.select(filled).iter_rows(named=True):
        props = {key: value for key, value in row.items() if value is not None and key not in ENDS}
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
    """The properties of a `:Source`."""
    names = ("name", "version", "licence", "url", "sha256", "digest", "nodes", "edges")
    counts = ("rows_read", "rows_loaded", "rows_merged", "rows_rejected", "rows_dangling", "rows_staged")
    found = {name: getattr(source, name) for name in (*names, *counts)}
    return {name: value for name, value in found.items() if value != ""}
