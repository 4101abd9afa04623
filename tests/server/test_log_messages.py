"""Errors are found in any of the server's logs and explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from generel_graph.server.log_messages import last_errors, startup_failure

OUT_OF_HEAP = "java.lang.OutOfMemoryError: Java heap space"


@pytest.mark.parametrize("name", ["console.log", "neo4j.log", "debug.log"])
def test_known_error_is_explained_in_any_log(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"2026-11-24 10:00:00.000+0000 INFO  Starting...\n{OUT_OF_HEAP}\n\tat java.base/x\n")
    (line,) = last_errors(tmp_path)
    assert line.startswith(f"{OUT_OF_HEAP}  [the heap is too small")
    assert "heap" in startup_failure(tmp_path)


def test_errors_and_warnings_are_listed_once_and_those_of_the_debug_log_are_not(tmp_path: Path) -> None:
    entry = "2026-11-24 10:00:00.000+0000 {} {}\n"
    (tmp_path / "debug.log").write_text(
        entry.format("WARN ", "a detail") + entry.format("INFO ", "Java heap space is fine")
    )
    (tmp_path / "neo4j.log").write_text(
        entry.format("WARN ", "slow") * 2 + entry.format("INFO ", "started") + "Caused by: java.io.IOException: gone\n"
    )
    errors = last_errors(tmp_path)
    assert [line.split("  ")[-1].split()[-1] for line in errors] == ["slow", "gone"]
    assert last_errors(tmp_path, lines=1)[0].endswith("IOException: gone")
    assert last_errors(tmp_path / "absent") == []


@pytest.mark.parametrize(
    ("message", "known"),
    [("GC triggered before VM initialization completed. Try increasing NewSize", True), ("Something new", False)],
)
def test_message_of_a_jvm_that_could_not_start_is_shown(tmp_path: Path, message: str, known: bool) -> None:
    (tmp_path / "console.log").write_text(f"Error occurred during initialization of VM\n{message}\n")
    (line,) = last_errors(tmp_path)
    assert line.startswith(message)
    assert ("heap" in line) == known
    assert message in startup_failure(tmp_path)
