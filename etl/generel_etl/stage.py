"""Stage a source: read its files, check the tables, and store them as Parquet, if files or configuration changed.

A stage is a folder `<state>/stage/<source>` with `manifest.json` and one Parquet file for each canonical table. It
is replaced atomically: a killed process leaves the old stage, or none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import dataframely as dy
import polars as pl

from generel_etl.atomic import atomic_folder, write_atomically
from generel_etl.config import EtlConfig, SourceConfig, build_options
from generel_etl.errors import ConfigError, DataError
from generel_etl.parsing.files import find_files, sha256
from generel_etl.parsing.rejects import concat_rejects
from generel_etl.progress import Progress, silent
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers import READERS
from generel_etl.schema import TABLES, Rejects, RowMultiplicities, Tables, conform, with_multiplicities

# Increase it when code that readers share (ids, weights, schemas) gives other tables from the same files: all
# stages become stale.
STAGE_VERSION = 3
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class StagedFile:
    """An input file at the time of staging."""

    name: str
    bytes: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Stage:
    """The staged tables of a source on disk; `key` is the digest of all inputs that determine them."""

    name: str
    key: str  # 32 hexadecimal digits
    folder: Path
    files: tuple[StagedFile, ...]
    rows_read: int
    rows_rejected: int  # rows without any record

    def concepts(self) -> pl.LazyFrame:
        """The table `Concepts`."""
        return self._scan("concepts")

    def snps(self) -> pl.LazyFrame:
        """The table `Snps`."""
        return self._scan("snps")

    def edges(self) -> pl.LazyFrame:
        """The table `Edges`."""
        return self._scan("edges")

    def rejects(self) -> pl.LazyFrame:
        """The table `Rejects`. A row with a reject for one of its parts may also have records."""
        return self._scan("rejects")

    def multiplicities(self) -> pl.LazyFrame:
        """The table `RowMultiplicities`."""
        return self._scan("multiplicities")

    def _scan(self, table: str) -> pl.LazyFrame:
        return pl.scan_parquet(self.folder / f"{table}.parquet")


def stage_source(
    source: SourceConfig,
    config: EtlConfig,
    progress: Progress = silent,
    readers: Sequence[Reader] = READERS,
) -> Stage:
    """The stage of `source`. The files are read only if they, the reader or the configuration changed.

    Raises ConfigError for an unknown reader or option, DataError for files that do not have the configured layout
    and for a reader that lost a row.
    """
    reader = find_reader(source, config, readers)
    options = build_options(reader.options, source, config.path)
    paths = find_files(source, config.data)
    folder = config.stage_folder(source.name)
    old = read_stage(folder)
    files = _digest_files(paths, old, config.data)
    key = _stage_key(source, reader, files)
    if old is not None and old.key == key:
        if old.files != files:  # new modification time or path, same content
            _write_manifest(folder, old, files)
        return Stage(old.name, key, folder, files, old.rows_read, old.rows_rejected)
    progress(f"read {source.name}", 0, None)
    tables, rows_rejected = check(reader.read(SourceFiles(source, paths), options), source)
    progress(f"read {source.name}", tables.rows_read, tables.rows_read)
    stage = Stage(source.name, key, folder, files, tables.rows_read, rows_rejected)
    _write(stage, tables)
    return stage


def find_reader(source: SourceConfig, config: EtlConfig, readers: Sequence[Reader] = READERS) -> Reader:
    """The reader of a source; raises ConfigError, with the nearest name, if there is no such reader."""
    for reader in readers:
        if reader.name == source.reader:
            return reader
    raise ConfigError(
        "unknown reader",
        where=f"{config.path or 'configuration'}: sources.{source.name}.reader",
        found=source.reader,
        valid=[r.name for r in readers],
    )


def read_stage(folder: Path) -> Stage | None:
    """The stage in `folder`, or None if there is no complete one."""
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = tuple(StagedFile(**f) for f in raw["files"])
        stage = Stage(raw["name"], raw["key"], folder, files, raw["rows_read"], raw["rows_rejected"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent, or written by another version of this program
    return stage if all((folder / f"{t}.parquet").exists() for t in TABLES) else None


def check(tables: Tables, source: SourceConfig) -> tuple[Tables, int]:
    """Validate each table against its schema and reconcile the rows; returns valid tables and the rows rejected.

    A record that violates its schema becomes a reject that names the column and the rule. Raises DataError if a row
    has neither a record nor a reject.
    """
    rejects, valid = [conform(tables.rejects, Rejects)], {}
    for name in ("concepts", "snps", "edges"):
        frame = conform(getattr(tables, name), TABLES[name])
        valid[name], failures = TABLES[name].filter(frame)
        if len(failures):
            rejects.append(_schema_rejects(failures, tables.locations, source))
    all_rejects = concat_rejects(rejects)
    with_record = pl.concat([frame.select("row") for frame in valid.values()]).unique()
    rejected = all_rejects.select("row").unique().join(with_record, on="row", how="anti")
    multiplicities = RowMultiplicities.validate(conform(tables.multiplicities, RowMultiplicities))
    counted = multiplicities.select("row").join(all_rejects, on="row", how="anti")
    accepted = pl.concat([with_record, counted]).unique()
    rejected = rejected.join(accepted, on="row", how="anti")
    rows_accepted, rows_rejected = (
        int(with_multiplicities(rows, multiplicities)["rows"].sum()) for rows in (accepted, rejected)
    )
    if rows_accepted + rows_rejected != tables.rows_read:
        accounted = pl.concat([accepted, rejected])
        missing = pl.DataFrame({"row": range(1, tables.rows_read + 1)}).join(accounted, on="row", how="anti")
        raise DataError(
            f"{tables.rows_read:,} rows read, {rows_accepted:,} kept and {rows_rejected:,} rejected: the reader "
            f"{source.reader!r} lost some",
            where=f"sources.{source.name}",
            found=missing["row"].sort().head(5).to_list() if multiplicities.is_empty() else None,
            next_step="this is a bug in the reader: report it with these rows",
        )
    checked = Tables(
        tables.rows_read, **valid, rejects=all_rejects, multiplicities=multiplicities, locations=tables.locations
    )
    return checked, rows_rejected


def _schema_rejects(failures: dy.FailureInfo, locations: pl.DataFrame, source: SourceConfig) -> pl.DataFrame:
    """The rejects of records that violate their schema: one for each record, with its first violated rule."""
    frame = failures.details()
    rules = [c for c in frame.columns if "|" in c]  # "position|min"
    first_violation = pl.coalesce(pl.when(pl.col(r) == "invalid").then(pl.lit(r)) for r in rules)
    column, rule = (first_violation.str.split("|").list.get(i) for i in (0, 1))
    scalars = [c for c in frame.columns if c not in rules and not isinstance(frame.schema[c], pl.List)]
    found = pl.coalesce(pl.when(column == c).then(pl.col(c).cast(pl.String)) for c in scalars)
    return conform(
        frame.filter(pl.col("row").is_not_null())
        .select("row", column.alias("column"), found.alias("found"), rule.alias("rule"))
        .join(locations, on="row", how="left")
        .with_columns(
            pl.col("file").fill_null(source.files[0]),  # for readers that state no locations: the row number
            pl.col("line").fill_null(pl.col("row")),
            pl.format("violates the rule “{}” of its table", "rule").alias("reason"),
        ),
        Rejects,
    )


def _digest_files(paths: Sequence[Path], old: Stage | None, data: Path) -> tuple[StagedFile, ...]:
    """Size, time and SHA-256 of each file; the old stage's digest is reused if size and time are equal."""
    old_digests = {(f.name, f.bytes, f.mtime_ns): f.sha256 for f in old.files} if old else {}
    files = []
    for path in paths:
        stat = path.stat()
        name = path.relative_to(data).as_posix() if path.is_relative_to(data) else path.as_posix()
        digest = old_digests.get((name, stat.st_size, stat.st_mtime_ns)) or sha256(path)
        files.append(StagedFile(name, stat.st_size, stat.st_mtime_ns, digest))
    return tuple(files)


def _stage_key(source: SourceConfig, reader: Reader, files: Sequence[StagedFile]) -> str:
    """The digest of all inputs of the tables, which version, licence and url of a source are not."""
    schemas = {n: {c: str(t) for c, t in s.create_empty().schema.items()} for n, s in TABLES.items()}
    parts = {
        "rules": STAGE_VERSION,
        "schemas": schemas,
        "source": source.name,
        "reader": [reader.name, reader.version],
        "files": [[Path(f.name).name, f.sha256] for f in files],
        "options": source.options,
    }
    text = json.dumps(parts, sort_keys=True, default=_to_json, ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _to_json(value: object) -> object:
    """Convert read-only mappings and dates of the configuration for JSON."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _write(stage: Stage, tables: Tables) -> None:
    """Write a stage atomically."""
    with atomic_folder(stage.folder) as new:
        for name in TABLES:
            getattr(tables, name).write_parquet(new / f"{name}.parquet")
        _write_manifest(new, stage, stage.files)


def _write_manifest(folder: Path, stage: Stage, files: Sequence[StagedFile]) -> None:
    manifest = {
        "name": stage.name,
        "key": stage.key,
        "rows_read": stage.rows_read,
        "rows_rejected": stage.rows_rejected,
        "files": [asdict(f) for f in files],
    }
    write_atomically(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
