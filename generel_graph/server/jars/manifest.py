"""Neo4j's jars: a list with sizes and digests that the package ships, and a cache that projects share."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from generel_etl.errors import ConfigError
from generel_graph.config import Config

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Jar:
    """One artifact of the list: coordinates, size in bytes, sha256 in hexadecimal."""

    group: str
    artifact: str
    version: str
    classifier: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Its file name, as Maven gives it."""
        return f"{self.artifact}-{self.version}{f'-{self.classifier}' if self.classifier else ''}.jar"

    @property
    def path(self) -> str:
        """Its place in a Maven repository."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"


def versions() -> tuple[str, ...]:
    """The Neo4j versions that the package has a list of jars for, oldest first."""
    return tuple(sorted((p.stem for p in _lists().glob("*.txt")), key=lambda v: [int(n) for n in v.split(".")]))


def read_list(version: str) -> tuple[Jar, ...]:
    """The jars of one version: lines of `group:artifact:version[:classifier] bytes sha256:…`.

    Raises ConfigError for a version that has no list.
    """
    path = _lists() / f"{version}.txt"
    if version not in versions():
        raise ConfigError("no such version of Neo4j here", where="neo4j.version", found=version, valid=versions())
    jars = []
    for line in path.read_text(encoding="ascii").splitlines():
        coordinates, size, digest = line.split()
        group, artifact, number, *classifier = coordinates.split(":")
        jars.append(Jar(group, artifact, number, "".join(classifier), int(size), digest.removeprefix("sha256:")))
    return tuple(jars)


def _lists() -> Path:
    return Path(__file__).parent


def cache(config: Config) -> Path:
    """The folder for jars and Java: `neo4j.cache_dir`, else the user's cache folder; shared by projects."""
    named = config.neo4j.cache_dir
    return (config.folder / Path(named).expanduser()).resolve() if named else user_cache_path("generel-graph")


def jar_folder(config: Config, version: str) -> Path:
    """Where the jars of one version lie."""
    return cache(config) / "jars" / version


def class_path(folder: Path, jars: Sequence[Jar]) -> str:
    """The class path, in the list's order, so that an archive of classes made for it fits again."""
    return os.pathsep.join(str(folder / jar.name) for jar in jars)


def missing(folder: Path, jars: Sequence[Jar]) -> list[Jar]:
    """Jars that are not in the folder with their size; the digest was checked when they came."""
    return [jar for jar in jars if not has_size(folder / jar.name, jar.size)]


def has_size(path: Path, size: int) -> bool:
    """Whether a file is there and as long as it should be."""
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def damaged(folder: Path, jars: Sequence[Jar]) -> list[Jar]:
    """Jars of the folder whose digest is no longer the list's; they are removed, so that they come anew."""
    found = [jar for jar in jars if (folder / jar.name).exists() and digest_of(folder / jar.name) != jar.sha256]
    for jar in found:
        (folder / jar.name).unlink()
    return found


def digest_of(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
