"""A folder is there whole or not at all, and what killed runs left goes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from generel_etl.atomic import atomic_folder


def fill(folder: Path, text: str) -> None:
    with atomic_folder(folder) as new:
        (new / "a").write_text(text, encoding="utf-8")


def test_the_new_takes_the_place_of_the_old(tmp_path: Path) -> None:
    for text in ("one", "two"):
        fill(tmp_path / "kept", text)
        assert [p.name for p in tmp_path.iterdir()] == ["kept"]
        assert (tmp_path / "kept" / "a").read_text(encoding="utf-8") == text


def test_what_fails_half_way_leaves_the_old(tmp_path: Path) -> None:
    fill(tmp_path / "kept", "one")
    with pytest.raises(ValueError, match="half way"), atomic_folder(tmp_path / "kept") as new:
        (new / "a").write_text("two", encoding="utf-8")
        raise ValueError("half way")
    assert (tmp_path / "kept" / "a").read_text(encoding="utf-8") == "one"


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead, living = tmp_path / f".kept.{int(gone.stdout)}.new", tmp_path / ".kept.1.new"
    dead.mkdir()
    living.mkdir()
    fill(tmp_path / "kept", "one")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".kept.1.new", "kept"]
