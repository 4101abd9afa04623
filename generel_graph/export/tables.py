"""Export nodes and edges as Parquet files with all properties and their types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from pyarrow import parquet

from generel_etl.atomic import atomic_file
from generel_etl.progress import Progress, silent
from generel_etl.resolve import EDGE_COLUMNS, NODE_COLUMNS
from generel_graph.config import Config
from generel_graph.export.pages import edge_pages, node_pages, unchanged
from generel_graph.graph.open import open_graph

ROW_GROUP = 50_000


def export_nodes(config: Config, path: Path, progress: Progress = silent) -> int:
    """Write all nodes as a Parquet file in the order of their ids and return their number.

    Raises GraphError if the graph changes meanwhile.
    """
    with open_graph(config, progress) as graph, atomic_file(path) as new, unchanged(graph):
        return write_parquet(new, NODE_COLUMNS, node_pages(graph, progress))


def export_edges(config: Config, path: Path, progress: Progress = silent) -> int:
    """Write all edges as a Parquet file in the order of their start nodes and return their number.

    Raises GraphError if the graph changes meanwhile.
    """
    with open_graph(config, progress) as graph, atomic_file(path) as new, unchanged(graph):
        return write_parquet(new, EDGE_COLUMNS, edge_pages(graph, progress))


def write_parquet(path: Path, columns: Mapping[str, Any], pages: Iterable[pl.DataFrame]) -> int:
    """Write frames of `columns` one after the other and return the number of rows.

    At most ROW_GROUP rows and one page are in memory.
    """
    schema = _arrow(pl.DataFrame(schema=columns)).schema
    rows = 0
    pending: list[pa.Table] = []
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for page in pages:
            pending.append(_arrow(page).cast(schema))
            rows += page.height
            if sum(table.num_rows for table in pending) >= ROW_GROUP:
                writer.write_table(pa.concat_tables(pending))
                pending = []
        if pending:
            writer.write_table(pa.concat_tables(pending))
    return rows


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
