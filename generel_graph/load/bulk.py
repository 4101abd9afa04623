"""The first load of an empty private server: write all data as CSV and bulk-import it into a new data folder."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from generel_etl.atomic import remove_leftovers, temporary_path
from generel_etl.progress import Progress, silent
from generel_etl.resolve import Resolved
from generel_etl.schema import node_labels
from generel_graph.config import Config
from generel_graph.load.batches import LoadReport
from generel_graph.load.rows import empty_to_null, source_row
from generel_graph.server import ARRAY_DELIMITER, bulk_import

CSV_TYPES = {pl.Int64: "long", pl.Float64: "double", pl.Date: "date", pl.Boolean: "boolean"}  # neo4j-admin's names

logger = logging.getLogger(__name__)


def load_bulk(config: Config, resolved: Resolved, progress: Progress = silent) -> LoadReport:
    """Import all resolved nodes, edges and source records, then switch the server to the new store.

    If the process is killed, the server has the old (empty) graph or the complete new one. The state folder needs free
    disk space of about three times the resolved tables. `load_batches` creates the indexes afterwards; it then finds
    no differences. Raises ServerError.
    """
    start = time.monotonic()
    logger.info("Bulk import of %d nodes and %d edges", len(resolved.nodes), len(resolved.edges))
    with _temporary_folder(config.state / "import") as folder:
        nodes: dict[str, list[Path]] = {}
        progress("write CSV", 0, None)
        for (kind,), part in resolved.nodes.group_by("kind", maintain_order=True):
            name = ":".join(node_labels(str(kind)))
            nodes[name] = _write_csv(part, folder, f"nodes-{kind}", {"id": "id:ID(Entity)"})
        nodes["Source"] = _write_csv(_source_frame(resolved), folder, "sources", {"name": "name:ID(Source)"})
        endpoints = {"start": ":START_ID(Entity)", "end": ":END_ID(Entity)"}
        edges = {
            str(kind): _write_csv(part.drop("type"), folder, f"edges-{kind}", endpoints)
            for (kind,), part in resolved.edges.group_by("type", maintain_order=True)
        }
        bulk_import(config, nodes, edges, progress)
    return LoadReport(
        method="bulk",
        sources=tuple(s.name for s in resolved.sources),
        nodes_written=len(resolved.nodes),
        edges_created=len(resolved.edges),
        seconds=time.monotonic() - start,
    )


@contextmanager
def _temporary_folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside `path` for the CSV files, and delete it afterwards; also those of killed imports."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    folder = temporary_path(path, "csv")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _source_frame(resolved: Resolved) -> pl.DataFrame:
    rows = [source_row(s) for s in resolved.sources]
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.lit(now).alias("synced_at:datetime"))


def _write_csv(frame: pl.DataFrame, folder: Path, name: str, headings: dict[str, str]) -> list[Path]:
    """Write one table as a header file and a file of rows, without columns that have no value.

    `headings` gives neo4j-admin's heading for some columns; those of other columns follow from name and type.
    """
    frame = empty_to_null(frame)
    frame = frame.select(c for c in frame.columns if frame[c].null_count() < len(frame))
    header = [headings.get(c) or _heading(c, t) for c, t in frame.schema.items()]
    frame = frame.with_columns(
        pl.col(c).list.drop_nulls().list.join(ARRAY_DELIMITER) for c, t in frame.schema.items() if t == pl.List
    )
    header_path, rows_path = folder / f"{name}.header.csv", folder / f"{name}.csv"
    header_path.write_text(",".join(header) + "\n", encoding="utf-8")
    frame.write_csv(rows_path, include_header=False)
    return [header_path, rows_path]


def _heading(column: str, dtype: pl.DataType) -> str:
    """neo4j-admin's heading of a column: its name and its type, as "weight:double"; texts need no type."""
    if ":" in column:
        return column
    if dtype == pl.List:
        return f"{column}:string[]"
    csv_type = CSV_TYPES.get(dtype.base_type())
    return f"{column}:{csv_type}" if csv_type else column
