"""The configuration of sources: what to read, where from, and how a TOML table becomes a frozen dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from generel_etl.errors import ConfigError
from generel_etl.fields import (
    check_field,
)

FILE_NAME = "generel.toml"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One source of data: a reader, its files, where they come from, and the reader's own options."""

    name: str
    reader: str  # a name in generel_etl.readers.READERS
    files: tuple[str, ...]  # relative to data_dir; "*" and "?" as in a shell
    version: str = ""  # the release, as its publisher names it
    licence: str = ""
    url: str = ""
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # the reader's own keys


@dataclass(frozen=True, slots=True)
class EtlConfig:
    """What reading needs: the sources, the folder of their files and the folder of the project's own state."""

    data: Path  # the folder that sources' file names are relative to
    state: Path  # the project's own folder: stages and resolved tables are written here
    sources: tuple[SourceConfig, ...] = ()
    path: Path | None = None  # the configuration file, named in errors

    @property
    def resolved_folder(self) -> Path:
        """The folder of the resolved tables."""
        return self.state / "resolved"

    def stage_folder(self, source: str) -> Path:
        """The folder of a source's canonical tables."""
        return self.state / "stage" / source


def build_section(kind: type[Any], table: Mapping[str, Any], where: str, path: Path) -> Any:
    """Make one dataclass from one TOML table; unknown keys and wrong types are errors."""
    hints = get_type_hints(kind)
    values = {}
    for key, value in table.items():
        if key not in hints:
            raise ConfigError("unknown key", where=f"{path}: {where}", found=key, valid=hints)
        values[key] = convert(value, hints[key], f"{path}: {where}.{key}")
        check_field(kind, key, values[key], f"{path}: {where}.{key}")
    return kind(**values)


def build_options(kind: type[Any], source: SourceConfig, path: Path | None = None) -> Any:
    """Make a reader's own option dataclass from a source's remaining keys.

    Raises ConfigError with the nearest valid key, or for a key that is required and missing.
    """
    where = f"{path or FILE_NAME}"
    hints = get_type_hints(kind)
    for f in fields(kind):
        if f.default is MISSING and f.default_factory is MISSING and f.name not in source.options:
            raise ConfigError("missing key", where=f"{where}: sources.{source.name}", found=f.name, valid=hints)
    return build_section(kind, source.options, f"sources.{source.name}", Path(where))


def convert(value: Any, hint: Any, where: str) -> Any:
    """Turn a TOML value or a variable's text into the type of a field; raises ConfigError."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        kinds = [k for k in get_args(hint) if k is not type(None)]
        return None if value in (None, "") else convert(value, kinds[0], where)
    if hint is Any:
        return value
    try:
        if hint is bool:
            if isinstance(value, bool):
                return value
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        if hint is date:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        if hint in (int, float):
            if isinstance(value, bool) or (hint is int and float(value) != int(float(value))):
                raise ValueError(value)
            return hint(float(value)) if hint is int else float(value)
        if hint is str:
            if not isinstance(value, str):
                raise ValueError(value)
            return value
        if origin is tuple:
            return tuple(convert(v, get_args(hint)[0], where) for v in ([value] if isinstance(value, str) else value))
        if origin in (Mapping, dict) or hint in (Mapping, dict):
            return MappingProxyType(dict(value))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        name = getattr(hint, "__name__", str(hint))
        raise ConfigError(f"not a {name}", where=where, found=value) from error
    raise ConfigError("a value of this kind cannot be set here", where=where, found=value)
