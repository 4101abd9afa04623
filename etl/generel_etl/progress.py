"""How long work tells how far it is: one callable, which the command line turns into bars."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called as work goes on; cheap, and safe to ignore."""

    def __call__(self, stage: str, done: float, total: float | None, note: str = "") -> None:
        """Say that `done` of `total` (None: unknown) units of `stage` are finished."""


def silent(stage: str, done: float, total: float | None, note: str = "") -> None:
    """Report to nobody; the default wherever a `Progress` is taken."""
