"""Keep what was resolved beside the stage, so that a sync without news resolves nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType

import polars as pl

from generel_etl.resolve import Resolved, SourceCounts
from generel_etl.stage import Stage
from generel_etl.whole import replacing
from generel_graph.config import SourceConfig

RULES = 4  # counts up when `resolve` gives other tables from the same stages
FRAMES = ("nodes", "edges", "clusters_left_out", "dangling", "redefined")
MANIFEST = "manifest.json"


def resolved_key(stages: Sequence[Stage], sources: Sequence[SourceConfig]) -> str:
    """Name what these stages resolve to (32 hexadecimal digits); the order is the configuration's."""
    facts = [[s.name, s.key, c.version, c.licence, c.url] for s, c in zip(stages, sources, strict=True)]
    return blake2b(json.dumps([RULES, facts]).encode(), digest_size=16).hexdigest()


def read_kept(folder: Path, key: str) -> Resolved | None:
    """What is kept under `folder` if it is what `key` names, else None."""
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
    return Resolved(sources=sources, **{name: pl.read_parquet(folder / f"{name}.parquet") for name in FRAMES})


def keep(folder: Path, key: str, resolved: Resolved) -> None:
    """Write `resolved` whole: a kill leaves the old one, or none."""
    names = SourceCounts.__dataclass_fields__
    sources = [
        {**{name: getattr(s, name) for name in names}, "resolved_by": dict(s.resolved_by)} for s in resolved.sources
    ]
    with replacing(folder) as new:
        for name in FRAMES:
            getattr(resolved, name).write_parquet(new / f"{name}.parquet")
        (new / MANIFEST).write_text(json.dumps({"key": key, "sources": sources}), encoding="utf-8")
