"""What a server's logs say, wherever a dying JVM has left it."""

from __future__ import annotations

from pathlib import Path

import pytest

from generel_graph.server.log_messages import last_errors, why_it_died

OUT_OF_HEAP = "java.lang.OutOfMemoryError: Java heap space"


@pytest.mark.parametrize("name", ["console.log", "neo4j.log", "debug.log"])
def test_a_known_reason_is_found_in_any_log(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"2026-11-24 10:00:00.000+0000 INFO  Starting...\n{OUT_OF_HEAP}\n\tat java.base/x\n")
    (line,) = last_errors(tmp_path)
    assert line.startswith(f"{OUT_OF_HEAP}  [the heap is too small")
    assert "heap" in why_it_died(tmp_path)


def test_errors_and_warnings_are_listed_once_and_the_debug_log_is_not(tmp_path: Path) -> None:
    said = "2026-11-24 10:00:00.000+0000 {} {}\n"
    (tmp_path / "debug.log").write_text(
        said.format("WARN ", "a detail") + said.format("INFO ", "Java heap space is fine")
    )
    (tmp_path / "neo4j.log").write_text(
        said.format("WARN ", "slow") * 2 + said.format("INFO ", "started") + "Caused by: java.io.IOException: gone\n"
    )
    found = last_errors(tmp_path)
    assert [line.split("  ")[-1].split()[-1] for line in found] == ["slow", "gone"]
    assert last_errors(tmp_path, lines=1)[0].endswith("IOException: gone")
    assert last_errors(tmp_path / "absent") == []


@pytest.mark.parametrize(
    ("said", "known"),
    [("GC triggered before VM initialization completed. Try increasing NewSize", True), ("Something new", False)],
)
def test_what_a_jvm_that_could_not_begin_said_is_told(tmp_path: Path, said: str, known: bool) -> None:
    (tmp_path / "console.log").write_text(f"Error occurred during initialization of VM\n{said}\n")
    (line,) = last_errors(tmp_path)
    assert line.startswith(said)
    assert ("heap" in line) == known
    assert said in why_it_died(tmp_path)
