"""Folders and files that are there whole or not at all: written beside their place, renamed into it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give a new folder to fill; when the block ends well it takes the place of `folder`.

    A kill at any moment leaves the old one or, in the instant between two renames, none.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    new, gone = (beside(folder, end) for end in ("new", "old"))
    new.mkdir()
    yield new
    if folder.exists():
        folder.rename(gone)
    new.rename(folder)
    shutil.rmtree(gone, ignore_errors=True)


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Give a name to write to; when the block ends well that file takes the place of `path`, else it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path)
    new = beside(path, "new")
    try:
        yield new
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def beside(folder: Path, end: str) -> Path:
    """A name beside a folder or file that says whose process it is, so that `sweep` knows when nobody needs it."""
    return folder.with_name(f".{folder.name}.{os.getpid()}.{end}")


def sweep(folder: Path) -> None:
    """Remove what killed runs left beside a folder or file; a run that still lives keeps its own."""
    for left in folder.parent.glob(f".{folder.name}.*.*"):
        pid = left.name.split(".")[-2]
        if pid.isdecimal() and (int(pid) == os.getpid() or not psutil.pid_exists(int(pid))):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
