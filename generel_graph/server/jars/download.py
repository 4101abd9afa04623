"""Bring Neo4j's jars into the cache: from the local Maven repository, over HTTP, or by `mvn`; digests are checked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from generel_etl.atomic import write_atomically
from generel_etl.errors import ServerError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.server.home import holding
from generel_graph.server.jars.manifest import Jar, digest_of, has_size, jar_folder, missing, read_list


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
    from generel_graph.server.jars import maven, repository  # not needed, and slow, once the cache is full

    total = sum(jar.size for jar in jars)
    wanted = missing(folder, jars)
    stage = "bring Neo4j"
    have = total - sum(jar.size for jar in wanted)
    keep = _keeper(folder)

    def report(done: int) -> None:
        progress(stage, have + done, total, "bytes")

    local = _local_repository()
    for jar in wanted:
        if has_size(local / jar.path, jar.size) and digest_of(local / jar.path) == jar.sha256:
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
        try:
            write_atomically(folder / jar.name, content)
        except OSError as error:
            raise ServerError(
                f"{jar.name} cannot be written: {error.strerror}",
                where=folder,
                next_step="make room, or set neo4j.cache_dir to a folder on another disk",
            ) from error

    return keep
