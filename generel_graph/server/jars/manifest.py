"""Neo4j's jars: the package's lists with sizes and digests, and the cache folder that projects share."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from generel_etl.errors import ConfigError
from generel_graph.config import Config

LISTS = Path(__file__).parent  # the folder of the lists, one text file per version


@dataclass(frozen=True, slots=True)
class Jar:
    """One artifact of a list: coordinates, size in bytes, SHA-256 in hexadecimal."""

    group: str
    artifact: str
    version: str
    classifier: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file name, as in a Maven repository."""
        return f"{self.artifact}-{self.version}{f'-{self.classifier}' if self.classifier else ''}.jar"

    @property
    def path(self) -> str:
        """The path in a Maven repository."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"


def supported_versions() -> tuple[str, ...]:
    """The Neo4j versions whose list of jars is in the package, oldest first."""
    return tuple(sorted((p.stem for p in LISTS.glob("*.txt")), key=lambda v: [int(n) for n in v.split(".")]))


def read_jar_list(version: str) -> tuple[Jar, ...]:
    """The jars of one version, from lines of `group:artifact:version[:classifier] bytes sha256:…`.

    Raises ConfigError for a version without a list.
    """
    path = LISTS / f"{version}.txt"
    if version not in supported_versions():
        raise ConfigError(
            "this version of Neo4j is not supported",
            where="neo4j.version",
            found=version,
            valid=supported_versions(),
        )
    jars = []
    for line in path.read_text(encoding="ascii").splitlines():
        coordinates, size, digest = line.split()
        group, artifact, number, *classifier = coordinates.split(":")
        jars.append(Jar(group, artifact, number, "".join(classifier), int(size), digest.removeprefix("sha256:")))
    return tuple(jars)


def cache_folder(config: Config) -> Path:
    """The folder for jars and Java, shared by projects: `neo4j.cache_dir`, else the user's cache folder."""
    folder = config.neo4j.cache_dir
    return (config.folder / Path(folder).expanduser()).resolve() if folder else user_cache_path("generel-graph")


def jar_folder(config: Config, version: str) -> Path:
    """The cache folder for the jars of one version."""
    return cache_folder(config) / "jars" / version


def class_path(folder: Path, jars: Sequence[Jar]) -> str:
    """The class path, in the order of the list; a class cache is valid only for the same order."""
    return os.pathsep.join(str(folder / jar.name) for jar in jars)


def missing_jars(folder: Path, jars: Sequence[Jar]) -> list[Jar]:
    """Jars that are not in the folder with the right size; digests were checked when they were stored."""
    return [jar for jar in jars if not has_size(folder / jar.name, jar.size)]


def has_size(path: Path, size: int) -> bool:
    """Whether the file exists and has this size."""
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def remove_damaged_jars(folder: Path, jars: Sequence[Jar]) -> list[Jar]:
    """Delete the jars whose digest differs from the list, so that they are downloaded again; return them."""
    damaged = [jar for jar in jars if (folder / jar.name).exists() and file_sha256(folder / jar.name) != jar.sha256]
    for jar in damaged:
        (folder / jar.name).unlink()
    return damaged


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
