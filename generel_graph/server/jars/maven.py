"""Download jars with `mvn`: slower than HTTP requests, but it uses all mirrors and proxies that its user configured."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from generel_graph.server.jars.manifest import Jar

TIMEOUT_SECONDS = 1800


def find_maven() -> str | None:
    """The path of `mvn`, if it is installed."""
    return shutil.which("mvn")


def download_with_maven(jars: Sequence[Jar], store: Callable[[Jar, bytes, str], None]) -> str:
    """Let Maven copy exactly these jars and pass each to `store`, which checks its digest.

    Returns the reason of a failure, "" on success. Exceptions of `store` are not caught.
    """
    with tempfile.TemporaryDirectory(prefix="generel-mvn-") as folder:
        work = Path(folder)
        (work / "pom.xml").write_text(pom(jars), encoding="utf-8")
        command = [find_maven() or "mvn", "-B", "-q", "-f", str(work / "pom.xml"), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={work / 'lib'}"]
        if os.environ.get("M2_REPO"):
            command.append(f"-Dmaven.repo.local={os.environ['M2_REPO']}")
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return f"mvn did not finish within {TIMEOUT_SECONDS} s"
        for jar in jars:
            path = work / "lib" / jar.name
            if path.exists():
                store(jar, path.read_bytes(), f"mvn: {jar.path}")
        if result.returncode == 0:
            return ""
        errors = [line for line in result.stdout.splitlines() if line.startswith("[ERROR]")]
        if errors:
            return f"mvn: {errors[0].removeprefix('[ERROR] ')[:300]}"
        return f"mvn ended with exit status {result.returncode}"


def pom(jars: Sequence[Jar]) -> str:
    """A Maven project that depends on these jars and excludes their dependencies, which the list contains already."""
    lines = [
        "<project><modelVersion>4.0.0</modelVersion>",
        "<groupId>generel</groupId><artifactId>jars</artifactId><version>1</version><dependencies>",
    ]
    for jar in jars:
        classifier = f"<classifier>{escape(jar.classifier)}</classifier>" if jar.classifier else ""
        lines.append(
            f"<dependency><groupId>{escape(jar.group)}</groupId><artifactId>{escape(jar.artifact)}</artifactId>"
            f"<version>{escape(jar.version)}</version>{classifier}<exclusions><exclusion><groupId>*</groupId>"
            "<artifactId>*</artifactId></exclusion></exclusions></dependency>"
        )
    return "\n".join([*lines, "</dependencies></project>"])
