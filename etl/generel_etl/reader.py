"""The reader of a file layout: a name, a version, options, and one function from files to `Tables`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generel_etl.config import SourceConfig
from generel_etl.errors import ConfigError
from generel_etl.identifiers import BUILDS, normalise_build
from generel_etl.schema import Tables


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """The files of one source, in reading order; rows are numbered from 1 across all files."""

    source: SourceConfig
    paths: tuple[Path, ...]

    @property
    def where(self) -> str:
        """The source's section in the configuration, for error messages."""
        return f"sources.{self.source.name}"

    def build(self, text: str, key: str = "build") -> str:
        """The genome build that an option names ("hg19" → "GRCh37"); raises ConfigError for other texts."""
        build = normalise_build(text)
        if build is None:
            raise ConfigError(
                "not a genome build", where=f"{self.where}.{key}", found=text, valid=sorted({*BUILDS.values()})
            )
        return build


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The options of a reader that has none."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The reader of one file layout.

    `version`: increase it when the same files give other tables; staged tables of an older version are read again.
    `options`: a frozen dataclass whose fields are the keys of the reader under `[sources.<name>]`.
    `read`: a pure function of files and options. For invalid input it raises only DataError or ConfigError; rows
    that cannot be used become rejects.
    """

    name: str
    version: int
    options: type[Any]
    read: Callable[[SourceFiles, Any], Tables]
