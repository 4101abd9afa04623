"""Load over Bolt: compare digests and write the difference. Idempotent; the next call completes a killed load."""

from __future__ import annotations

import logging
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
SLICE_ROWS = 100_000  # edges that are converted to Python objects at a time, which bounds the memory

logger = logging.getLogger(__name__)


def load_batches(graph: Graph, resolved: Resolved, progress: Progress = silent) -> LoadReport:
    """Make the graph equal to the resolved sources: delete obsolete edges, then write nodes and edges.

    Only the nodes and edges of sources whose digest differs are compared. The digest of a source is written last, so
    that the next load detects an interrupted one. The caller holds the lease. Raises GraphError.
    """
    start = time.monotonic()
    create_keys(graph)
    stored = {row["name"]: row for row in graph.rows("graph/get_sources")}
    current = {source.name: source for source in resolved.sources}
    removed = sorted(stored.keys() - current.keys())
    changed = {n for n, s in current.items() if n not in stored or stored[n]["digest"] != s.digest}
    stale = sorted(changed | set(removed))
    counts = {
        "nodes_written": 0,
        "nodes_deleted": 0,
        "edges_created": 0,
        "edges_changed": 0,
        "edges_deleted": 0,
    }
    if stale:
        graph.write("load/mark_sources_incomplete", names=stale)
        counts = _write_difference(graph, resolved, stale, [n for n in stale if n in stored], progress)
    create_indexes(graph)
    if removed:
        graph.write("load/delete_sources", names=removed)
    outdated_records = [s for n, s in current.items() if n in stale or _differs(s, stored[n])]
    if outdated_records:
        graph.write("load/set_sources", rows=[source_row(s) for s in outdated_records])
    if stale:
        logger.info("Loaded %s: %s", ", ".join(stale), counts)
    return LoadReport(
        method="batches" if stale else "nothing",
        sources=tuple(stale),
        seconds=time.monotonic() - start,
        **counts,
    )


def _differs(source: SourceCounts, stored: dict[str, Any]) -> bool:
    return any(stored.get(key) != value for key, value in source_row(source).items() if key in stored)


def _write_difference(
    graph: Graph, resolved: Resolved, stale: Sequence[str], stored_sources: Sequence[str], progress: Progress
) -> dict[str, int]:
    """Write the nodes and edges of `stale` sources that differ; `stored_sources` are those that the graph has."""
    nodes = resolved.nodes.filter(pl.col("source").is_in(stale))
    edges = resolved.edges.filter(pl.col("source").is_in(stale))
    old_nodes, old_edges = pl.DataFrame(schema=NODE_SCHEMA), pl.DataFrame(schema=EDGE_SCHEMA)
    if stored_sources:
        sources = list(stored_sources)
        old_nodes = graph.pages("load/list_node_digests", schema=NODE_SCHEMA, sources=sources).frame()
        old_edges = graph.pages(
            "load/list_edge_digests", graph.key_ranges(), EDGE_SCHEMA, progress, "compare edges", sources=sources
        ).frame()
    difference = edge_difference(edges, old_edges)
    changed_nodes = nodes.join(old_nodes, on=["id", "digest"], how="anti")
    obsolete_nodes = old_nodes.join(nodes, on="id", how="anti")
    new_ids = set(changed_nodes.join(old_nodes, on="id", how="anti")["id"]) if len(old_nodes) else None
    return {
        "edges_deleted": _write_edges(graph, "load/delete_edges", difference.deleted, progress, "delete edges"),
        "nodes_written": graph.batches(
            "load/merge_nodes", node_rows(changed_nodes, new_ids), progress=progress, stage="write nodes"
        ),
        "edges_created": _write_edges(graph, "load/create_edges", difference.created, progress, "create edges"),
        "edges_changed": _write_edges(graph, "load/set_edges", difference.changed, progress, "change edges"),
        "nodes_deleted": graph.batches(
            "load/delete_nodes", obsolete_nodes.select("id").to_dicts(), progress=progress, stage="delete nodes"
        ),
    }


def _write_edges(graph: Graph, name: str, edges: pl.DataFrame, progress: Progress, stage: str) -> int:
    """Run an edge statement for one type at a time, since it takes one relationship type; sorted, for locality."""
    total = 0
    for (kind,), edges_of_type in edges.sort("type", "start", "end").group_by("type", maintain_order=True):
        for part in edges_of_type.iter_slices(SLICE_ROWS):
            total += graph.batches(name, edge_rows(part), type=kind, progress=progress, stage=f"{stage} {kind}")
    return total


@dataclass(frozen=True, slots=True)
class EdgeDifference:
    """Edges to delete (with the columns of EDGE_KEY at least), to create and to change (all resolved columns)."""

    deleted: pl.DataFrame
    created: pl.DataFrame
    changed: pl.DataFrame


def edge_difference(edges: pl.DataFrame, stored: pl.DataFrame) -> EdgeDifference:
    """Compare `edges`, with each EDGE_KEY once, with `stored` (EDGE_KEY and digest), where a key may be duplicated.

    A load never writes duplicates; all stored copies are deleted and one edge is created. Nearly all edges of a large
    source are unchanged; comparing digests first takes a third of the time of comparing complete keys.
    """
    new, old = _without_equal(edges, stored)
    duplicated = old.filter(pl.struct(EDGE_KEY).is_duplicated())
    single = old.join(duplicated, on=EDGE_KEY, how="anti")
    deleted = pl.concat([single.join(new, on=EDGE_KEY, how="anti"), duplicated]).unique(EDGE_KEY)
    changed = new.join(single, on=EDGE_KEY, how="semi")
    created = new.join(single, on=EDGE_KEY, how="anti")
    if deleted.height:  # a duplicate may equal the resolved edge; deleting by key removes that copy too
        recreated = edges.join(deleted, on=EDGE_KEY, how="semi").join(created, on=EDGE_KEY, how="anti")
        created = pl.concat([created, recreated])
    return EdgeDifference(deleted=deleted, created=created, changed=changed)


def _without_equal(edges: pl.DataFrame, stored: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables without the edges that are equal in both: by digest and, for certainty, by every part of the key."""
    if stored.is_empty():
        return edges, stored
    unique = stored.select("digest").with_row_index("row").filter(~stored["digest"].is_duplicated())
    match = edges.select("digest").join(unique, on="digest", how="left", maintain_order="left")["row"]
    new_rows = match.is_not_null().arg_true()
    stored_rows = match.drop_nulls()
    equal = pl.Series([True]).new_from_index(0, len(new_rows))
    for column in EDGE_KEY:
        equal &= edges[column].gather(new_rows) == stored[column].gather(stored_rows)
    differs_new, differs_old = np.ones(edges.height, dtype=np.bool_), np.ones(stored.height, dtype=np.bool_)
    differs_new[new_rows.filter(equal).to_numpy()] = False
    differs_old[stored_rows.filter(equal).to_numpy()] = False
    return edges.filter(pl.Series(differs_new)), stored.filter(pl.Series(differs_old))


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The sources that one load changed, and how many nodes and edges it wrote."""

    method: str  # "bulk", "batches" or "nothing"
    sources: tuple[str, ...] = ()
    nodes_written: int = 0
    nodes_deleted: int = 0
    edges_created: int = 0
    edges_changed: int = 0
    edges_deleted: int = 0
    seconds: float = 0.0

    @property
    def edge_changes(self) -> int:
        """Edges created, changed or deleted; a model is stale if their sum since its training is too large."""
        return self.edges_created + self.edges_changed + self.edges_deleted

    def as_json(self) -> dict[str, Any]:
        """The report with the keys that scripts read."""
        return {
            "way": self.method,
            "sources": list(self.sources),
            "nodes_written": self.nodes_written,
            "nodes_deleted": self.nodes_deleted,
            "edges_created": self.edges_created,
            "edges_changed": self.edges_changed,
            "edges_deleted": self.edges_deleted,
            "seconds": self.seconds,
        }
