"""A cache of loaded classes for each set of jars and Java, which halves the processor time of a start.

It is created once, in the background and at the lowest priority, by a temporary server on an empty store
(`python -m generel_graph.server.class_cache` with a `Launch` on standard input). A JVM ignores a cache that does not
match its jars and options.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from generel_etl.errors import ServerError
from generel_graph.server.home import Home, try_lock
from generel_graph.server.launch import Launch

if TYPE_CHECKING:
    from generel_graph.server.java import Java

STOP_SECONDS = 1800.0  # writing the cache takes ten seconds on an idle machine
AOT_SINCE = 25  # Java version with the ahead-of-time cache; earlier versions have class data sharing


def class_cache_path(jars: Path, java: Java, class_path: str) -> Path:
    """The cache's file, beside the jars; it depends on the Java, the list of jars and the options."""
    key = f"{java.path}:{Path(java.path).stat().st_mtime_ns}:{java.vector_module}:{class_path}"
    suffix = "aot" if java.major >= AOT_SINCE else "jsa"
    return jars / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.{suffix}"


def read_options(cache: Path) -> tuple[str, ...]:
    """The JVM options that read a cache; none if it does not exist."""
    if not cache.exists():
        return ()
    return (f"-XX:AOTCache={cache}" if cache.suffix == ".aot" else f"-XX:SharedArchiveFile={cache}",)


def write_options(cache: Path) -> tuple[str, ...]:
    """The JVM options that write a cache when the JVM ends."""
    name = "AOTCacheOutput" if cache.suffix == ".aot" else "ArchiveClassesAtExit"
    return (f"-XX:{name}={cache}",)


def create_class_cache(launch: Launch) -> None:
    """Start a server on a temporary store, wait until it answers, and stop it: it writes the cache when it ends."""
    from generel_graph.server.supervisor import Supervisor

    cache = Path(launch.class_cache)
    lock = try_lock(cache.with_suffix(".lock"))
    if lock is None or cache.exists():
        return
    folder = Path(tempfile.mkdtemp(prefix="generel-archive-"))
    part = cache.with_name(f"{cache.stem}.part{cache.suffix}")  # the JVM requires the suffix
    part.unlink(missing_ok=True)
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    try:
        home = Home(folder / "neo4j")
        home.create()
        small = replace(launch, heap="512m", page_cache="64m", bolt_port=0, http_port=0, options=write_options(part))
        home_lock = try_lock(home.lock)
        assert home_lock is not None  # the folder is new
        supervisor = Supervisor(home, small, home_lock, reader, stop_seconds=STOP_SECONDS)
        supervisor.start()
        supervisor.stop()
        if part.exists():
            part.replace(cache)
    except ServerError:
        part.unlink(missing_ok=True)
    finally:
        writer.close()
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Fork away from the supervisor and create the cache at the lowest priority."""
    launch = Launch.from_json(sys.stdin.readline())
    if os.fork():
        os._exit(0)
    os.nice(19)
    create_class_cache(launch)


if __name__ == "__main__":
    main()
