"""Drawing libraries come with the extra `plot`; who lacks one is told so before any work is done."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from generel_etl.errors import ModelError, UsageError

PICTURES = (".png", ".pdf", ".svg")
INSTALL = "pip install 'generel-graph[plot]' brings it"


MAP = ("matplotlib", "plotly", "openTSNE")  # what a map takes


def missing(*modules: str) -> str | None:
    """The first of `modules` that is not here."""
    return next((module for module in modules if find_spec(module) is None), None)


def need(*modules: str) -> None:
    """Raise ModelError, with what to install, unless all of `modules` are here."""
    if module := missing(*modules):
        raise ModelError(f"{module} is not installed", where="plot", next_step=INSTALL)


def check_picture(path: Path) -> None:
    """Raise UsageError unless the ending of `path` is one that pictures are written in."""
    if path.suffix.lower() not in PICTURES:
        raise UsageError("no kind of picture", where="-o", found=path.name, valid=PICTURES)
