"""Every setting of a private Neo4j, in one place: a function of version, ports, memory and folders.

What all our servers share stands in `neo4j.env`, `neo4j-5.env` and `neo4j-2026.env`, which docker-compose.yml
and the tests' containers read too.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import psutil

from generel_etl.errors import ConfigError
from generel_graph.server.processes import LOOPBACK

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30
MAIN_CLASS = {5: "org.neo4j.server.CommunityEntryPoint", 2026: "org.neo4j.server.Neo4jCommunity"}
ADMIN_CLASS = "org.neo4j.cli.AdminTool"
OPENS = tuple(f"--add-opens=java.base/{p}=ALL-UNNAMED" for p in ("java.nio", "java.io", "sun.nio.ch", "java.lang"))
UNLIMITED = 1 << 60  # cgroup v1 writes a number near 2^63 for "no limit"


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes for the JVM's heap and for Neo4j's page cache."""

    heap: int
    page_cache: int


def family(version: str) -> int:
    """5 for 5.26.x, 2026 for the calendar versions: what settings and class names go by."""
    return 5 if version.startswith("5.") else 2026


def shared_environment(version: str) -> dict[str, str]:
    """The shared settings as the official image's environment: `NEO4J_…` names and values."""
    values: dict[str, str] = {}
    for name in ("neo4j.env", f"neo4j-{family(version)}.env"):
        for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                key, _, value = line.partition("=")
                values[key.strip()] = value.strip()
    return values


def setting_name(variable: str) -> str:
    """The Neo4j setting behind a variable of the official image: "NEO4J_a_b__c" is "a.b_c"."""
    parts = variable.removeprefix("NEO4J_").split("__")
    return "_".join(part.replace("_", ".") for part in parts)


def settings(version: str, data: Path, home: Path, *, memory: Memory, bolt: int = 0, http: int = 0) -> dict[str, str]:
    """neo4j.conf for a server on these loopback ports (http 0: no Browser), or for an import (bolt 0)."""
    values = {setting_name(key): value for key, value in shared_environment(version).items()}
    values |= {
        "server.directories.data": str(data),
        "server.directories.logs": str(home / "logs"),
        "server.directories.run": str(home / "run"),
        "server.directories.import": str(home / "import"),
        "server.directories.plugins": str(home / "plugins"),
        "server.default_listen_address": LOOPBACK,
        "server.memory.pagecache.size": f"{memory.page_cache // MEBIBYTE}m",
        "server.http.enabled": "true" if http else "false",
    }
    for name, port in (("bolt", bolt), ("http", http)):
        if port:
            values[f"server.{name}.listen_address"] = f"{LOOPBACK}:{port}"
            values[f"server.{name}.advertised_address"] = f"{LOOPBACK}:{port}"
    return values


def java_options(memory: Memory, *, vector_module: bool) -> list[str]:
    """Options of the JVM; `vector_module` if it has jdk.incubator.vector, which halves vector index time."""
    options = [f"-Xmx{memory.heap // MEBIBYTE}m", "-XX:+ExitOnOutOfMemoryError", *OPENS]
    options += ["--enable-native-access=ALL-UNNAMED", "-Dfile.encoding=UTF-8"]
    if vector_module:
        options += ["--add-modules", "jdk.incubator.vector"]
    return options


def argument_file(arguments: list[str]) -> str:
    """The text of a file that `java @file` reads: one quoted argument a line."""
    return "".join('"' + a.replace("\\", "\\\\").replace('"', '\\"') + '"\n' for a in arguments)


def memory_limit() -> int:
    """Bytes that this process may use: the machine's memory or its container's limit, whichever is less."""
    limits = [psutil.virtual_memory().total]
    for place in _cgroup_files():
        try:
            text = place.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit() and int(text) < UNLIMITED:
            limits.append(int(text))
    return min(limits)


def _cgroup_files() -> list[Path]:
    """Where Linux writes this process's memory limits: its own group and all above it, version 2 and 1."""
    root = Path("/sys/fs/cgroup")
    places = [root / "memory.max", root / "memory/memory.limit_in_bytes"]
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        return places
    for line in groups:
        _, controllers, group = line.split(":", 2)
        if not controllers:
            base, name = root, "memory.max"
        elif "memory" in controllers.split(","):
            base, name = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        folder = Path(group.lstrip("/"))
        places += [base / part / name for part in (folder, *folder.parents)]
    return places


def size(text: str, key: str) -> int:
    """Bytes of "512m" or "2g"; raises ConfigError that names `key`."""
    match = re.fullmatch(r"(\d+)\s*([kmg])(?:i?b)?", text.strip().lower())
    if not match or not int(match[1]):
        raise ConfigError(
            "not a size",
            where=f"neo4j.{key}",
            found=text,
            next_step='write a number and a unit, as "512m" or "2g"',
        )
    return int(match[1]) << {"k": 10, "m": 20, "g": 30}[match[2]]


def sized(store_bytes: int, heap: str = "", page_cache: str = "", limit: int | None = None) -> Memory:
    """Heap and page cache for a store of so many bytes; texts that are given are taken as they are.

    Heap: a sixth of the memory, from 512 MiB to 4 GiB. Page cache: the store and a quarter, but from 512 MiB
    up (a load may follow), and at most a quarter of the memory.
    """
    limit = memory_limit() if limit is None else limit
    wanted_heap = min(max(limit // 6, 512 * MEBIBYTE), 4 * GIBIBYTE)
    wanted_cache = min(max(store_bytes * 5 // 4 + 256 * MEBIBYTE, 512 * MEBIBYTE), max(limit // 4, 64 * MEBIBYTE))
    return Memory(
        heap=size(heap, "heap") if heap else wanted_heap,
        page_cache=size(page_cache, "page_cache") if page_cache else wanted_cache,
    )


def java_environment() -> dict[str, str]:
    """The environment for a JVM of ours: without Neo4j's own variables, passwords among them."""
    return {key: value for key, value in os.environ.items() if not key.startswith("NEO4J_")}
