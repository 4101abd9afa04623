"""The progress callback protocol; the command line shows the calls as progress bars."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A callback that long-running functions call repeatedly; it must be cheap."""

    def __call__(self, stage: str, done: float, total: float | None, note: str = "") -> None:
        """Report that `done` of `total` units of `stage` are finished; `total` is None if it is unknown."""


def silent(stage: str, done: float, total: float | None, note: str = "") -> None:
    """Ignore all reports; the default value of every `progress` parameter."""
