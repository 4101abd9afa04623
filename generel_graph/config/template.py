"""Write the commented `generel.toml` of a new project."""

from __future__ import annotations

from pathlib import Path

from generel_etl.config import FILE_NAME
from generel_etl.errors import UsageError

TEMPLATE = Path(__file__).with_name(FILE_NAME)  # package data


def write_template(folder: Path) -> Path:
    """Write the template to `folder` and return its path; raises UsageError if a configuration exists."""
    path = folder / FILE_NAME
    if path.exists():
        raise UsageError("a configuration already exists", where=path, next_step="edit it, or choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    return path
