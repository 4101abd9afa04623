"""The package's files for Neo4j Browser: a style sheet, saved queries and a guide."""

from __future__ import annotations

from pathlib import Path

from generel_etl.errors import ServerError


def browser_files() -> Path:
    """The folder `browser/`: inside the package in a wheel, beside it in an editable install.

    Raises ServerError if the installation lacks it.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "browser", package.parent / "browser"):
        if (folder / "generel.grass").is_file():
            return folder
    raise ServerError("the files for Neo4j Browser are missing", where=package, next_step="install generel-graph again")
