"""The first part of the chain: files → stage → resolved tables, each step only where its inputs changed."""

from __future__ import annotations

import polars as pl

from generel_etl.kept import keep, read_kept, resolved_key
from generel_etl.resolve import Resolved, resolve
from generel_etl.stage import read_stage, stage_source
from generel_graph.config import Config
from generel_graph.errors import ConfigError
from generel_graph.progress import Progress, silent


def read(config: Config, progress: Progress = silent) -> Resolved:
    """Stage every source and resolve them all; what did not change is taken from the state folder.

    Raises ConfigError without sources, DataError for files that cannot be read.
    """
    if not config.sources:
        raise ConfigError(
            "no source is configured",
            where=config.path or "configuration",
            next_step="add a table [sources.NAME] with `reader` and `files`",
        )
    stages = [stage_source(source, config, progress) for source in config.sources]
    key = resolved_key(stages, config.sources)
    kept = read_kept(config.resolved_folder, key)
    if kept is not None:
        return kept
    resolved = resolve(stages, config.sources, progress)
    keep(config.resolved_folder, key, resolved)
    return resolved


def rejects(config: Config, source: str | None = None) -> pl.DataFrame:
    """The rejected rows of one source, or of all: source, file, line, column, found, reason.

    Raises ConfigError for a source that is not configured or was never read.
    """
    names = [s.name for s in config.sources]
    if source is not None and source not in names:
        raise ConfigError("no such source", where=config.path or "", found=source, valid=names)
    tables = []
    for name in names if source is None else [source]:
        stage = read_stage(config.stage_folder(name))
        if stage is not None:
            table = stage.rejects().collect().select("file", "line", "column", "found", "reason")
            tables.append(table.select(pl.lit(name).alias("source"), pl.all()))
    if not tables:
        raise ConfigError("nothing was read yet", where=source or "sources", next_step="run `generel-graph load`")
    return pl.concat(tables)
