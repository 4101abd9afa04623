"""A stage that was never written: tables made in Python, to be resolved beside those that lie on disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from generel_etl.resolve.result import StagedFile
from generel_etl.schema import TABLES, Tables, conform


@dataclass(frozen=True, slots=True)
class MemoryStage:
    """One source's tables in memory; it is what `resolve` takes of a source (`Staged`)."""

    name: str
    tables: Tables
    files: tuple[StagedFile, ...] = field(default=())

    @classmethod
    def of_rows(cls, name: str, rows_read: int = 0, **rows: Iterable[Mapping[str, Any]]) -> MemoryStage:
        """Build one from rows written out: `concepts`, `snps`, `edges`, `rejects`, `tallies`, each a list of mappings.

        Keys that a mapping lacks are empty. `rows_read`: default the largest row number, or what `tallies` add up to.
        The schemas are checked.
        """
        frames = {}
        for table, schema in TABLES.items():
            whole = schema.create_empty().schema
            given = list(rows.get(table, ()))
            columns = {key for row in given for key in row}
            made = pl.DataFrame(given, schema={c: t for c, t in whole.items() if c in columns or not given})
            frames[table] = schema.validate(conform(made, schema))
        numbers = pl.concat([frame["row"] for frame in frames.values()])
        largest = int(frames["tallies"]["rows"].sum()) or max(numbers.to_list(), default=0)
        return cls(name, Tables(rows_read or largest, **frames))

    @property
    def rows_read(self) -> int:
        """Data rows, numbered from 1."""
        return self.tables.rows_read

    def concepts(self) -> pl.LazyFrame:
        """The table `Concepts`."""
        return self.tables.concepts.lazy()

    def snps(self) -> pl.LazyFrame:
        """The table `Snps`."""
        return self.tables.snps.lazy()

    def edges(self) -> pl.LazyFrame:
        """The table `Edges`."""
        return self.tables.edges.lazy()

    def rejects(self) -> pl.LazyFrame:
        """The table `Rejects`."""
        return self.tables.rejects.lazy()

    def tallies(self) -> pl.LazyFrame:
        """The table `Tallies`."""
        return self.tables.tallies.lazy()
