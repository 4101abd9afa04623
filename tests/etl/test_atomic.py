"""Atomic folders: they are complete or absent, and leftovers of killed processes are removed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from generel_etl.atomic import atomic_file, atomic_folder, write_atomically


def fill(folder: Path, text: str) -> None:
    with atomic_folder(folder) as new:
        (new / "a").write_text(text, encoding="utf-8")


def test_new_folder_replaces_the_old_one(tmp_path: Path) -> None:
    for text in ("one", "two"):
        fill(tmp_path / "folder", text)
        assert [p.name for p in tmp_path.iterdir()] == ["folder"]
        assert (tmp_path / "folder" / "a").read_text(encoding="utf-8") == text


def test_failed_write_leaves_the_old_folder(tmp_path: Path) -> None:
    fill(tmp_path / "folder", "one")
    with pytest.raises(ValueError, match="write failed"), atomic_folder(tmp_path / "folder") as new:
        (new / "a").write_text("two", encoding="utf-8")
        raise ValueError("write failed")
    assert (tmp_path / "folder" / "a").read_text(encoding="utf-8") == "one"


def test_leftovers_of_killed_processes_are_removed(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead, living = tmp_path / f".folder.{int(gone.stdout)}.new", tmp_path / ".folder.1.new"
    dead.mkdir()
    living.mkdir()
    fill(tmp_path / "folder", "one")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".folder.1.new", "folder"]


def test_write_leaves_the_temporary_file_of_a_longer_name(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a.b") as new:
        new.write_text("longer", encoding="utf-8")
        write_atomically(tmp_path / "a", b"shorter")
    assert [(p.name, p.read_text(encoding="utf-8")) for p in sorted(tmp_path.iterdir())] == [
        ("a", "shorter"),
        ("a.b", "longer"),
    ]
