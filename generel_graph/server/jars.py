"""Neo4j's jars: a list with sizes and digests that the package ships, and a cache that projects share."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from generel_graph.config import Config
from generel_graph.errors import ConfigError, ServerError
from generel_graph.progress import Progress, silent
from generel_graph.server.home import holding

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
    return Path(__file__).parent / "jars"


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
    return [jar for jar in jars if not _has_size(folder / jar.name, jar.size)]


def _has_size(path: Path, size: int) -> bool:
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


def ensure_jars(config: Config, version: str, progress: Progress = silent) -> tuple[Path, tuple[Jar, ...]]:
    """Bring what is missing of one version's jars into the cache, each checked against the list.

    The user's local Maven repository is looked at first, then the repository is asked directly, then `mvn`
    (decisions/0002: seconds, and what each knows of mirrors and proxies).
    Raises ServerError for a wrong digest (nothing is kept), or if no way leads to a repository.
    """
    jars = read_list(version)
    folder = jar_folder(config, version)
    if not missing(folder, jars):
        return folder, jars
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(
            f"the cache for jars cannot be written: {error.strerror}",
            where=folder,
            next_step="set neo4j.cache_dir (GENEREL_NEO4J_CACHE_DIR) to a folder that can be written",
        ) from error
    with holding(folder / "lock", "", wait=True):  # a second process waits, and then finds nothing missing
        _bring(folder, jars, progress)
    return folder, jars


def _bring(folder: Path, jars: Sequence[Jar], progress: Progress) -> None:
    from generel_graph.server import maven, repository  # not needed, and slow, once the cache is full

    total = sum(jar.size for jar in jars)
    wanted = missing(folder, jars)
    stage = "bring Neo4j"
    have = total - sum(jar.size for jar in wanted)
    keep = _keeper(folder)

    def report(done: int) -> None:
        progress(stage, have + done, total, "bytes")

    local = _local_repository()
    for jar in wanted:
        if _has_size(local / jar.path, jar.size) and digest_of(local / jar.path) == jar.sha256:
            keep(jar, (local / jar.path).read_bytes(), str(local / jar.path))
    wanted = missing(folder, jars)
    if not wanted:
        return report(0)
    reason = repository.bring(wanted, keep, report)
    wanted = missing(folder, jars)
    if wanted and maven.command():
        progress(stage, total - sum(jar.size for jar in wanted), total, "by mvn")
        reason += "; " + maven.bring(wanted, keep)
        wanted = missing(folder, jars)
    if wanted:
        raise ServerError(
            f"{len(wanted)} of {len(jars)} jars of Neo4j are missing, and no repository answers: {reason}",
            where=folder,
            next_step="one of: set GENEREL_MAVEN_REPOSITORY to a repository that answers, or copy this folder"
            " from a machine that has one; or `docker compose up -d` and set NEO4J_URI; or set NEO4J_URI to a"
            " Neo4j >= 5.26 that runs elsewhere",
        )
    return report(total - have)


def _local_repository() -> Path:
    """The user's own Maven repository: what lies there with the right digest need not be brought."""
    return Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")


def _keeper(folder: Path) -> Callable[[Jar, bytes, str], None]:
    """A function that keeps a jar's bytes if they are the list's, and raises ServerError if not."""

    def keep(jar: Jar, content: bytes, origin: str) -> None:
        found = hashlib.sha256(content).hexdigest()
        if found != jar.sha256:
            raise ServerError(
                f"{jar.name} has the wrong sha256: {found}, the list says {jar.sha256}; it was not kept",
                where=origin,
                found=found,
                valid=[jar.sha256],
                next_step="ask who runs that repository, or set GENEREL_MAVEN_REPOSITORY to another one",
            )
        part = folder / f"{jar.name}.{os.getpid()}.part"
        try:
            part.write_bytes(content)
            part.replace(folder / jar.name)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ServerError(
                f"{jar.name} cannot be written: {error.strerror}",
                where=folder,
                next_step="make room, or set neo4j.cache_dir to a folder on another disk",
            ) from error

    return keep
