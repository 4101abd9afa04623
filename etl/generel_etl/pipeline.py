"""The ETL pipeline: stage every source, then resolve all. A step whose inputs did not change is skipped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType

import polars as pl

from generel_etl.atomic import atomic_folder
from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.errors import ConfigError
from generel_etl.progress import Progress, silent
from generel_etl.resolve import Resolved, SourceCounts, resolve
from generel_etl.stage import Stage, read_stage, stage_source

# Increase it when `resolve` gives other tables from the same stages: cached tables become stale.
RESOLVE_VERSION = 5
TABLE_NAMES = ("nodes", "edges", "dangling")
MANIFEST = "manifest.json"


def resolved_key(stages: Sequence[Stage], sources: Sequence[SourceConfig]) -> str:
    """The cache key of the tables that `stages`, in the order of the configuration, resolve to: 32 hex digits."""
    inputs = [[s.name, s.key, c.version, c.licence, c.url] for s, c in zip(stages, sources, strict=True)]
    return blake2b(json.dumps([RESOLVE_VERSION, inputs]).encode(), digest_size=16).hexdigest()


def read_cached(folder: Path, key: str) -> Resolved | None:
    """The cached tables in `folder`, or None if there are none with this key."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if manifest["key"] != key:
        return None
    sources = tuple(
        SourceCounts(**{**source, "resolved_by": MappingProxyType(source["resolved_by"])})
        for source in manifest["sources"]
    )
    return Resolved(sources=sources, **{name: pl.read_parquet(folder / f"{name}.parquet") for name in TABLE_NAMES})


def write_cache(folder: Path, key: str, resolved: Resolved) -> None:
    """Write `resolved` to `folder` atomically."""
    names = SourceCounts.__dataclass_fields__
    sources = [
        {**{name: getattr(s, name) for name in names}, "resolved_by": dict(s.resolved_by)} for s in resolved.sources
    ]
    with atomic_folder(folder) as new:
        for name in TABLE_NAMES:
            getattr(resolved, name).write_parquet(new / f"{name}.parquet")
        (new / MANIFEST).write_text(json.dumps({"key": key, "sources": sources}), encoding="utf-8")


def read_sources(config: EtlConfig, progress: Progress = silent) -> Resolved:
    """Stage all sources and resolve them; unchanged stages and tables are read from the state folder.

    Raises ConfigError if no source is configured, DataError for files that cannot be read.
    """
    if not config.sources:
        raise ConfigError(
            "no source is configured",
            where=config.path or "configuration",
            next_step="add a table [sources.NAME] with `reader` and `files`",
        )
    stages = [stage_source(source, config, progress) for source in config.sources]
    key = resolved_key(stages, config.sources)
    cached = read_cached(config.resolved_folder, key)
    if cached is not None:
        return cached
    resolved = resolve(stages, config.sources, progress)
    write_cache(config.resolved_folder, key, resolved)
    return resolved


def read_rejects(config: EtlConfig, source: str | None = None) -> pl.DataFrame:
    """The rejects of one source, or of all: source, file, line, column, found, reason.

    Raises ConfigError for a source that is not configured, and if nothing has been staged.
    """
    names = [s.name for s in config.sources]
    if source is not None and source not in names:
        raise ConfigError("unknown source", where=config.path or "", found=source, valid=names)
    tables = []
    for name in names if source is None else [source]:
        stage = read_stage(config.stage_folder(name))
        if stage is not None:
            table = stage.rejects().collect().select("file", "line", "column", "found", "reason")
            tables.append(table.select(pl.lit(name).alias("source"), pl.all()))
    if not tables:
        raise ConfigError("no source has been read", where=source or "sources", next_step="run `generel-graph load`")
    return pl.concat(tables)
