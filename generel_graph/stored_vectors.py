"""The layout of the stored vector, and the query vectors that weigh its two parts.

With share s, the stored vector of a node is v = [√s·z ; √(1−s)·b]: z is learnt, b is untrained text propagation. Both
have unit length, so v has unit length too. Neo4j returns the cosine of a query q and v:

| query | q | cosine(q, v′) | constant | score = cosine / constant |
|---|---|---|---|---|
| SNP and trait, SNP and SNP | [√s·z ; √(1−s)·b] | s·zz′ + (1−s)·bb′ | 1 | s·zz′ + (1−s)·bb′ |
| gene and SNP | [√(1−s)·z ; √s·b] | √(s(1−s))·(zz′ + bb′) | 2·√(s(1−s)) | ½·zz′ + ½·bb′ |
| concepts, free text, any kind | [z ; 0] | √s·zz′ | √s | zz′ |

All scores are in −1 … 1. The score of Neo4j's vector index is (1 + cosine) / 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def to_stored(z: NDArray[np.float32], b: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """The stored vectors [√share·z ; √(1−share)·b], [n, d_z + d_b] of unit length.

    If b is zeros (only the position of the node is known), a fixed, meaningless direction replaces it. With zeros, the
    vector would be shorter than 1, and every cosine with the node too large.
    """
    meaningless = np.where(np.arange(b.shape[1]) % 2 == 0, 1.0, -1.0) / np.sqrt(b.shape[1])
    b = np.where(np.any(b != 0, axis=1, keepdims=True), b, meaningless)
    return np.concatenate([np.sqrt(share) * z, np.sqrt(1 - share) * b], axis=1).astype(np.float32)


def split_vectors(vector: NDArray[np.float32], dimension: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Split stored vectors [k, D] into z [k, dimension] and b [k, D − dimension], of unit length (zeros stay zeros)."""
    parts = vector[:, :dimension], vector[:, dimension:]
    lengths = (np.linalg.norm(part, axis=1, keepdims=True) for part in parts)
    z, b = (part / np.where(n > 0, n, 1.0) for part, n in zip(parts, lengths, strict=True))
    return z.astype(np.float32), b.astype(np.float32)


def query_vectors(
    vector: NDArray[np.float32],
    query_kind: str,
    hit_kind: str | None,
    share: float = 0.7,
    dimension: int | None = None,
) -> tuple[NDArray[np.float32], float]:
    """Query vectors for stored vectors, [k, D] of unit length, and the constant: score = cosine / constant.

    `query_kind`: the kind of the queried node, "" for free text. `hit_kind`: the kind of the hits, None for any.
    `dimension`: that of z (default: half of D). The table in the docstring of this module gives the algebra.
    """
    dimension = vector.shape[1] // 2 if dimension is None else dimension
    kinds = {query_kind, hit_kind}
    z, b = split_vectors(vector, dimension)
    has_both_parts = 0 < share < 1
    if kinds == {"Gene", "SNP"} and has_both_parts:
        query = np.concatenate([np.sqrt(1 - share) * z, np.sqrt(share) * b], axis=1)
        return query.astype(np.float32), 2 * float(np.sqrt(share * (1 - share)))
    if "SNP" in kinds and query_kind and hit_kind and has_both_parts:
        return to_stored(z, b, share), 1.0
    if share > 0:
        return np.concatenate([z, np.zeros_like(b)], axis=1), float(np.sqrt(share))
    return np.concatenate([np.zeros_like(z), b], axis=1), 1.0
