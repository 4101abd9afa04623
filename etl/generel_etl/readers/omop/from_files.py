"""OMOP tables from files, by DuckDB: CSV in commas or tabs, packed or not, and Parquet."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from generel_etl.errors import DataError
from generel_etl.parsing.delimited import check_columns


def keep(connection: Any, expression: Any, kept: list[Any]) -> Any:
    """DuckDB's temporary tables end with the connection; those of other backends are released at the end."""
    if connection.name == "duckdb":
        return connection.create_table(f"kept_{uuid4().hex}", expression, temp=True)
    kept.append(expression.cache())
    return kept[-1]


def read_file(
    connection: Any, path: Path, needed: Sequence[str], used: Sequence[str], kept: list[Any]
) -> tuple[Any, int]:
    """A file as a table, its columns as text if it is CSV, and how many of its lines are no rows.

    `needed`: columns that it must have, `used`: those that are kept, in lower case.
    """
    if connection.name != "duckdb":
        raise DataError(
            "files are read by DuckDB", where=path, next_step="leave out `backend`, or load the table into it"
        )
    name = f"file_{uuid4().hex}"
    try:
        if path.suffix == ".parquet":
            return connection.read_parquet(str(path), table_name=name), 0
        columns, separator = _header(path)
        check_columns([c.lower() for c in columns], needed, path)
        wanted = [c for c in columns if c.lower() in used]
        # A vocabulary's file, in tabs, does not quote.
        quote = {"quote": '"'} if separator == "," else {"quote": "", "escape": ""}
        before = _lines_refused(connection)
        view = connection.read_csv(
            str(path),
            table_name=name,
            columns=dict.fromkeys(columns, "VARCHAR"),
            header=True,
            delim=separator,
            nullstr="",
            auto_detect=False,
            store_rejects=True,
            **quote,
        )
        table = keep(connection, view.select(wanted), kept)
    except DataError:
        raise
    except Exception:  # its text holds the line
        raise DataError(
            "not a file that DuckDB can read",
            where=path,
            next_step="look for line ends of two kinds or an open quotation mark, or write it as Parquet",
        ) from None
    return table, _lines_refused(connection) - before


def _header(path: Path) -> tuple[list[str], str]:
    """The names in a CSV file's first line, and what parts them: tabs where it has any, else commas."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            line = file.readline().decode("utf-8-sig", errors="replace").rstrip("\r\n")
    except (OSError, EOFError) as error:
        raise DataError("cannot be read", where=path, next_step="fetch the file again") from error
    if not line:
        raise DataError("the file is empty", where=path)
    separator = "\t" if "\t" in line else ","
    return [name.strip().strip('"') for name in line.split(separator)], separator


def _lines_refused(connection: Any) -> int:
    try:
        cursor = connection.raw_sql("SELECT count(*) FROM (SELECT DISTINCT scan_id, file_id, line FROM reject_errors)")
    except Exception:  # the table is made with the first scan
        return 0
    return int(cursor.fetchone()[0])
