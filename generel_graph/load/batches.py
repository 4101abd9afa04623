"""Load over Bolt: compare digests, write the difference. Idempotent, and completed by the next call if killed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from generel_etl.progress import Progress, silent
from generel_etl.resolve import Resolved, SourceCounts
from generel_graph.graph import Graph
from generel_graph.load.rows import edge_rows, node_rows, source_row
from generel_graph.load.schema import create_indexes, create_keys

EDGE_KEY = ["source", "type", "start", "end", "key"]
EDGE_SCHEMA = dict.fromkeys([*EDGE_KEY, "digest"], pl.String)
NODE_SCHEMA = {"id": pl.String, "digest": pl.String}


def load_batches(graph: Graph, resolved: Resolved, progress: Progress = silent) -> LoadReport:
    """Bring the graph to what is resolved: edges that went are deleted, then nodes and edges are written.

    Only sources whose digest differs are read; the digest of a source is written last, so that a killed
    load is found unfinished by the next. The caller holds the lease. Raises GraphError.
    """
    began = time.monotonic()
    create_keys(graph)
    found = {row["name"]: row for row in graph.rows("graph/get_sources")}
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


@dataclass(frozen=True, slots=True)
class EdgeDifference:
    """Edges to delete (columns of EDGE_KEY at least), to create and to change (as they are resolved)."""

    lost: pl.DataFrame
    created: pl.DataFrame
    changed: pl.DataFrame


def edge_difference(edges: pl.DataFrame, stored: pl.DataFrame) -> EdgeDifference:
    """Compare `edges`, each EDGE_KEY once, with `stored` (EDGE_KEY and digest), in which a key may stand twice.

    An edge that stands twice cannot come from us: both go, and one is created again. Nearly all edges of a
    large source are the same as before, and are known by their digest at a third of the cost of the whole key.
    """
    new, old = _without_same(edges, stored)
    twice = old.filter(pl.struct(EDGE_KEY).is_duplicated())
    known = old.join(twice, on=EDGE_KEY, how="anti")
    gone = pl.concat([known.join(new, on=EDGE_KEY, how="anti"), twice]).unique(EDGE_KEY)
    changed = new.join(known, on=EDGE_KEY, how="semi")
    created = new.join(known, on=EDGE_KEY, how="anti")
    if gone.height:  # one of two that stand there may be as it should be: it is deleted with the other
        again = edges.join(gone, on=EDGE_KEY, how="semi").join(created, on=EDGE_KEY, how="anti")
        created = pl.concat([created, again])
    return EdgeDifference(lost=gone, created=created, changed=changed)


def _without_same(edges: pl.DataFrame, stored: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables without the edges that are the same in both, by digest and, to be sure, by every part of the key."""
    if stored.is_empty():
        return edges, stored
    single = stored.select("digest").with_row_index("at").filter(~stored["digest"].is_duplicated())
    found = edges.select("digest").join(single, on="digest", how="left", maintain_order="left")["at"]
    here = found.is_not_null().arg_true()
    there = found.drop_nulls()
    same = pl.Series([True]).new_from_index(0, len(here))
    for column in EDGE_KEY:
        same &= edges[column].gather(here) == stored[column].gather(there)
    left_new, left_old = np.ones(edges.height, dtype=np.bool_), np.ones(stored.height, dtype=np.bool_)
    left_new[here.filter(same).to_numpy()] = False
    left_old[there.filter(same).to_numpy()] = False
    return edges.filter(pl.Series(left_new)), stored.filter(pl.Series(left_old))


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Numbers of nodes and edges that one load wrote, and the sources that it touched."""

    way: str  # "bulk", "batches" or "nothing"
    sources: tuple[str, ...] = ()
    nodes_written: int = 0
    nodes_deleted: int = 0
    edges_created: int = 0
    edges_changed: int = 0
    edges_deleted: int = 0
    seconds: float = 0.0

    @property
    def edges_touched(self) -> int:
        """Edges created, changed or deleted: what staleness of a model is measured by."""
        return self.edges_created + self.edges_changed + self.edges_deleted
