"""Read the graph page by page, so that memory does not grow with its size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from generel_etl.atomic import atomic_folder
from generel_etl.errors import GraphError, UsageError
from generel_etl.progress import Progress
from generel_etl.resolve import EDGE_COLUMNS, NODE_COLUMNS
from generel_graph.graph import Graph
from generel_graph.graph.digest import graph_digest

PAGE = 500  # nodes, with all edges that start at them


def node_pages(graph: Graph, progress: Progress) -> Iterator[pl.DataFrame]:
    """All nodes in the order of their ids, in frames of NODE_COLUMNS."""
    ranges = graph.key_ranges(PAGE)
    for page in graph.pages("export/list_nodes", ranges, NODE_COLUMNS, progress, "nodes"):
        yield page.select(*NODE_COLUMNS)


def edge_pages(graph: Graph, progress: Progress) -> Iterator[pl.DataFrame]:
    """All edges in the order of their start nodes, in frames of EDGE_COLUMNS."""
    ranges = graph.key_ranges(PAGE)
    for page in graph.pages("export/list_edges", ranges, EDGE_COLUMNS, progress, "edges"):
        yield page.select(*EDGE_COLUMNS)


@contextmanager
def unchanged(graph: Graph) -> Iterator[None]:
    """Raise GraphError at the end of the block if the graph changed: its pages would be of two states."""
    before = graph_digest(graph)
    yield
    if graph_digest(graph) != before or before is None:
        raise GraphError(
            "the graph changed while it was read, or its last load is incomplete",
            where=graph.uri,
            next_step="run the command again when the sync has finished",
        )


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder that appears only when it is complete; raises UsageError if `folder` exists and is not empty."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("the folder is not empty", where=folder, next_step="name a new folder, or empty this one")
    with atomic_folder(folder) as new:
        yield new
