"""What ships for Neo4j Browser: a style sheet, saved queries and a guide."""

from __future__ import annotations

from pathlib import Path

from generel_etl.errors import ServerError


def browser_files() -> Path:
    """The folder `browser/`: in the package of a wheel, in the checkout of an editable install.

    Raises ServerError if the installation lacks it.
    """
    package = Path(__file__).resolve().parents[1]
    for place in (package / "browser", package.parent / "browser"):
        if (place / "generel.grass").is_file():
            return place
    raise ServerError("the Browser's files are missing", where=package, next_step="install generel-graph again")
