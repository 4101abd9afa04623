"""The first load of an empty local database: everything as CSV, imported in one go into a new data folder."""

from __future__ import annotations

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
from generel_graph.load.rows import absent, source_row
from generel_graph.server import ARRAY_DELIMITER, bulk_import

TYPES = {pl.Int64: "long", pl.Float64: "double", pl.Date: "date", pl.Boolean: "boolean"}


def load_bulk(config: Config, resolved: Resolved, progress: Progress = silent) -> LoadReport:
    """Import all that is resolved, sources' records included, and swap the new store in.

    Killed at any moment, the server has the old (empty) graph or the whole new one. Needs free disk of about
    three times the resolved tables, under the state folder. Indexes follow over Bolt (`load_batches`, which
    then finds nothing to write). Raises ServerError.
    """
    began = time.monotonic()
    with _scratch(config.state / "import") as folder:
        nodes: dict[str, list[Path]] = {}
        progress("write CSV", 0, None)
        for (kind,), part in resolved.nodes.group_by("kind", maintain_order=True):
            name = ":".join(node_labels(str(kind)))
            nodes[name] = _write(part, folder, f"nodes-{kind}", {"id": "id:ID(Entity)"})
        nodes["Source"] = _write(_sources(resolved), folder, "sources", {"name": "name:ID(Source)"})
        ends = {"start": ":START_ID(Entity)", "end": ":END_ID(Entity)"}
        edges = {
            str(kind): _write(part.drop("type"), folder, f"edges-{kind}", ends)
            for (kind,), part in resolved.edges.group_by("type", maintain_order=True)
        }
        bulk_import(config, nodes, edges, progress)
    return LoadReport(
        way="bulk",
        sources=tuple(s.name for s in resolved.sources),
        nodes_written=len(resolved.nodes),
        edges_created=len(resolved.edges),
        seconds=time.monotonic() - began,
    )


@contextmanager
def _scratch(place: Path) -> Iterator[Path]:
    """A folder for the CSV, gone afterwards; that of a killed import goes with the next."""
    place.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(place)
    folder = temporary_path(place, "csv")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sources(resolved: Resolved) -> pl.DataFrame:
    rows = [source_row(s) for s in resolved.sources]
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.lit(now).alias("synced_at:datetime"))


def _write(frame: pl.DataFrame, folder: Path, name: str, fixed: dict[str, str]) -> list[Path]:
    """Write one table as a header file and a file of rows; columns without a value are left out."""
    frame = absent(frame)
    frame = frame.select(c for c in frame.columns if frame[c].null_count() < len(frame))
    header = [fixed.get(c) or _typed(c, t) for c, t in frame.schema.items()]
    frame = frame.with_columns(
        pl.col(c).list.drop_nulls().list.join(ARRAY_DELIMITER) for c, t in frame.schema.items() if t == pl.List
    )
    head, body = folder / f"{name}.header.csv", folder / f"{name}.csv"
    head.write_text(",".join(header) + "\n", encoding="utf-8")
    frame.write_csv(body, include_header=False)
    return [head, body]


def _typed(column: str, dtype: pl.DataType) -> str:
    if ":" in column:
        return column
    if dtype == pl.List:
        return f"{column}:string[]"
    kind = TYPES.get(dtype.base_type())
    return f"{column}:{kind}" if kind else column
