"""Files and folders that are written completely or not at all: written beside their path, then renamed to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder to fill; when the block succeeds, it replaces `folder`, otherwise it is removed.

    A kill at any moment leaves the old folder or, in the instant between two renames, none.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    new, old = (temporary(folder, role) for role in ("new", "old"))
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
    """Yield a path to write to; when the block succeeds, that file replaces `path`, otherwise it is removed.

    The content is on the disk before the rename: after a power failure the path has the old content or the new.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path)
    new = temporary(path, "new")
    try:
        yield new
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write `content` to `path`: a kill leaves the old file or the new one, each with its permissions."""
    with atomic_file(path) as new:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def temporary(path: Path, role: str) -> Path:
    """A hidden name beside a file or folder that contains the process id, so that `sweep` can remove it later."""
    return path.with_name(f".{path.name}.{os.getpid()}.{role}")


def sweep(path: Path) -> None:
    """Remove what killed runs left beside a file or folder; the files of a running process stay."""
    for left in path.parent.glob(f".{path.name}.*.*"):
        pid = left.name.split(".")[-2]
        if pid.isdecimal() and (int(pid) == os.getpid() or not psutil.pid_exists(int(pid))):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
