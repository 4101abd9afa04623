"""Download Neo4j's jars into the cache: from the local Maven repository, over HTTP or with `mvn`; check digests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from generel_etl.atomic import write_atomically
from generel_etl.errors import ServerError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.server.home import hold_lock
from generel_graph.server.jars.manifest import (
    Jar,
    file_sha256,
    has_size,
    jar_folder,
    missing_jars,
    read_jar_list,
)


def ensure_jars(config: Config, version: str, progress: Progress = silent) -> tuple[Path, tuple[Jar, ...]]:
    """Download the missing jars of one version into the cache and check each against the list; return folder and list.

    Sources, in this order: the user's local Maven repository, a repository over HTTP, `mvn` (decisions/0002 compares
    their speed and their support of mirrors and proxies).
    Raises ServerError for a wrong digest (the jar is not stored), or if no repository can be reached.
    """
    jars = read_jar_list(version)
    folder = jar_folder(config, version)
    if not missing_jars(folder, jars):
        return folder, jars
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(
            f"the cache for jars cannot be written: {error.strerror}",
            where=folder,
            next_step="set neo4j.cache_dir (GENEREL_NEO4J_CACHE_DIR) to a writable folder",
        ) from error
    with hold_lock(folder / "lock", "", wait=True):  # a second process waits; then no jar is missing
        _download(folder, jars, progress)
    return folder, jars


def _download(folder: Path, jars: Sequence[Jar], progress: Progress) -> None:
    from generel_graph.server.jars import maven, repository  # slow imports, not needed once the cache is complete

    total = sum(jar.size for jar in jars)
    missing = missing_jars(folder, jars)
    stage = "download Neo4j"
    present = total - sum(jar.size for jar in missing)
    store = _store_in(folder)

    def report(done: int) -> None:
        progress(stage, present + done, total, "bytes")

    local = _local_repository()
    for jar in missing:
        if has_size(local / jar.path, jar.size) and file_sha256(local / jar.path) == jar.sha256:
            store(jar, (local / jar.path).read_bytes(), str(local / jar.path))
    missing = missing_jars(folder, jars)
    if not missing:
        return report(0)
    reason = repository.download_jars(missing, store, report)
    missing = missing_jars(folder, jars)
    if missing and maven.find_maven():
        progress(stage, total - sum(jar.size for jar in missing), total, "with mvn")
        reason += "; " + maven.download_with_maven(missing, store)
        missing = missing_jars(folder, jars)
    if missing:
        raise ServerError(
            f"{len(missing)} of {len(jars)} jars of Neo4j are missing, and the download failed: {reason}",
            where=folder,
            next_step="set GENEREL_MAVEN_REPOSITORY to a repository that can be reached; or copy this folder from"
            " another machine; or run `docker compose up -d` and set NEO4J_URI; or set NEO4J_URI to another"
            " Neo4j >= 5.26",
        )
    return report(total - present)


def _local_repository() -> Path:
    """The user's local Maven repository. Jars with the right digest are copied from it."""
    return Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")


def _store_in(folder: Path) -> Callable[[Jar, bytes, str], None]:
    """A function that writes a jar to `folder` if its digest is right, and otherwise raises ServerError."""

    def store(jar: Jar, content: bytes, origin: str) -> None:
        digest = hashlib.sha256(content).hexdigest()
        if digest != jar.sha256:
            raise ServerError(
                f"{jar.name} has the wrong SHA-256: {digest}, expected {jar.sha256}; it was discarded",
                where=origin,
                found=digest,
                valid=[jar.sha256],
                next_step="contact the operator of that repository, or set GENEREL_MAVEN_REPOSITORY to another one",
            )
        try:
            write_atomically(folder / jar.name, content)
        except OSError as error:
            raise ServerError(
                f"{jar.name} cannot be written: {error.strerror}",
                where=folder,
                next_step="free disk space, or set neo4j.cache_dir to a folder on another disk",
            ) from error

    return store
