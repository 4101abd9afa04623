"""A node as people are told of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """A node, or a cluster by its representative."""

    id: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}, {self.id})"
