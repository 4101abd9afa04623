"""Check what the program needs and say what to do about what is missing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from generel_graph.config import Config, SourceConfig, load_config
from generel_graph.errors import GenerelError

FREE_DISK = 2 * 2**30  # bytes: jars, store, an import's CSV
FREE_MEMORY = 2 * 2**30  # bytes: the server's heap and a training


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    name: str
    ok: bool
    found: str
    next_step: str = ""


def examine(config_path: str | None) -> list[Finding]:
    """Check one thing after another; a failure is a finding, never an exception."""
    findings = [
        Finding("python", sys.version_info >= (3, 11), sys.version.split()[0], "install Python 3.11 or newer"),
        _memory(),
    ]
    try:
        config = load_config(Path(config_path) if config_path else None)
    except GenerelError as error:
        findings.append(Finding("configuration", False, error.what, error.next_step))
        return findings
    findings.append(Finding("configuration", True, str(config.path)))
    findings.append(_disk(config))
    findings.extend(_check(f"files of {s.name}", partial(_files, config, s)) for s in config.sources)
    findings.append(_check("encoder", lambda: _encoder(config)))
    if not config.neo4j.uri:
        findings.append(_check("java", lambda: _java(config)))
        findings.append(_check("jars", lambda: _jars(config)))
    findings.append(_check("neo4j", lambda: _graph(config)))
    return findings


def _check(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except GenerelError as error:
        found = error.what if error.found is None else f"{error.what} ({error.found})"
        return Finding(name, False, found, error.next_step)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    return Finding("memory", free >= FREE_MEMORY, f"{free / 2**30:.1f} GiB free", "close other programs")


def _disk(config: Config) -> Finding:
    place = next(p for p in (config.state, *config.state.parents) if p.exists())
    free = shutil.disk_usage(place).free
    return Finding("disk", free >= FREE_DISK, f"{free / 2**30:.1f} GiB free at {place}", "set state_dir elsewhere")


def _files(config: Config, source: SourceConfig) -> str:
    from generel_etl.files import find_files

    paths = find_files(source, config.data)
    return f"{len(paths)} file(s), {sum(p.stat().st_size for p in paths) / 2**20:.1f} MiB"


def _encoder(config: Config) -> str:
    from generel_graph.encode.places import find_encoder

    return str(find_encoder(config.model.encoder)[0])


def _java(config: Config) -> str:
    from generel_graph.server.java import ensure_java

    return str(ensure_java(config, config.neo4j.version).path)


def _jars(config: Config) -> str:
    from generel_graph.server import status

    jars = status(config).jars
    there = len(list(jars.glob("*.jar"))) if jars.is_dir() else 0
    return f"{there} jars at {jars}" if there else "not brought yet: the first command that needs them does it"


def _graph(config: Config) -> str:
    from generel_graph.connection import open_graph
    from generel_graph.server import find

    if not config.neo4j.uri and find(config) is None:
        return "not running: the first command that needs it starts it"
    with open_graph(config) as graph:
        return f"{graph.capabilities.version} {graph.capabilities.edition} at {graph.uri}"
