"""Keep what was resolved beside the stage, so that a sync without news resolves nothing."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType

import polars as pl

from generel_etl.resolve import Resolved, SourceCounts
from generel_etl.stage import Stage
from generel_graph.config import SourceConfig

RULES = 1  # counts up when `resolve` gives other tables from the same stages
FRAMES = ("nodes", "edges", "clusters_left_out", "dangling", "redefined")
MANIFEST = "manifest.json"


def resolved_key(stages: Sequence[Stage], sources: Sequence[SourceConfig]) -> str:
    """Name what these stages resolve to (32 hexadecimal digits); the order is the configuration's."""
    facts = [[s.name, s.key, c.version, c.licence, c.url] for s, c in zip(stages, sources, strict=True)]
    return blake2b(json.dumps([RULES, facts]).encode(), digest_size=16).hexdigest()


def read_kept(folder: Path, key: str) -> Resolved | None:
    """What is kept under `folder` if it is what `key` names, else None."""
    counts = read_counts(folder, key)
    if counts is None:
        return None
    frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in FRAMES}
    return Resolved(sources=counts, **frames)


def read_counts(folder: Path, key: str | None = None) -> tuple[SourceCounts, ...] | None:
    """The sources' counts alone (`key` None: whatever is kept); None if nothing fitting is there."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if key is not None and manifest["key"] != key:
        return None
    return tuple(
        SourceCounts(**{**source, "resolved_by": MappingProxyType(source["resolved_by"])})
        for source in manifest["sources"]
    )


def keep(folder: Path, key: str, resolved: Resolved) -> None:
    """Write `resolved` beside its place and rename it in: a kill leaves the old one, or none."""
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in FRAMES:
        getattr(resolved, name).write_parquet(fresh / f"{name}.parquet")
    sources = [{**_plain(s), "resolved_by": dict(s.resolved_by)} for s in resolved.sources]
    (fresh / MANIFEST).write_text(json.dumps({"key": key, "sources": sources}), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _plain(source: SourceCounts) -> dict[str, object]:
    names = [name for name in SourceCounts.__dataclass_fields__ if name != "resolved_by"]
    return {name: getattr(source, name) for name in names}
