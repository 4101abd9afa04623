"""Delimited text as rows of text columns, each with its row number, file and line.

A million rows a second on one core: fields are counted on the bytes, so that a line with too few or too many
is a reject and not an error, and Polars parses only what is sound.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generel_etl.errors import DataError
from generel_etl.parsing.files import read_text
from generel_etl.parsing.rejects import FILE, LINE, ROW, as_rejects, concat_rejects
from generel_etl.reader import SourceFiles

_BLOCK = 1 << 25  # bytes looked at in one piece


@dataclass(frozen=True, slots=True)
class Layout:
    """How a delimited file is written."""

    separator: str = "\t"
    quote: str | None = None  # None: a quotation mark is a character like any other
    columns: tuple[str, ...] = ()  # names, where the file has no header line
    comment: str = ""  # lines before the header that begin so are passed over
    aligned: bool = False  # fields are parted by runs of blanks and tabs, whatever `separator` says
    # What columns are called here, by their folded names (`fold_name`) in the header. Where the last comment line holds
    # two or more of these, it is the header.
    spellings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    encoding: str = "utf-8"
    fallback_encoding: str = ""  # tried where the first does not fit ("latin-1")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a source's files: all columns as text, and ROW (from 1 across files), FILE, LINE."""

    frame: pl.DataFrame
    rejects: pl.DataFrame  # rows with another number of fields than the header
    rows_read: int

    @property
    def locations(self) -> pl.DataFrame:
        """Where each row stands, for `Tables.locations`: columns row, file, line."""
        return self.frame.select(pl.col(ROW).alias("row"), pl.col(FILE).alias("file"), pl.col(LINE).alias("line"))


def fold_name(name: str) -> str:
    """A column's name without what spellings differ in: case, and all but letters and digits ("HPO_ID" → "hpoid")."""
    return re.sub(r"[^0-9a-z]", "", name.casefold())


def check_columns(
    found: Sequence[str], needed: Iterable[str], where: object, known: Iterable[str] | None = None
) -> None:
    """Raise DataError for the first column of `needed` that is missing, or, given `known`, one beyond it."""
    for name in needed:
        if name not in found:
            raise DataError("no such column", where=where, found=name, valid=found)
    if known is not None:
        allowed = tuple(known)
        for name in found:
            if name not in allowed:
                raise DataError(
                    "a column that this reader does not know",
                    where=where,
                    found=name,
                    valid=allowed,
                    next_step='a newer layout? read it with `reader = "table"`, or take the column out',
                )


def read_rows(
    files: SourceFiles,
    layout: Layout,
    needed: Sequence[str] = (),
    use: Sequence[str] | None = None,
    known: Sequence[str] | None = None,
) -> Rows:
    """Read a source's delimited files; every file must have the columns `needed`, and none outside `known`.

    `use`: only these columns are kept, as far as a file has them (default: all). Empty fields are null.
    Blank lines are no rows. Raises DataError for files that cannot be read, columns missing, doubled or unknown.
    """
    frames, bad, rows = [], [], 0
    for path in files.paths:
        data = read_text(path, layout.encoding, layout.fallback_encoding)
        frame, wrong = _read_file(data, layout, path)
        check_columns([c for c in frame.columns if c not in (ROW, FILE, LINE)], needed, path, known)
        if use is not None:
            frame = frame.select(*(c for c in frame.columns if c in {*use, FILE, LINE, ROW}))
        if rows:
            frame, wrong = (f.with_columns(pl.col(ROW) + rows) for f in (frame, wrong))
        rows += frame.height + wrong.height
        frames.append(frame)
        bad.append(as_rejects(wrong, "#fields", pl.col("reason"), pl.col("text")))
    # Files of one source may differ in columns that are not needed.
    return Rows(pl.concat(frames, how="diagonal"), concat_rejects(bad), rows)


def _read_file(data: bytes, layout: Layout, path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One file's rows, and its lines with a wrong number of fields (ROW, FILE, LINE, reason, text)."""
    skipped, begin, last = 0, 0, 0
    while layout.comment and data.startswith(layout.comment.encode(), begin):
        last, begin = begin, (data.find(b"\n", begin) + 1) or len(data)
        skipped += 1
    names = list(layout.columns) or _commented_header(data[last:begin], layout, path)
    data = data[begin:]
    if layout.aligned:
        data, layout = _squeeze(data), replace(layout, separator="\t")
    quote = layout.quote if layout.quote and layout.quote.encode() in data else None
    ends, fields, lines = _scan(data, layout.separator, quote)
    starts = np.concatenate(([0], ends[:-1] + 1))
    header = 0 if names else 1
    if header and not len(ends):
        raise DataError("no header line", where=path)
    names = names or _header(data[: ends[0]].decode(), layout, path)
    ends, starts, fields, lines = ends[header:], starts[header:], fields[header:], lines[header:] + skipped
    blank = (ends - starts <= 1) & (fields == 1)  # nothing, or a lone carriage return
    if blank.any() and len(names) > 1:
        ends, starts, fields, lines = (a[~blank] for a in (ends, starts, fields, lines))
    good = fields == len(names)
    rows = np.arange(1, len(ends) + 1)
    body: bytes | memoryview = memoryview(data)[int(starts[0]) :] if len(starts) else b""
    if not good.all() or blank.any():
        body = b"\n".join(data[s:e] for s, e in zip(starts[good], ends[good], strict=True)) + b"\n"
    frame = _parse(bytes(body), names, layout, quote, path) if good.any() else _nothing(names)
    if frame.height != int(good.sum()):
        raise DataError(
            f"{frame.height:,} rows came out of {int(good.sum()):,}: its quotation marks do not quote",
            where=path,
            next_step="read it without quoting",
        )
    frame = frame.with_columns(
        pl.Series(ROW, rows[good], dtype=pl.Int64),
        pl.lit(path.name).alias(FILE),
        pl.Series(LINE, lines[good], dtype=pl.Int64),
    )
    wrong = np.flatnonzero(~good)
    bad = pl.DataFrame(
        {
            ROW: rows[wrong],
            FILE: [path.name] * len(wrong),
            LINE: lines[wrong],
            "reason": [f"{fields[i]} fields, where {len(names)} are expected" for i in wrong],
            "text": [data[starts[i] : ends[i]].decode() for i in wrong],
        },
        schema={ROW: pl.Int64, FILE: pl.String, LINE: pl.Int64, "reason": pl.String, "text": pl.String},
    )
    return frame, bad


def _scan(
    data: bytes, separator: str, quote: str | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of each record: the offset of its end, its number of fields, and the line that it begins on."""
    if not data.endswith(b"\n"):
        data += b"\n"
    ends, counts, physical = [], [], []
    separators = newlines = inside = 0
    for begin in range(0, len(data), _BLOCK):
        block = np.frombuffer(data, np.uint8, min(_BLOCK, len(data) - begin), begin)
        is_end = block == ord("\n")
        is_separator = block == ord(separator)
        every = np.flatnonzero(is_end)
        if quote:
            within = np.bitwise_xor.accumulate((block == ord(quote)).astype(np.uint8)) ^ inside
            inside = int(within[-1])
            is_end &= within == 0
            is_separator &= within == 0
        end = np.flatnonzero(is_end)
        counts.append(np.searchsorted(np.flatnonzero(is_separator), end) + separators)
        physical.append(np.searchsorted(every, end) + newlines + 1)
        ends.append(end + begin)
        separators += int(is_separator.sum())
        newlines += len(every)
    total, last = np.concatenate(counts), np.concatenate(physical)
    first = np.concatenate(([1], last[:-1] + 1))
    return np.concatenate(ends), np.diff(total, prepend=0) + 1, first


def _squeeze(data: bytes) -> bytes:
    """Put one tab for each run of blanks, and none at the ends of lines; lines stay where they are."""
    text = np.frombuffer(data, np.uint8).copy()
    blank = (text == ord(" ")) | (text == ord("\t")) | (text == ord("\r"))
    text[blank] = ord("\t")
    text = text[~(blank & np.concatenate(([False], blank[:-1])))]
    end = text == ord("\n")
    edge = np.concatenate(([True], end[:-1])) | np.concatenate((end[1:], [True]))
    return bytes(text[~((text == ord("\t")) & edge)].data)


def _commented_header(line: bytes, layout: Layout, path: Path) -> list[str]:
    """The columns that a comment line names ("#DatabaseID\tDiseaseName…"), or none where it is no header.

    "<tab>" stands for a tab, and a word with a colon ("#Format: …") before the first name is passed over.
    """
    text = line.decode().strip().removeprefix(layout.comment).replace("<tab>", layout.separator)
    first, separator, rest = text.partition(layout.separator)
    text = re.sub(r"^\s*\w+:\s+", "", first) + separator + rest
    if sum(fold_name(name) in layout.spellings for name in text.split(layout.separator)) < 2:
        return []
    return _header(text, layout, path)


def _header(line: str, layout: Layout, path: Path) -> list[str]:
    text = line.rstrip("\r")
    if layout.quote:
        names = next(csv.reader(io.StringIO(text), delimiter=layout.separator, quotechar=layout.quote))
    else:
        names = text.split(layout.separator)
    names = [layout.spellings.get(fold_name(n), n.strip()) for n in names]
    for name in names:
        if names.count(name) > 1:
            raise DataError("two columns of one name", where=path, found=name)
    return names


def _parse(body: bytes, names: list[str], layout: Layout, quote: str | None, path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(
            body,
            has_header=False,
            separator=layout.separator,
            quote_char=quote,
            schema=dict.fromkeys(names, pl.String),
        )
    except pl.exceptions.PolarsError as error:
        raise DataError(f"not a table: {str(error).splitlines()[0]}", where=path) from error


def _nothing(names: list[str]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
