"""Writing rows and networks to files in the format of the file extension."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl

from generel_etl.atomic import atomic_file
from generel_etl.errors import UsageError

GRAPHML = ".graphml"
TABLES = (".csv", ".tsv", ".json", ".parquet")
SEPARATOR = "|"  # between the values of a list in one cell


def file_format(path: Path) -> str:
    """The format of a file by its extension; raises UsageError for an unsupported one."""
    extension = path.suffix.lower()
    if extension not in (*TABLES, GRAPHML):
        raise UsageError("unsupported file extension", where=path, found=path.suffix, valid=(*TABLES, GRAPHML))
    return extension


def write_rows(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows of plain values to `path`, atomically.

    CSV and TSV: a header, lists joined by "|", maps as JSON, "" for null. Parquet preserves numbers, dates and lists;
    a column of maps, or of several types, becomes JSON text.
    """
    extension = file_format(path)
    with atomic_file(path) as new:
        if extension == ".json":
            maps = [dict(zip(columns, row, strict=True)) for row in rows]
            new.write_text(json.dumps(maps, indent=1, ensure_ascii=False, default=_text) + "\n", encoding="utf-8")
        elif extension == ".parquet":
            series = [_series(name, [row[i] for row in rows]) for i, name in enumerate(columns)]
            pl.DataFrame(series).write_parquet(new)
        else:
            with new.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, delimiter="\t" if extension == ".tsv" else ",", lineterminator="\n")
                writer.writerow(columns)
                writer.writerows([[cell(value) for value in row] for row in rows])


def write_network(path: Path, graph: nx.MultiDiGraph[str]) -> None:
    """Write a graph as GraphML, atomically: lists joined by "|", dates as ISO, no vectors."""
    simple: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node, data in graph.nodes(data=True):
        simple.add_node(node, **_scalars(data))
    for start, end, key, data in graph.edges(keys=True, data=True):
        simple.add_edge(start, end, key, **_scalars(data))
    with atomic_file(path) as new:
        nx.write_graphml(simple, new)


def cell(value: Any) -> Any:
    """A value as a cell of a machine-readable table: numbers unchanged, "" for null, "true" and "false"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return value
    if isinstance(value, list | tuple) and not any(isinstance(inner, list | tuple | dict) for inner in value):
        return SEPARATOR.join(str(cell(inner)) for inner in value)
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=_text)
    return _text(value)


def _scalars(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, bool | int | float | str) else cell(value)
        for key, value in data.items()
        if value is not None
    }


def _series(name: str, values: list[Any]) -> pl.Series:
    """A column of the common type of the values; JSON text if they have none."""
    if not any(_holds_map(value) for value in values):
        try:
            return pl.Series(name, values, strict=True)
        except (pl.exceptions.PolarsError, TypeError):
            pass
    texts = [None if v is None else json.dumps(v, ensure_ascii=False, default=_text) for v in values]
    return pl.Series(name, texts, dtype=pl.String)


def _holds_map(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(_holds_map(inner) for inner in value))


def _text(value: Any) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return value.iso_format() if hasattr(value, "iso_format") else str(value)
