"""What a load did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Numbers of nodes and edges that one load wrote, and the sources that it touched."""

    way: str  # "bulk", "batches" or "nothing"
    sources: tuple[str, ...] = ()
    nodes_written: int = 0
    nodes_deleted: int = 0
    edges_created: int = 0
    edges_changed: int = 0
    edges_deleted: int = 0
    seconds: float = 0.0

    @property
    def edges_touched(self) -> int:
        """Edges created, changed or deleted: what staleness of a model is measured by."""
        return self.edges_created + self.edges_changed + self.edges_deleted
