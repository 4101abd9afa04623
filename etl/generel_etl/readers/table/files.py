"""The files of a described table as rows of text columns."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from generel_etl.errors import ConfigError, DataError
from generel_etl.parsing.delimited import Layout, Rows, check_columns, read_rows
from generel_etl.parsing.rejects import FILE, LINE, ROW, concat_rejects
from generel_etl.reader import SourceFiles
from generel_etl.readers.table.options import FORMATS, TableOptions


def read_table_rows(files: SourceFiles, options: TableOptions, columns: tuple[str, ...]) -> Rows:
    """The files' rows with the columns that are used.

    Raises ConfigError for invalid options or mixed formats, DataError for a file that cannot be read or lacks a column.
    """
    formats = {options.format or _format(p) for p in files.paths}
    if len(formats) > 1:
        raise ConfigError("files of several formats in one source", where=files.where, found=sorted(formats))
    file_format = formats.pop()
    if file_format not in FORMATS:
        raise ConfigError("unknown format", where=f"{files.where}.format", found=file_format, valid=FORMATS)
    if file_format == "parquet":
        return _parquet_rows(files, columns)
    for key, text in (("separator", options.separator), ("quote", options.quote)):
        if len(text.encode()) > 1:
            raise ConfigError("expected one character", where=f"{files.where}.{key}", found=text)
    layout = Layout(
        separator=options.separator or ("," if file_format == "csv" else "\t"),
        quote=options.quote or ('"' if file_format == "csv" else None),
        columns=options.header,
        comment=options.comment,
        encoding=options.encoding,
    )
    return read_rows(files, layout, needed=columns, use=columns)


def _format(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".bgz")]
    last = suffixes[-1].lstrip(".") if suffixes else "tsv"
    return last if last in ("csv", "parquet") else "tsv"


def _parquet_rows(files: SourceFiles, columns: tuple[str, ...]) -> Rows:
    """Parquet files as text columns, like the other formats; LINE is the row's number in its file."""
    frames, rows = [], 0
    for path in files.paths:
        try:
            check_columns(list(pl.read_parquet_schema(path)), columns, path)
            frame = pl.read_parquet(path, columns=list(columns))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DataError(f"not Parquet: {str(error).splitlines()[0]}", where=path) from error
        texts = [
            (
                pl.col(c).list.eval(pl.element().cast(pl.String)).list.join("|")
                if isinstance(t, pl.List)
                else pl.col(c).cast(pl.String)
            )
            for c, t in frame.schema.items()
        ]
        number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
        frames.append(
            frame.select(*texts).with_columns(
                (number + rows).alias(ROW), pl.lit(path.name).alias(FILE), number.alias(LINE)
            )
        )
        rows += frame.height
    return Rows(pl.concat(frames), concat_rejects([]), rows)
