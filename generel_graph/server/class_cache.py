"""An archive of loaded classes for each set of jars and Java: a start then takes about half the processor time.

Made once, in the background and at the lowest priority, by a server of its own on an empty scratch store
(`python -m generel_graph.server.class_cache` with a `Launch` on standard input); a JVM passes over an archive that
does not fit it.
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
PATIENCE = 1800.0  # seconds; writing takes ten when nobody else is at work
AOT_SINCE = 25  # Java's ahead-of-time cache; before, its class data sharing


def archive_path(jars: Path, java: Java, class_path: str) -> Path:
    """The archive's file, beside the jars: another Java, list of jars or option is another file."""
    stamp = f"{java.path}:{Path(java.path).stat().st_mtime_ns}:{java.vector_module}:{class_path}"
    kind = "aot" if java.major >= AOT_SINCE else "jsa"
    return jars / f"{hashlib.sha256(stamp.encode()).hexdigest()[:16]}.{kind}"


def use_option(archive: Path) -> tuple[str, ...]:
    """The JVM's option that reads an archive; none as long as it is not there."""
    if not archive.exists():
        return ()
    return (f"-XX:AOTCache={archive}" if archive.suffix == ".aot" else f"-XX:SharedArchiveFile={archive}",)


def make_option(archive: Path) -> tuple[str, ...]:
    """The JVM's option that writes an archive when it ends."""
    name = "AOTCacheOutput" if archive.suffix == ".aot" else "ArchiveClassesAtExit"
    return (f"-XX:{name}={archive}",)


def make(launch: Launch) -> None:
    """Start a server on a scratch store, wait for its first answer, stop it: at its end it writes the archive."""
    from generel_graph.server.supervisor import Supervisor

    archive = Path(launch.archive)
    lock = try_lock(archive.with_suffix(".lock"))
    if lock is None or archive.exists():
        return
    scratch = Path(tempfile.mkdtemp(prefix="generel-archive-"))
    part = archive.with_name(f"{archive.stem}.part{archive.suffix}")  # the JVM wants the suffix
    part.unlink(missing_ok=True)
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    try:
        home = Home(scratch / "neo4j")
        home.make()
        small = replace(launch, heap="512m", page_cache="64m", bolt_port=0, http_port=0, options=make_option(part))
        held = try_lock(home.lock)
        assert held is not None  # the folder is new
        supervisor = Supervisor(home, small, held, reader, patience=PATIENCE)
        supervisor.start()
        supervisor.stop()
        if part.exists():
            part.replace(archive)
    except ServerError:
        part.unlink(missing_ok=True)
    finally:
        writer.close()
        lock.close()
        shutil.rmtree(scratch, ignore_errors=True)


def main() -> None:
    """Fork away from the supervisor that asked, and make the archive in what time others leave."""
    launch = Launch.from_json(sys.stdin.readline())
    if os.fork():
        os._exit(0)
    os.nice(19)
    make(launch)


if __name__ == "__main__":
    main()
