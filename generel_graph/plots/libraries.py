"""The optional drawing libraries (extra `plot`) and the picture formats, checked before any work is done."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from generel_etl.errors import ModelError, UsageError

PICTURES = (".png", ".pdf", ".svg")
INSTALL = "install it with pip install 'generel-graph[plot]'"
MAP_LIBRARIES = ("matplotlib", "plotly", "openTSNE")  # needed for a map


def missing(*modules: str) -> str | None:
    """The first of `modules` that is not installed."""
    return next((module for module in modules if find_spec(module) is None), None)


def require(*modules: str) -> None:
    """Raise ModelError, with the command that installs them, unless all of `modules` are installed."""
    if module := missing(*modules):
        raise ModelError(f"{module} is not installed", where="plot", next_step=INSTALL)


def check_picture(path: Path, formats: Sequence[str] = PICTURES, option: str = "-o") -> None:
    """Raise UsageError unless the extension of `path` is one of `formats`; `option` names it in the error."""
    if path.suffix.lower() not in formats:
        raise UsageError("unsupported picture format", where=option, found=path.name, valid=formats)
