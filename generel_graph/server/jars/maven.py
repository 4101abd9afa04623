"""Jars by `mvn`: slower than asking the repository, but it knows all mirrors and proxies of its user."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from generel_graph.server.jars.manifest import Jar

PATIENCE = 1800  # seconds


def command() -> str | None:
    """The path of `mvn`, if it is there."""
    return shutil.which("mvn")


def bring(jars: Sequence[Jar], keep: Callable[[Jar, bytes, str], None]) -> str:
    """Let Maven copy exactly these jars and hand each to `keep`, which checks it.

    Returns why it failed, "" if it did not. What `keep` raises is passed on.
    """
    with tempfile.TemporaryDirectory(prefix="generel-mvn-") as folder:
        work = Path(folder)
        (work / "pom.xml").write_text(pom(jars), encoding="utf-8")
        call = [command() or "mvn", "-B", "-q", "-f", str(work / "pom.xml"), "dependency:copy-dependencies"]
        call += [f"-DoutputDirectory={work / 'lib'}"]
        if os.environ.get("M2_REPO"):
            call.append(f"-Dmaven.repo.local={os.environ['M2_REPO']}")
        try:
            done = subprocess.run(call, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return f"mvn had not ended after {PATIENCE} s"
        for jar in jars:
            path = work / "lib" / jar.name
            if path.exists():
                keep(jar, path.read_bytes(), f"mvn: {jar.path}")
        if done.returncode == 0:
            return ""
        errors = [line for line in done.stdout.splitlines() if line.startswith("[ERROR]")]
        return f"mvn: {errors[0].removeprefix('[ERROR] ')[:300]}" if errors else f"mvn ended with {done.returncode}"


def pom(jars: Sequence[Jar]) -> str:
    """A project that depends on these jars and on nothing that they ask for: the list is the resolution."""
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
