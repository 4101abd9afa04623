"""Digests of rows and of sets of rows, by which a load detects changes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import polars as pl

BYTES = 16
_MODULUS = 1 << (8 * BYTES)


def row_digests(frame: pl.DataFrame, columns: Sequence[str] | None = None) -> pl.Series:
    """The digest of each row: 32 hexadecimal digits of blake2b-128 over its canonical text, in the frame's order.

    The canonical text has one netstring for each column with a value, sorted by column name. Nulls, NaN, empty
    texts and empty lists count as no value (a bulk import drops an empty list, Bolt stores it), also within lists.
    Floats are written as their shortest round-trip text (−0.0 as 0.0), dates in ISO format, lists in their order.
    A column of nulls has no effect on a digest. `columns`: the columns to include; default all.
    """
    names = sorted(frame.columns if columns is None else columns)
    if not names or frame.is_empty():
        empty = blake2b(b"", digest_size=BYTES).hexdigest()
        return pl.Series("digest", [empty] * frame.height, dtype=pl.String)
    # A column without values adds nothing; a column with a single value adds the same text to all rows.
    parts = [_part(frame[n]) for n in names if not _is_empty(frame[n])] or [pl.lit("")]
    texts = frame.select(pl.concat_str(parts, ignore_nulls=True).alias("text"))["text"].to_list()
    hashes = [blake2b(t.encode(), digest_size=BYTES).hexdigest() for t in texts]
    return pl.Series("digest", hashes if len(hashes) == frame.height else hashes * frame.height, dtype=pl.String)


def sum_digests(digests: pl.Series) -> str:
    """The sum of digests modulo 2^128, as 32 hexadecimal digits; independent of the order of the rows."""
    if digests.is_empty():
        return f"{0:032x}"
    raw = np.frombuffer(bytes.fromhex("".join(digests.to_list())), dtype=">u4").reshape(-1, BYTES // 4)
    words = raw.sum(axis=0, dtype=np.uint64)  # < 2^32 rows cannot overflow
    total = 0
    for word in words.tolist():
        total = (total << 32) + int(word)
    return f"{total % _MODULUS:032x}"


def _is_empty(column: pl.Series) -> bool:
    """Whether the column has no value in any row."""
    if column.null_count() == column.len():
        return True
    return isinstance(column.dtype, pl.List) and not column.list.len().max()


def _part(values: pl.Series) -> pl.Expr:
    """`name=length:value;`, or null without a value; the length makes the text unambiguous."""
    name, dtype, column = values.name, values.dtype, pl.col(values.name)
    if dtype == pl.String and not values.null_count() and (values == values[0]).all():
        value = str(values[0])
        return pl.lit(f"{name}={len(value.encode())}:{value};" if value else None, dtype=pl.String)
    if isinstance(dtype, pl.List):
        members = column.list.eval(
            _netstring(pl.element().cast(pl.String)).filter(pl.element().cast(pl.String).str.len_bytes() > 0)
        ).list.drop_nulls()
        text = members.list.join("")
        present = column.is_not_null() & (members.list.len() > 0)
    elif dtype.is_float():
        text = pl.when(column == 0).then(0.0).otherwise(column.cast(pl.Float64)).cast(pl.String)
        present = column.is_not_nan()
    else:
        text = column.cast(pl.String)
        present = text.str.len_bytes() > 0
    return pl.when(present).then(pl.format("{}={};", pl.lit(name), _netstring(text)))


def _netstring(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(text.str.len_bytes().cast(pl.String), pl.lit(":"), text)
