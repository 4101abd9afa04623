"""Hashes of pairs, and the leave-out folds: the inputs of a fold exclude the pairs of that fold."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_FOLDS = 15  # one bit per fold and one for held-out pairs fit into 16 bits


def id_keys(ids: Sequence[str]) -> NDArray[np.uint64]:
    """A hash of each id, [n]. It does not depend on the other nodes."""
    digests = b"".join(hashlib.blake2b(i.encode(), digest_size=8).digest() for i in ids)
    return np.frombuffer(digests, dtype="<u8")


def pair_keys(a: NDArray[np.integer], b: NDArray[np.integer], keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A hash of each pair of clusters, [p]. It is the same for (a, b) and (b, a), and for all relationship types.

    `a`, `b`: indices of the clusters' representatives; `keys`: the `id_keys` of all nodes.
    """
    low, high = np.minimum(keys[a], keys[b]), np.maximum(keys[a], keys[b])
    mixed = low * np.uint64(0x9E3779B97F4A7C15) + high
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)  # splitmix64's finish
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def pair_folds(
    a: NDArray[np.integer], b: NDArray[np.integer], keys: NDArray[np.uint64], folds: int
) -> NDArray[np.uint8]:
    """The fold 0 … folds − 1 of each pair of clusters, [p]."""
    return (pair_keys(a, b, keys) % np.uint64(folds)).astype(np.uint8)


def fold_bits(fold: NDArray[np.uint8], folds: int) -> NDArray[np.uint16]:
    """The folds whose inputs exclude each pair, as bits: the pair's own fold, or all folds if it is held out."""
    own_bit = np.left_shift(np.uint16(1), fold.astype(np.uint16))
    return np.where(fold == folds, np.uint16((1 << (folds + 1)) - 1), own_bit).astype(np.uint16)
