"""The commented `generel.toml` that `init` writes."""

from __future__ import annotations

from pathlib import Path

from generel_etl.config import FILE_NAME
from generel_etl.errors import UsageError

TEMPLATE = Path(__file__).with_name(FILE_NAME)  # package data


def write_template(folder: Path) -> Path:
    """Write the template to `folder`; raises UsageError rather than overwrite a configuration."""
    path = folder / FILE_NAME
    if path.exists():
        raise UsageError("there is a configuration already", where=path, next_step="edit it, or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    return path
