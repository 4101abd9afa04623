"""`generel.toml`, `GENEREL_…` variables and options, read into frozen dataclasses; each field says what it means."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from generel_etl.config import FILE_NAME, SourceConfig, build_section, convert
from generel_etl.errors import ConfigError
from generel_etl.fields import (
    check_field,
)
from generel_graph.config.sections import Config, ModelConfig, Neo4jConfig, TaskConfig, TrainConfig


def load_config(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read `path` (default: `generel.toml` here), then the `GENEREL_…` variables over it.

    Relative folders of the file are relative to the file, those of variables to the working folder.
    Raises ConfigError, with file and key, for a missing file, wrong TOML, an unknown key or a wrong type.
    """
    environment = os.environ if environment is None else environment
    named = path is not None
    path = Path(FILE_NAME) if path is None else path
    if path.is_dir():
        path = path / FILE_NAME
    if not path.exists():
        raise ConfigError(
            "no such configuration file" if named else f"no {FILE_NAME} in this folder",
            where=path,
            next_step="run `generel-graph init`, or name a file with --config",
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not TOML: {error}", where=path) from error
    return from_mapping(raw, path.resolve(), environment)


def from_mapping(raw: Mapping[str, Any], path: Path, environment: Mapping[str, str]) -> Config:
    """Build the configuration from what a TOML file holds and the environment."""
    top = dict(raw)
    sources = tuple(
        _source(name, table, path) for name, table in _table(top.pop("sources", {}), "sources", path).items()
    )
    tasks = {
        name: build_section(TaskConfig, _table(table, f"tasks.{name}", path), f"tasks.{name}", path)
        for name, table in _table(top.pop("tasks", {}), "tasks", path).items()
    }
    parts = {
        key: build_section(kind, _table(top.pop(key, {}), key, path), key, path)
        for key, kind in (("neo4j", Neo4jConfig), ("model", ModelConfig), ("train", TrainConfig))
    }
    known = {f.name: str for f in fields(Config) if f.name in ("data_dir", "state_dir")}
    for key in top:
        if key not in known:
            raise ConfigError(
                "unknown key",
                where=path,
                found=key,
                valid=[*known, "sources", "tasks", "neo4j", "model", "train"],
            )
    config = Config(folder=path.parent, path=path, sources=sources, tasks=MappingProxyType(tasks), **parts, **top)
    return _environment(config, environment)


def _source(name: str, table: Any, path: Path) -> SourceConfig:
    where = f"{path}: sources.{name}"
    table = dict(_table(table, f"sources.{name}", path))
    own = {f.name for f in fields(SourceConfig)} - {"name", "options"}
    for key in ("reader", "files"):
        if key not in table:
            raise ConfigError("missing key", where=where, found=key, next_step=f"add `{key} = …`")
    files = table.pop("files")
    files = [files] if isinstance(files, str) else files
    if not isinstance(files, list) or not files or not all(isinstance(f, str) for f in files):
        raise ConfigError("`files` is a file name or a list of file names", where=where, found=files)
    named = {key: str(table.pop(key)) for key in sorted(own - {"files"}) if key in table}
    return SourceConfig(name=name, files=tuple(files), options=MappingProxyType(table), **named)


def _table(value: Any, key: str, path: Path) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError("a table is expected here", where=f"{path}: {key}", found=value)
    return value


def _environment(config: Config, environment: Mapping[str, str]) -> Config:
    """Lay `GENEREL_DATA_DIR`, `GENEREL_TRAIN_STEPS` … and `NEO4J_URI` over the file's values."""
    if environment.get("NEO4J_URI"):
        config = replace(config, neo4j=replace(config.neo4j, uri=environment["NEO4J_URI"]))
    places = {f"GENEREL_{key.upper()}": ("", key) for key in ("data_dir", "state_dir")}
    for part in ("neo4j", "model", "train"):
        for f in fields(getattr(config, part)):
            places[f"GENEREL_{part.upper()}_{f.name.upper()}"] = (part, f.name)
    for variable, text in environment.items():
        if not variable.startswith("GENEREL_") or variable in OUTSIDE:
            continue
        if variable not in places:
            raise ConfigError("unknown variable", where="environment", found=variable, valid=places)
        part, key = places[variable]
        if not part:
            folder = str(Path(text).expanduser().resolve())
            config = replace(config, data_dir=folder) if key == "data_dir" else replace(config, state_dir=folder)
            continue
        section = getattr(config, part)
        value = convert(text, get_type_hints(type(section))[key], variable)
        check_field(type(section), key, value, variable)
        config = replace(config, **{part: replace(section, **{key: value})})
    return config


OUTSIDE = ("GENEREL_MAVEN_REPOSITORY", "GENEREL_CONFIG", "GENEREL_DEBUG")  # read elsewhere
