"""The stored vector, and how a question picks its mix of the two halves.

With share s, a node's stored vector is v = [√s·z ; √(1−s)·b], z learnt and b untrained propagation, both of
unit length, so v has unit length too. What Neo4j gives is the cosine of a query q and v:

| question | q | cosine(q, v′) | constant | score = cosine / constant |
|---|---|---|---|---|
| SNP and trait, SNP and SNP | [√s·z ; √(1−s)·b] | s·zz′ + (1−s)·bb′ | 1 | s·zz′ + (1−s)·bb′ |
| gene and SNP | [√(1−s)·z ; √s·b] | √(s(1−s))·(zz′ + bb′) | 2·√(s(1−s)) | ½·zz′ + ½·bb′ |
| concepts, free text, any kind | [z ; 0] | √s·zz′ | √s | zz′ |

All scores are in −1 … 1. The index's own score is (1 + cosine) / 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def to_stored(z: NDArray[np.float32], b: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """[√share·z ; √(1−share)·b], [n, d_z + d_b] of unit length.

    Where b is zeros (nothing is known but a place), a fixed direction stands in for it, which is nobody's
    meaning: with zeros there, every cosine with such a node would come out too large.
    """
    nobody = np.where(np.arange(b.shape[1]) % 2 == 0, 1.0, -1.0) / np.sqrt(b.shape[1])
    b = np.where(np.any(b != 0, axis=1, keepdims=True), b, nobody)
    return np.concatenate([np.sqrt(share) * z, np.sqrt(1 - share) * b], axis=1).astype(np.float32)


def split_vectors(vector: NDArray[np.float32], dimension: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Part stored vectors [k, D] into z [k, dimension] and b, each of unit length (zeros stay)."""
    parts = vector[:, :dimension], vector[:, dimension:]
    lengths = (np.linalg.norm(part, axis=1, keepdims=True) for part in parts)
    z, b = (part / np.where(n > 0, n, 1.0) for part, n in zip(parts, lengths, strict=True))
    return z.astype(np.float32), b.astype(np.float32)


def query_vectors(
    vector: NDArray[np.float32],
    asked_kind: str,
    wanted_kind: str | None,
    share: float = 0.7,
    dimension: int | None = None,
) -> tuple[NDArray[np.float32], float]:
    """Query vectors for stored ones, [k, D] of unit length, and the constant: score = cosine / constant.

    `asked_kind`: of what is asked about, "" for free text; `wanted_kind`: of the hits, None for any.
    `dimension`: of z (default: half of D). Algebra: this module's docstring.
    """
    dimension = vector.shape[1] // 2 if dimension is None else dimension
    kinds = {asked_kind, wanted_kind}
    z, b = split_vectors(vector, dimension)
    both = 0 < share < 1
    if kinds == {"Gene", "SNP"} and both:
        query = np.concatenate([np.sqrt(1 - share) * z, np.sqrt(share) * b], axis=1)
        return query.astype(np.float32), 2 * float(np.sqrt(share * (1 - share)))
    if "SNP" in kinds and asked_kind and wanted_kind and both:
        return to_stored(z, b, share), 1.0
    if share > 0:
        return np.concatenate([z, np.zeros_like(b)], axis=1), float(np.sqrt(share))
    return np.concatenate([np.zeros_like(z), b], axis=1), 1.0
