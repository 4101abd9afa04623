"""Read `generel.toml` and the `GENEREL_…` variables into the frozen sections of `Config`."""

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
from generel_etl.fields import check_field
from generel_graph.config.sections import Config, ModelConfig, Neo4jConfig, TaskConfig, TrainConfig

OTHER_VARIABLES = ("GENEREL_MAVEN_REPOSITORY", "GENEREL_CONFIG", "GENEREL_DEBUG")  # other modules read these


def load_config(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read the configuration file `path` (default: `generel.toml` in the working folder) and apply the environment.

    `path` may be the file's folder. Relative folders in the file are relative to the file; those in variables are
    relative to the working folder. Raises ConfigError, with file and key, for a missing file, invalid TOML, an unknown
    key or an invalid value.
    """
    environment = os.environ if environment is None else environment
    is_default = path is None
    path = Path(FILE_NAME) if path is None else path
    if path.is_dir():
        path = path / FILE_NAME
    if not path.exists():
        raise ConfigError(
            f"no {FILE_NAME} in this folder" if is_default else "no such configuration file",
            where=path,
            next_step="run `generel-graph init`, or pass a file with --config",
        )
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"invalid TOML: {error}", where=path) from error
    return config_from_mapping(values, path.resolve(), environment)


def config_from_mapping(values: Mapping[str, Any], path: Path, environment: Mapping[str, str]) -> Config:
    """Build the configuration from the content of a TOML file and the environment; `path` is named in errors.

    Raises ConfigError for an unknown key or an invalid value.
    """
    top = dict(values)
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
    return _with_environment(config, environment)


def _source(name: str, table: Any, path: Path) -> SourceConfig:
    where = f"{path}: sources.{name}"
    table = dict(_table(table, f"sources.{name}", path))
    keys = {f.name for f in fields(SourceConfig)} - {"name", "options"}
    for key in ("reader", "files"):
        if key not in table:
            raise ConfigError("missing key", where=where, found=key, next_step=f"add `{key} = …`")
    files = table.pop("files")
    files = [files] if isinstance(files, str) else files
    if not isinstance(files, list) or not files or not all(isinstance(f, str) for f in files):
        raise ConfigError("`files` must be a file name or a list of file names", where=where, found=files)
    texts = {key: str(table.pop(key)) for key in sorted(keys - {"files"}) if key in table}
    return SourceConfig(name=name, files=tuple(files), options=MappingProxyType(table), **texts)


def _table(value: Any, key: str, path: Path) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError("a table is expected", where=f"{path}: {key}", found=value)
    return value


def _with_environment(config: Config, environment: Mapping[str, str]) -> Config:
    """Replace values of the file by `NEO4J_URI`, `GENEREL_DATA_DIR`, `GENEREL_TRAIN_STEPS` and so on."""
    if environment.get("NEO4J_URI"):
        config = replace(config, neo4j=replace(config.neo4j, uri=environment["NEO4J_URI"]))
    settings = {f"GENEREL_{key.upper()}": ("", key) for key in ("data_dir", "state_dir")}
    for name in ("neo4j", "model", "train"):
        for f in fields(getattr(config, name)):
            settings[f"GENEREL_{name.upper()}_{f.name.upper()}"] = (name, f.name)
    for variable, text in environment.items():
        if not variable.startswith("GENEREL_") or variable in OTHER_VARIABLES:
            continue
        if variable not in settings:
            raise ConfigError("unknown variable", where="environment", found=variable, valid=settings)
        name, key = settings[variable]
        if not name:
            folder = str(Path(text).expanduser().resolve())
            config = replace(config, data_dir=folder) if key == "data_dir" else replace(config, state_dir=folder)
            continue
        section = getattr(config, name)
        value = convert(text, get_type_hints(type(section))[key], variable)
        check_field(type(section), key, value, variable)
        config = replace(config, **{name: replace(section, **{key: value})})
    return config
