"""What a source's reader is: a name, a version, its own options, and one function from files to `Tables`."""

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
    """The files of one source, in reading order; rows are numbered from 1 across them."""

    source: SourceConfig
    paths: tuple[Path, ...]

    @property
    def where(self) -> str:
        """How messages name the source's place in the configuration."""
        return f"sources.{self.source.name}"

    def build(self, text: str, key: str = "build") -> str:
        """The genome build that an option names ("hg19" → "GRCh37"); raises ConfigError for what is none."""
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
    """One layout of files.

    `version` counts up whenever the same files would give other tables: staged data of an older version is stale.
    `options` is a frozen dataclass whose fields are the reader's keys under `[sources.<name>]`.
    `read` is a pure function of files and options; it raises DataError or ConfigError, never anything else
    for bad input, and puts rows that nothing can be made of into the rejects.
    """

    name: str
    version: int
    options: type[Any]
    read: Callable[[SourceFiles, Any], Tables]
