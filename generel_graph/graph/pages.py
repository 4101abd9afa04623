"""Columnar results: one polars frame per record of a statement that returns lists, one list per column."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

import neo4j
import polars as pl


class Pages(Iterator[pl.DataFrame]):
    """Frames that are read from the server one after the other."""

    def __init__(self, frames: Generator[pl.DataFrame, None, None], schema: Mapping[str, Any] | None) -> None:
        self._frames = frames
        self._schema = schema

    def __next__(self) -> pl.DataFrame:
        return next(self._frames)

    def close(self) -> None:
        """Stop reading: wait for the ranges that are being read, and skip the others."""
        self._frames.close()

    def frame(self) -> pl.DataFrame:
        """Read all remaining frames and concatenate them; without any, an empty frame of the schema."""
        frames = list(self)
        if frames:
            return pl.concat(frames, how="vertical_relaxed")
        return pl.DataFrame(schema=self._schema)


def columns_to_frame(record: neo4j.Record, schema: Mapping[str, Any] | None) -> pl.DataFrame:
    """One record whose values are lists of equal length, as a frame; `schema` gives types of some columns."""
    return pl.DataFrame(
        {
            key: pl.Series(key, _native_dates(values), dtype=(schema or {}).get(key), strict=False)
            for key, values in zip(record.keys(), record.values(), strict=True)
        }
    )


def _native_dates(values: list[Any]) -> list[Any]:
    """Convert Neo4j's dates to Python's; other values are returned unchanged."""
    if any(isinstance(value, neo4j.time.Date) for value in values):
        return [value.to_native() if value is not None else None for value in values]
    return values
