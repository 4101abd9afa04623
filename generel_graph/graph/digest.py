"""The graph's digest: the sum of the digests that its sources record, or recomputed from every node and edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from generel_etl.digest import row_digests, sum_digests
from generel_etl.resolve import EDGE_COLUMNS, NODE_COLUMNS
from generel_etl.schema import node_labels
from generel_graph.graph.connect import Graph

NOT_READ_AS_PROPERTY = ("id", "digest")  # columns of a node that `graph/get_nodes` need not return as a property


def sum_source_digests(digests: Sequence[str]) -> str:
    """The digest of a graph: the sum of its sources' digests (32 hexadecimal digits)."""
    return sum_digests(pl.Series(list(digests), dtype=pl.String))


def graph_digest(graph: Graph) -> str | None:
    """The sum of the digests that the graph's `:Source` nodes record; None while a load is unfinished."""
    return digest_of_sources(graph.rows("graph/get_sources"))


def digest_of_sources(sources: Sequence[Mapping[str, Any]]) -> str | None:
    """The graph's digest from rows of `graph/get_sources`; None while a load is unfinished."""
    digests = [row["digest"] for row in sources]
    return None if None in digests else sum_source_digests(digests)


def deep_digest(graph: Graph) -> str:
    """The graph's digest, recomputed from every stored node and edge; slow, and independent of the recorded digests.

    It covers labels too: a node whose labels are not those of its kind changes the digest.
    """
    names = [name for name in NODE_COLUMNS if name not in NOT_READ_AS_PROPERTY]
    digests: list[pl.Series] = []
    for first, last in graph.key_ranges():
        nodes = graph.row("graph/get_nodes", first=first, last=last, names=names)
        node_rows = []
        for id_, stored_labels, props in zip(nodes["id"], nodes["labels"], nodes["props"], strict=True):
            row = {"id": id_, **dict(zip(names, props, strict=True))}
            if sorted(stored_labels) != sorted(node_labels(str(row["kind"]))):
                row["kind"] = ":".join(sorted(stored_labels))
            node_rows.append(row)
        digests.append(row_digests(_typed_frame(node_rows, NODE_COLUMNS)))
        edges = graph.row("graph/get_edges", first=first, last=last)
        edge_rows = [
            {"start": start, "end": end, "type": kind, **props}
            for start, end, kind, props in zip(edges["start"], edges["end"], edges["type"], edges["props"], strict=True)
        ]
        if edge_rows:
            digests.append(row_digests(_typed_frame(edge_rows, EDGE_COLUMNS)))
    return sum_digests(pl.concat(digests)) if digests else sum_source_digests([])


def _typed_frame(rows: list[dict[str, object]], columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    """Rows as a frame with the types of `columns`, without the digest; the driver's dates become Python's."""
    types = {name: dtype for name, dtype in columns.items() if name != "digest"}
    values = {
        name: [value.to_native() if hasattr(value := row.get(name), "to_native") else value for row in rows]
        for name in types
    }
    return pl.DataFrame({name: pl.Series(name, values[name], dtype=dtype) for name, dtype in types.items()})
