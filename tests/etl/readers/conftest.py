"""What the tests of readers share."""

from __future__ import annotations

from typing import Any

from generel_etl.stage import Stage
from tests.etl.conftest import rows


def edge_rows(staged: Stage, *columns: str) -> list[tuple[Any, ...]]:
    """The edges of a stage, in their order."""
    return rows(staged.edges(), *columns)
