"""OMOP tables from files, read by DuckDB: CSV with commas or tabs, compressed or not, and Parquet."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from generel_etl.errors import DataError
from generel_etl.parsing.delimited import check_columns


def materialise(connection: Any, expression: Any, cached: list[Any]) -> Any:
    """Evaluate an expression into a temporary table.

    DuckDB deletes its temporary tables with the connection. Tables of other backends are added to `cached`, whose
    members the caller releases.
    """
    if connection.name == "duckdb":
        return connection.create_table(f"cached_{uuid4().hex}", expression, temp=True)
    cached.append(expression.cache())
    return cached[-1]


def read_file(
    connection: Any, path: Path, needed: Sequence[str], used: Sequence[str], cached: list[Any]
) -> tuple[Any, int]:
    """A file as a table (of text columns if it is CSV), and the number of its lines that cannot be parsed.

    `needed`: the required columns, `used`: the columns to read, both in lower case. Raises DataError for a file that
    cannot be read or lacks a column.
    """
    if connection.name != "duckdb":
        raise DataError(
            "only the DuckDB backend reads files", where=path, next_step="remove `backend`, or load the table into it"
        )
    name = f"file_{uuid4().hex}"
    try:
        if path.suffix == ".parquet":
            return connection.read_parquet(str(path), table_name=name), 0
        columns, separator = _header(path)
        check_columns([c.lower() for c in columns], needed, path)
        wanted = [c for c in columns if c.lower() in used]
        # Tab-separated vocabulary files use no quoting.
        quote = {"quote": '"'} if separator == "," else {"quote": "", "escape": ""}
        before = _rejected_lines(connection)
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
        table = materialise(connection, view.select(wanted), cached)
    except DataError:
        raise
    except Exception:  # its message contains the line
        raise DataError(
            "DuckDB cannot read this file",
            where=path,
            next_step="look for mixed line endings or an unclosed quotation mark, or convert the file to Parquet",
        ) from None
    return table, _rejected_lines(connection) - before


def _header(path: Path) -> tuple[list[str], str]:
    """The column names in a CSV file's first line, and the separator: a tab if the line has one, else a comma."""
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if is_gzip else path.open("rb") as file:
            line = file.readline().decode("utf-8-sig", errors="replace").rstrip("\r\n")
    except (OSError, EOFError) as error:
        raise DataError("cannot be read", where=path, next_step="download the file again") from error
    if not line:
        raise DataError("the file is empty", where=path)
    separator = "\t" if "\t" in line else ","
    return [name.strip().strip('"') for name in line.split(separator)], separator


def _rejected_lines(connection: Any) -> int:
    try:
        cursor = connection.raw_sql("SELECT count(*) FROM (SELECT DISTINCT scan_id, file_id, line FROM reject_errors)")
    except Exception:  # the table is created by the first scan
        return 0
    return int(cursor.fetchone()[0])
