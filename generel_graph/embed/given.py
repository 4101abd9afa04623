"""Vectors that were made elsewhere, read from a Parquet file and checked row by row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generel_graph.errors import DataError

COLUMNS = ("id", "vector")
LONGEST = 4_096  # numbers in a vector, of Neo4j's index


@dataclass(frozen=True, slots=True)
class GivenVectors:
    """What a file holds: an id and a vector a row, none twice, none zero."""

    ids: tuple[str, ...]  # [n]
    vectors: NDArray[np.float32]  # [n, dimension]
    digest: str  # of both (32 hexadecimal digits)

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return int(self.vectors.shape[1])


def read_vectors(path: Path) -> GivenVectors:
    """Read the columns `id` (text) and `vector` (list of numbers, all equally long); others are passed over.

    Raises DataError, with the row (the first is 1), for a column or value that is missing or of another type, an id
    that comes twice, a vector of another length, with a number that is not finite, or of zeros.
    """
    frame = _read(path)
    frame = frame.with_row_index("row", offset=1)
    _refuse(frame.filter(pl.col("id").is_null() | (pl.col("id") == "")), path, "id", "the id is missing")
    _refuse(frame.filter(pl.col("vector").is_null()), path, "vector", "the vector is missing")
    _refuse(frame.filter(~pl.col("id").is_first_distinct()), path, "id", "the id comes twice")
    lengths = frame["vector"].list.len()
    dimension = int(lengths[0])
    if not 0 < dimension <= LONGEST:
        raise DataError(
            "no index takes vectors of this length",
            where=f"{path}, row 1, column vector",
            found=dimension,
            valid=[f"1 to {LONGEST}"],
        )
    wrong = frame.filter(lengths != dimension)
    if wrong.height:
        _refuse(wrong, path, "vector", f"{wrong['vector'].list.len()[0]} numbers, where row 1 has {dimension}")
    holes = frame.filter(pl.col("vector").list.eval(pl.element().is_null()).list.any())
    _refuse(holes, path, "vector", "a number is missing")
    vectors = frame["vector"].explode().to_numpy().astype(np.float32).reshape(frame.height, dimension)
    squares = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    _refuse(frame.filter(pl.Series(~np.isfinite(squares))), path, "vector", "a number is not finite")
    _refuse(frame.filter(pl.Series(squares == 0)), path, "vector", "a vector of zeros has no direction")
    ids = tuple(frame["id"].to_list())
    told = hashlib.blake2b("\n".join(ids).encode(), digest_size=16)
    told.update(vectors.tobytes())
    return GivenVectors(ids, vectors, told.hexdigest())


def _read(path: Path) -> pl.DataFrame:
    """The two columns, the vector as a list of 32-bit floats."""
    if not path.is_file():
        raise DataError("no such file", where=path, next_step="name a Parquet file with the columns id and vector")
    try:
        schema = pl.read_parquet_schema(path)
        missing = [name for name in COLUMNS if name not in schema]
        if missing:
            raise DataError("missing column", where=path, found=missing[0], valid=schema, next_step="name it id/vector")
        kind = schema["vector"]
        inner = kind.inner if isinstance(kind, pl.List | pl.Array) else None
        if schema["id"] != pl.String or inner is None or not inner.is_numeric():
            raise DataError(
                "the columns are of other types",
                where=path,
                found=f"id {schema['id']}, vector {kind}",
                valid=["id text, vector list of float"],
            )
        frame = pl.read_parquet(path, columns=list(COLUMNS)).select(*COLUMNS)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"not a Parquet file: {str(error).splitlines()[0]}", where=path) from error
    if frame.is_empty():
        raise DataError("the file has no rows", where=path)
    return frame.with_columns(pl.col("vector").cast(pl.List(pl.Float32), strict=False))


def _refuse(wrong: pl.DataFrame, path: Path, column: str, why: str) -> None:
    """Raise DataError for the first of the rows that are wrong."""
    if wrong.height:
        more = f"; {wrong.height - 1:,} rows more" if wrong.height > 1 else ""
        raise DataError(f"{why}{more}", where=f"{path}, row {wrong['row'][0]}, column {column}", found=wrong["id"][0])
