"""A query of several weighted parts: the score of a hit is their weighted mean.

The score of a part for a hit v is cos(q, v) / c, where q is the query vector of the part for the kind of the hit and c
its constant. The score of the query is Σ w·score / Σ|w|. Stored vectors have unit length; with Q = Σ (w / c)·q, every q
of unit length, the score is cos(Q, v)·|Q| / Σ|w|: one search with one vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generel_etl.errors import UsageError
from generel_graph.ask.space import Space, Vector

SHORTEST = 1e-4  # a shorter sum has no direction: the parts cancel


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a query."""

    vector: Vector  # [dimension], as stored
    kind: str  # "" for a free text
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class WeightedQuery:
    """A query of at least one part."""

    parts: Sequence[Part]

    def query_vector(self, space: Space, hit_kind: str | None) -> tuple[Vector, float]:
        """The vector [dimension] to search with for nodes of `hit_kind`, and the constant of its cosines.

        Raises UsageError if the parts cancel each other.
        """
        if len(self.parts) == 1 and self.parts[0].weight > 0:
            queries, constant = space.query_vectors(self.parts[0].vector[np.newaxis], self.parts[0].kind, hit_kind)
            return np.asarray(queries[0], dtype=np.float32), float(constant)
        total = np.zeros(len(self.parts[0].vector), dtype=np.float64)
        for part in self.parts:
            queries, constant = space.query_vectors(part.vector[np.newaxis], part.kind, hit_kind)
            total += part.weight / constant * queries[0] / max(float(np.linalg.norm(queries[0])), 1e-12)
        length, weights = float(np.linalg.norm(total)), sum(abs(part.weight) for part in self.parts)
        if length < SHORTEST * weights or weights == 0:
            raise UsageError("the texts cancel each other: the positive and negative parts are equal", where="search")
        return (total / length).astype(np.float32), weights / length
