"""The graph read page by page, so that a large one needs no more memory than a small one."""

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

PAGE = 500  # nodes, with all edges that start there


def node_pages(graph: Graph, progress: Progress) -> Iterator[pl.DataFrame]:
    """All nodes in the order of their ids, in frames of NODE_COLUMNS."""
    ranges = graph.key_ranges(PAGE)
    for page in graph.pages("export/list_nodes", ranges, NODE_COLUMNS, progress, "nodes"):
        yield page.select(*NODE_COLUMNS)


def edge_pages(graph: Graph, progress: Progress) -> Iterator[pl.DataFrame]:
    """All edges in the order of their starts, in frames of EDGE_COLUMNS."""
    ranges = graph.key_ranges(PAGE)
    for page in graph.pages("export/list_edges", ranges, EDGE_COLUMNS, progress, "edges"):
        yield page.select(*EDGE_COLUMNS)


@contextmanager
def unchanged(graph: Graph) -> Iterator[None]:
    """Raise GraphError at the end of the block if the graph is another one than it was: pages of two would be mixed."""
    before = graph_digest(graph)
    yield
    if graph_digest(graph) != before or before is None:
        raise GraphError(
            "the graph changed while it was read, or its last load did not finish",
            where=graph.uri,
            next_step="run the command again when the sync is done",
        )


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill that takes its place whole; raises UsageError for one with something in it."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("the folder is not empty", where=folder, next_step="name a new folder, or empty this one")
    with atomic_folder(folder) as new:
        yield new
