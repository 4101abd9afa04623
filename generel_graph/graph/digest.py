"""The graph's digest: as the sources state it, and as it is recomputed from every node and edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from generel_etl.digest import row_digests, sum_digests
from generel_etl.resolve import EDGE_COLUMNS, NODE_COLUMNS
from generel_etl.schema import node_labels
from generel_graph.graph.connect import Graph

OUTSIDE = ("id", "digest")


def total(digests: Sequence[str]) -> str:
    """The digest of a graph: the sum of its sources' digests (32 hexadecimal digits)."""
    return sum_digests(pl.Series(list(digests), dtype=pl.String))


def graph_digest(graph: Graph) -> str | None:
    """The digest that the sources' records add up to; None while a load has not finished."""
    return digest_of(graph.rows("graph/get_sources"))


def digest_of(sources: Sequence[Mapping[str, Any]]) -> str | None:
    """The same of rows of `graph/get_sources` that were read already."""
    digests = [row["digest"] for row in sources]
    return None if None in digests else total(digests)


def deep_digest(graph: Graph) -> str:
    """The same, recomputed from every node and edge that is really there: slow, and trusts no record.

    Labels count too: a node whose labels are not those of its kind changes the digest.
    """
    names = [name for name in NODE_COLUMNS if name not in OUTSIDE]
    ranges = graph.key_ranges()
    digests: list[pl.Series] = []
    for first, last in ranges:
        nodes = graph.row("graph/get_nodes", first=first, last=last, names=names)
        rows = []
        for id_, found, props in zip(nodes["id"], nodes["labels"], nodes["props"], strict=True):
            row = {"id": id_, **dict(zip(names, props, strict=True))}
            if sorted(found) != sorted(node_labels(str(row["kind"]))):
                row["kind"] = ":".join(sorted(found))
            rows.append(row)
        digests.append(row_digests(_typed(rows, NODE_COLUMNS)))
        edges = graph.row("graph/get_edges", first=first, last=last)
        stored = [
            {"start": start, "end": end, "type": kind, **props}
            for start, end, kind, props in zip(edges["start"], edges["end"], edges["type"], edges["props"], strict=True)
        ]
        if stored:
            digests.append(row_digests(_typed(stored, EDGE_COLUMNS)))
    return sum_digests(pl.concat(digests)) if digests else total([])


def _typed(rows: list[dict[str, object]], columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    """Rows as a frame of the stored columns; dates as the driver gives them become Python's."""
    stored = {name: dtype for name, dtype in columns.items() if name != "digest"}
    plain = {
        name: [value.to_native() if hasattr(value := row.get(name), "to_native") else value for row in rows]
        for name in stored
    }
    return pl.DataFrame({name: pl.Series(name, plain[name], dtype=dtype) for name, dtype in stored.items()})
