"""The configuration of sources, and the conversion of TOML tables to frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from generel_etl.errors import ConfigError
from generel_etl.fields import check_field

FILE_NAME = "generel.toml"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One source of data: its reader, its files, their origin, and the options of the reader."""

    name: str  # the name of the section
    reader: str  # a name in generel_etl.readers.READERS
    files: tuple[str, ...]  # relative to data_dir; "*" and "?" are wildcards
    version: str = ""  # the publisher's name of the release
    licence: str = ""  # the licence of the data
    url: str = ""  # where the files come from
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # the options of the reader


@dataclass(frozen=True, slots=True)
class EtlConfig:
    """The configuration of the ETL: the sources, the folder of their files, and the state folder."""

    data: Path  # the folder that file names are relative to
    state: Path  # the state folder: stages and resolved tables are written here
    sources: tuple[SourceConfig, ...] = ()
    path: Path | None = None  # the configuration file, for error messages

    @property
    def resolved_folder(self) -> Path:
        """The folder of the resolved tables."""
        return self.state / "resolved"

    def stage_folder(self, source: str) -> Path:
        """The folder of the staged tables of a source."""
        return self.state / "stage" / source


def build_section(kind: type[Any], table: Mapping[str, Any], where: str, path: Path) -> Any:
    """Create a dataclass from a TOML table; raises ConfigError for unknown keys, wrong types and invalid values."""
    hints = get_type_hints(kind)
    values = {}
    for key, value in table.items():
        if key not in hints:
            raise ConfigError("unknown key", where=f"{path}: {where}", found=key, valid=hints)
        values[key] = convert(value, hints[key], f"{path}: {where}.{key}")
        check_field(kind, key, values[key], f"{path}: {where}.{key}")
    return kind(**values)


def build_options(kind: type[Any], source: SourceConfig, path: Path | None = None) -> Any:
    """Create the option dataclass of a reader from `source.options`.

    Raises ConfigError for an unknown key (with the nearest valid key), and for a missing required key.
    """
    where = f"{path or FILE_NAME}"
    hints = get_type_hints(kind)
    for f in fields(kind):
        if f.default is MISSING and f.default_factory is MISSING and f.name not in source.options:
            raise ConfigError("missing key", where=f"{where}: sources.{source.name}", found=f.name, valid=hints)
    return build_section(kind, source.options, f"sources.{source.name}", Path(where))


def convert(value: Any, hint: Any, where: str) -> Any:
    """Convert a TOML value or the text of a variable to the type `hint` of a field; raises ConfigError."""
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
    raise ConfigError("a field of this type cannot be configured", where=where, found=value)
