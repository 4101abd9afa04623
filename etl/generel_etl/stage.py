"""Stage a source: read its files when they or its configuration changed, check, and keep the result as Parquet.

A stage is a folder `<state>/stage/<source>` with `manifest.json` and one Parquet file a canonical table. It is
written beside its place and renamed into it, so that a kill leaves the old stage or none.
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

# Counts up when a rule that readers share (ids, weights, tables) gives other tables from the same files.
STAGE_VERSION = 3
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One input file as it was when staged."""

    name: str
    bytes: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A source's canonical tables on disk; `key` tells whether they are still what the source would give."""

    name: str
    key: str  # 32 hexadecimal digits
    folder: Path
    files: tuple[StagedFile, ...]
    rows_read: int
    rows_rejected: int  # rows of which no record remains

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
        """The table `Rejects`; a row may stand here for one of its parts and have records as well."""
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
    """The stage of `source`, read anew if its files, its reader or its configuration changed.

    Raises ConfigError for an unknown reader or option, DataError for files that cannot be read as configured,
    or a reader that lost a row.
    """
    reader = find_reader(source, config, readers)
    options = build_options(reader.options, source, config.path)
    paths = find_files(source, config.data)
    folder = config.stage_folder(source.name)
    old = read_stage(folder)
    files = _digest_files(paths, old, config.data)
    key = _key(source, reader, files)
    if old is not None and old.key == key:
        if old.files != files:  # touched, or moved with the same content
            _write_manifest(folder, old, files)
        return Stage(old.name, key, folder, files, old.rows_read, old.rows_rejected)
    progress(f"read {source.name}", 0, None)
    tables, rejected = check(reader.read(SourceFiles(source, paths), options), source)
    progress(f"read {source.name}", tables.rows_read, tables.rows_read)
    stage = Stage(source.name, key, folder, files, tables.rows_read, rejected)
    _write(stage, tables)
    return stage


def find_reader(source: SourceConfig, config: EtlConfig, readers: Sequence[Reader] = READERS) -> Reader:
    """The reader that a source names; ConfigError with the nearest name if there is none."""
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
    """The stage that lies in `folder`, or None where there is no whole one."""
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = tuple(StagedFile(**f) for f in raw["files"])
        stage = Stage(raw["name"], raw["key"], folder, files, raw["rows_read"], raw["rows_rejected"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent, or of another version of this program: read again
    return stage if all((folder / f"{t}.parquet").exists() for t in TABLES) else None


def check(tables: Tables, source: SourceConfig) -> tuple[Tables, int]:
    """Hold each table against its schema and count; returns the tables and the number of rows rejected.

    A record that breaks its schema becomes a reject that names column and rule. Raises DataError for a row of
    which neither a record nor a reject is left.
    """
    parts, valid = [conform(tables.rejects, Rejects)], {}
    for name in ("concepts", "snps", "edges"):
        frame = conform(getattr(tables, name), TABLES[name])
        good, failed = TABLES[name].filter(frame)
        valid[name] = good
        if len(failed):
            parts.append(_broken(failed, tables.locations, source))
    rejects = concat_rejects(parts)
    kept = pl.concat([f.select("row") for f in valid.values()]).unique()
    lost = rejects.select("row").unique().join(kept, on="row", how="anti")
    multiplicities = RowMultiplicities.validate(conform(tables.multiplicities, RowMultiplicities))
    kept = pl.concat([kept, multiplicities.select("row").join(rejects, on="row", how="anti")]).unique()
    lost = lost.join(kept, on="row", how="anti")
    rows_kept, rows_lost = (int(with_multiplicities(rows, multiplicities)["rows"].sum()) for rows in (kept, lost))
    if rows_kept + rows_lost != tables.rows_read:
        seen = pl.concat([kept, lost])
        missing = pl.DataFrame({"row": range(1, tables.rows_read + 1)}).join(seen, on="row", how="anti")
        raise DataError(
            f"{tables.rows_read:,} rows read, {rows_kept:,} kept and {rows_lost:,} rejected: the reader "
            f"{source.reader!r} lost some",
            where=f"sources.{source.name}",
            found=missing["row"].sort().head(5).to_list() if multiplicities.is_empty() else None,
            next_step="this is a fault of the reader: please report it with these rows",
        )
    return Tables(
        tables.rows_read, **valid, rejects=rejects, multiplicities=multiplicities, locations=tables.locations
    ), rows_lost


def _broken(failed: dy.FailureInfo, locations: pl.DataFrame, source: SourceConfig) -> pl.DataFrame:
    """Records that break a schema, as rejects: one for each record, naming its first broken rule."""
    frame = failed.details()
    rules = [c for c in frame.columns if "|" in c]  # "position|min"
    first = pl.coalesce(pl.when(pl.col(r) == "invalid").then(pl.lit(r)) for r in rules)
    column, rule = (first.str.split("|").list.get(i) for i in (0, 1))
    plain = [c for c in frame.columns if c not in rules and not isinstance(frame.schema[c], pl.List)]
    found = pl.coalesce(pl.when(column == c).then(pl.col(c).cast(pl.String)) for c in plain)
    return conform(
        frame.filter(pl.col("row").is_not_null())
        .select("row", column.alias("column"), found.alias("found"), rule.alias("rule"))
        .join(locations, on="row", how="left")
        .with_columns(
            pl.col("file").fill_null(source.files[0]),  # a reader that keeps no locations: the row number stands in
            pl.col("line").fill_null(pl.col("row")),
            pl.format("breaks the rule “{}” of its table", "rule").alias("reason"),
        ),
        Rejects,
    )


def _digest_files(paths: Sequence[Path], old: Stage | None, data: Path) -> tuple[StagedFile, ...]:
    """Size, time and sha256 of each file; a digest is taken over from the old stage if size and time are the same."""
    known = {(f.name, f.bytes, f.mtime_ns): f.sha256 for f in old.files} if old else {}
    files = []
    for path in paths:
        stat = path.stat()
        name = path.relative_to(data).as_posix() if path.is_relative_to(data) else path.as_posix()
        seen = known.get((name, stat.st_size, stat.st_mtime_ns))
        files.append(StagedFile(name, stat.st_size, stat.st_mtime_ns, seen or sha256(path)))
    return tuple(files)


def _key(source: SourceConfig, reader: Reader, files: Sequence[StagedFile]) -> str:
    """What the tables are a function of; version, licence and url of a source are not among it."""
    schemas = {n: {c: str(t) for c, t in s.create_empty().schema.items()} for n, s in TABLES.items()}
    parts = {
        "rules": STAGE_VERSION,
        "schemas": schemas,
        "source": source.name,
        "reader": [reader.name, reader.version],
        "files": [[Path(f.name).name, f.sha256] for f in files],
        "options": source.options,
    }
    text = json.dumps(parts, sort_keys=True, default=_plain, ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(value: object) -> object:
    """How JSON sees read-only mappings, tuples and dates of the configuration."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _write(stage: Stage, tables: Tables) -> None:
    """Write a stage whole."""
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
