"""Atomic writes of files and folders: write to a temporary path in the same folder, then rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder to fill; if the block succeeds, it replaces `folder`, otherwise it is removed.

    A killed process leaves the old folder or, between the two renames, no folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder)
    new, old = (temporary_path(folder, role) for role in ("new", "old"))
    new.mkdir()
    try:
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; if the block succeeds, that file replaces `path`, otherwise it is removed.

    The content is flushed to disk before the rename: after a power failure, `path` has the old or the new content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    new = temporary_path(path, "new")
    try:
        yield new
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write `content` to `path` atomically; a new file has the permissions `mode` from the start."""
    with atomic_file(path) as new:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def temporary_path(path: Path, role: str) -> Path:
    """A hidden path in the same folder, with the process id in its name, for `remove_leftovers`."""
    return path.with_name(f".{path.name}.{os.getpid()}.{role}")


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files that killed processes left for `path`."""
    for leftover in path.parent.glob(".*.*.*"):
        name, pid, _ = leftover.name.rsplit(".", 2)
        if name != f".{path.name}" or not pid.isdecimal():
            continue
        if int(pid) == os.getpid() or not psutil.pid_exists(int(pid)):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)
