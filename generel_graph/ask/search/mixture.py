"""Several ends asked as one: each counts by its weight, and the score of a hit is their weighted mean.

The score of an end e for a hit v is cos(q, v) / c, q the end's question for the hit's kind and c its constant. The
mixture's is Σ w·score / Σ|w|. Stored vectors have unit length, so that with Q = Σ (w / c)·q, every q of unit length,
it is cos(Q, v)·|Q| / Σ|w|: one search by one vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generel_etl.errors import UsageError
from generel_graph.ask.space import Space, Vector

NOTHING = 1e-4  # a question shorter than this points nowhere


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that are asked together."""

    vector: Vector  # [dimension], as stored
    kind: str  # "" for a free text
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class WeightedQuery:
    """What is asked together, at least one part."""

    parts: Sequence[Part]

    def query_vector(self, space: Space, wanted_kind: str | None) -> tuple[Vector, float]:
        """The vector [dimension] to search with for nodes of `wanted_kind`, and the constant of its cosines.

        Raises UsageError where the ends cancel each other.
        """
        if len(self.parts) == 1 and self.parts[0].weight > 0:
            questions, constant = space.query_vectors(self.parts[0].vector[np.newaxis], self.parts[0].kind, wanted_kind)
            return np.asarray(questions[0], dtype=np.float32), float(constant)
        total = np.zeros(len(self.parts[0].vector), dtype=np.float64)
        for part in self.parts:
            questions, constant = space.query_vectors(part.vector[np.newaxis], part.kind, wanted_kind)
            total += part.weight / constant * questions[0] / max(float(np.linalg.norm(questions[0])), 1e-12)
        length, weights = float(np.linalg.norm(total)), sum(abs(part.weight) for part in self.parts)
        if length < NOTHING * weights or weights == 0:
            raise UsageError("what is asked for and what is taken away cancel each other", where="search")
        return (total / length).astype(np.float32), weights / length
