"""Sources for tests: staged from files, read without staging, or built in memory and resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.reader import NoOptions, SourceFiles
from generel_etl.resolve import FileDigest, Resolved, StagedSource, resolve
from generel_etl.schema import TABLES, Tables, conform
from generel_etl.stage import Stage, stage_source


def stage_files(state: Path, reader: str, *files: str, folder: Path, source: str = "", **options: Any) -> Stage:
    """Stage `files` of `folder` with a reader and its options, into `state`; the source has the reader's name."""
    config = SourceConfig(source or reader, reader, files, options=MappingProxyType(options))
    return stage_source(config, EtlConfig(data=folder, state=state))


def read_tables(read: Callable[[SourceFiles, Any], Tables], *paths: Path, name: str, options: Any = None) -> Tables:
    """Read files without staging them; checks that each table has its schema."""
    source = SourceConfig(name, name, tuple(path.name for path in paths))
    tables = read(SourceFiles(source, paths), NoOptions() if options is None else options)
    for table, schema in TABLES.items():
        schema.validate(getattr(tables, table))
    return tables


def rows(table: pl.LazyFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a staged table, in its order; all columns unless some are named."""
    return table.select(columns or pl.all()).collect().rows()


def reject_rows(stage: Stage) -> list[tuple[Any, ...]]:
    """The rejects of a stage: row, line, column, found, reason."""
    return rows(stage.rejects(), "row", "line", "column", "found", "reason")


def resolve_stages(*stages: StagedSource) -> Resolved:
    """Resolve stages whose order is that of the configuration."""
    return resolve(stages, [SourceConfig(stage.name, "made", ("x",)) for stage in stages])


@dataclass(frozen=True, slots=True)
class MemoryStage:
    """The tables of one source in memory; implements `StagedSource`."""

    name: str
    tables: Tables
    files: tuple[FileDigest, ...] = field(default=())

    @classmethod
    def of_rows(cls, name: str, rows_read: int = 0, **rows: Iterable[Mapping[str, Any]]) -> MemoryStage:
        """Build a stage from rows: `concepts`, `snps`, `edges`, `rejects`, `multiplicities`, each a list of mappings.

        Keys that a mapping lacks are empty. `rows_read`: default the largest row number, or the sum of
        `multiplicities`. The schemas are checked.
        """
        frames = {}
        for table, schema in TABLES.items():
            types = schema.create_empty().schema
            records = list(rows.get(table, ()))
            columns = {key for record in records for key in record}
            frame = pl.DataFrame(records, schema={c: t for c, t in types.items() if c in columns or not records})
            frames[table] = schema.validate(conform(frame, schema))
        numbers = pl.concat([frame["row"] for frame in frames.values()])
        largest = int(frames["multiplicities"]["rows"].sum()) or max(numbers.to_list(), default=0)
        return cls(name, Tables(rows_read or largest, **frames))

    @property
    def rows_read(self) -> int:
        return self.tables.rows_read

    def concepts(self) -> pl.LazyFrame:
        return self.tables.concepts.lazy()

    def snps(self) -> pl.LazyFrame:
        return self.tables.snps.lazy()

    def edges(self) -> pl.LazyFrame:
        return self.tables.edges.lazy()

    def rejects(self) -> pl.LazyFrame:
        return self.tables.rejects.lazy()

    def multiplicities(self) -> pl.LazyFrame:
        return self.tables.multiplicities.lazy()
