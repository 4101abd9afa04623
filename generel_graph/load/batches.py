"""Load over Bolt: compare digests, write the difference. Idempotent, and completed by the next call if killed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import polars as pl

from generel_etl.resolve import Resolved, SourceCounts
from generel_graph.graph import Graph
from generel_graph.load.difference import EDGE_KEY, edge_difference
from generel_graph.load.report import LoadReport
from generel_graph.load.rows import edge_rows, node_rows, source_row
from generel_graph.load.schema import create_indexes, create_keys
from generel_graph.progress import Progress, silent

EDGE_SCHEMA = dict.fromkeys([*EDGE_KEY, "digest"], pl.String)
NODE_SCHEMA = {"id": pl.String, "digest": pl.String}


def load_batches(graph: Graph, resolved: Resolved, progress: Progress = silent) -> LoadReport:
    """Bring the graph to what is resolved: edges that went are deleted, then nodes and edges are written.

    Only sources whose digest differs are read; the digest of a source is written last, so that a killed
    load is found unfinished by the next. The caller holds the lease. Raises GraphError.
    """
    began = time.monotonic()
    create_keys(graph)
    found = {row["name"]: row for row in graph.rows("load/get_sources")}
    now = {source.name: source for source in resolved.sources}
    stale = sorted(
        {n for n, s in now.items() if n not in found or found[n]["digest"] != s.digest} | (found.keys() - now.keys())
    )
    counts = {
        "nodes_written": 0,
        "nodes_deleted": 0,
        "edges_created": 0,
        "edges_changed": 0,
        "edges_deleted": 0,
    }
    if stale:
        graph.write("load/open_sources", names=stale)
        counts = _write_difference(graph, resolved, stale, [n for n in stale if n in found], progress)
    create_indexes(graph)
    gone = sorted(found.keys() - now.keys())
    if gone:
        graph.write("load/delete_sources", names=gone)
    restated = [s for n, s in now.items() if n in stale or _differs(s, found[n])]
    if restated:
        graph.write("load/set_sources", rows=[source_row(s) for s in restated])
    return LoadReport(
        way="batches" if stale else "nothing",
        sources=tuple(stale),
        seconds=time.monotonic() - began,
        **counts,
    )


def _differs(source: SourceCounts, stored: dict[str, Any]) -> bool:
    return any(stored.get(key) != value for key, value in source_row(source).items() if key in stored)


def _write_difference(
    graph: Graph, resolved: Resolved, stale: Sequence[str], seen: Sequence[str], progress: Progress
) -> dict[str, int]:
    nodes = resolved.nodes.filter(pl.col("source").is_in(stale))
    edges = resolved.edges.filter(pl.col("source").is_in(stale))
    old_nodes, old_edges = pl.DataFrame(schema=NODE_SCHEMA), pl.DataFrame(schema=EDGE_SCHEMA)
    if seen:
        old_nodes = graph.frame("load/list_node_digests", schema=NODE_SCHEMA, sources=list(seen))
        old_edges = graph.frame(
            "load/list_edge_digests",
            graph.key_ranges(),
            schema=EDGE_SCHEMA,
            progress=progress,
            stage="compare edges",
            sources=list(seen),
        )
    difference = edge_difference(edges, old_edges)
    written = nodes.join(old_nodes, on=["id", "digest"], how="anti")
    gone = old_nodes.join(nodes, on="id", how="anti")
    fresh = set(written.join(old_nodes, on="id", how="anti")["id"]) if len(old_nodes) else None
    return {
        "edges_deleted": _by_type(graph, "load/delete_edges", difference.lost, progress, "delete edges"),
        "nodes_written": graph.batches(
            "load/merge_nodes", node_rows(written, fresh), progress=progress, stage="write nodes"
        ),
        "edges_created": _by_type(graph, "load/create_edges", difference.created, progress, "create edges"),
        "edges_changed": _by_type(graph, "load/set_edges", difference.changed, progress, "change edges"),
        "nodes_deleted": graph.batches(
            "load/delete_nodes", gone.select("id").to_dicts(), progress=progress, stage="delete nodes"
        ),
    }


def _by_type(graph: Graph, name: str, edges: pl.DataFrame, progress: Progress, stage: str) -> int:
    """Send edges a type at a time, since one statement writes one relationship type; sorted, for locality."""
    total = 0
    for (kind,), part in edges.sort("type", "start", "end").group_by("type", maintain_order=True):
        for piece in part.iter_slices(100_000):  # bounds the Python rows in memory
            total += graph.batches(name, edge_rows(piece), type=kind, progress=progress, stage=f"{stage} {kind}")
    return total
