"""All settings of a private server, as a function of version, ports, memory and folders.

The settings that all servers share are in `neo4j.env`, `neo4j-5.env` and `neo4j-2026.env`, which docker-compose.yml
and the containers of the tests read too.
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
    """The release family, 5 for 5.26.x or 2026 for the calendar versions; settings and class names depend on it."""
    return 5 if version.startswith("5.") else 2026


def shared_environment(version: str) -> dict[str, str]:
    """The shared settings as environment variables of the official image: `NEO4J_…` names and values."""
    values: dict[str, str] = {}
    for name in ("neo4j.env", f"neo4j-{family(version)}.env"):
        for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                key, _, value = line.partition("=")
                values[key.strip()] = value.strip()
    return values


def setting_name(variable: str) -> str:
    """The Neo4j setting that a variable of the official image sets: "NEO4J_a_b__c" sets "a.b_c"."""
    parts = variable.removeprefix("NEO4J_").split("__")
    return "_".join(part.replace("_", ".") for part in parts)


def settings(version: str, data: Path, home: Path, *, memory: Memory, bolt: int = 0, http: int = 0) -> dict[str, str]:
    """The content of neo4j.conf for a server on these loopback ports (http 0: no Browser) or an import (bolt 0)."""
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
    """The options of the JVM. With `vector_module` it uses jdk.incubator.vector, which halves vector index time."""
    options = [f"-Xmx{memory.heap // MEBIBYTE}m", "-XX:+ExitOnOutOfMemoryError", *OPENS]
    options += ["--enable-native-access=ALL-UNNAMED", "-Dfile.encoding=UTF-8"]
    if vector_module:
        options += ["--add-modules", "jdk.incubator.vector"]
    return options


def argument_file(arguments: list[str]) -> str:
    """The content of a file for `java @file`: one quoted argument per line."""
    return "".join('"' + a.replace("\\", "\\\\").replace('"', '\\"') + '"\n' for a in arguments)


def memory_limit() -> int:
    """Bytes that this process may use: the smaller of the machine's memory and the container's limit."""
    limits = [psutil.virtual_memory().total]
    for path in _cgroup_files():
        try:
            text = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit() and int(text) < UNLIMITED:
            limits.append(int(text))
    return min(limits)


def _cgroup_files() -> list[Path]:
    """The files with this process's memory limits: those of its control group and all parents, versions 2 and 1."""
    root = Path("/sys/fs/cgroup")
    paths = [root / "memory.max", root / "memory/memory.limit_in_bytes"]
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        return paths
    for line in groups:
        _, controllers, group = line.split(":", 2)
        if not controllers:
            base, name = root, "memory.max"
        elif "memory" in controllers.split(","):
            base, name = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        folder = Path(group.lstrip("/"))
        paths += [base / part / name for part in (folder, *folder.parents)]
    return paths


def parse_size(text: str, key: str) -> int:
    """Bytes of a size such as "512m" or "2g"; raises ConfigError, which names `key`, for another text."""
    match = re.fullmatch(r"(\d+)\s*([kmg])(?:i?b)?", text.strip().lower())
    if not match or not int(match[1]):
        raise ConfigError(
            "not a size",
            where=f"neo4j.{key}",
            found=text,
            next_step='write a number and a unit, such as "512m" or "2g"',
        )
    return int(match[1]) << {"k": 10, "m": 20, "g": 30}[match[2]]


def size_memory(store_bytes: int, heap: str = "", page_cache: str = "", limit: int | None = None) -> Memory:
    """Heap and page cache for a store of this size; configured sizes have precedence.

    Heap: a sixth of the memory, from 512 MiB to 4 GiB. Page cache: 1.25 times the store and 256 MiB, at least 512 MiB
    (a load may follow), at most a quarter of the memory.
    """
    limit = memory_limit() if limit is None else limit
    default_heap = min(max(limit // 6, 512 * MEBIBYTE), 4 * GIBIBYTE)
    default_cache = min(max(store_bytes * 5 // 4 + 256 * MEBIBYTE, 512 * MEBIBYTE), max(limit // 4, 64 * MEBIBYTE))
    return Memory(
        heap=parse_size(heap, "heap") if heap else default_heap,
        page_cache=parse_size(page_cache, "page_cache") if page_cache else default_cache,
    )


def java_environment() -> dict[str, str]:
    """The environment of the JVM: this process's, without the variables of Neo4j, which include passwords."""
    return {key: value for key, value in os.environ.items() if not key.startswith("NEO4J_")}
