"""Sorted keys and runs of them, in numpy: what joins of millions of pairs are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def expand_ranges(starts: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """The numbers starts[i] … starts[i] + counts[i] − 1 of all i, one after the other."""
    total = int(counts.sum())
    before = np.cumsum(counts) - counts
    numbers: NDArray[np.int64] = np.arange(total) + np.repeat(starts.astype(np.int64) - before, counts)
    return numbers


def sorted_unique(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values once each, sorted; by sorting, which is several times faster here than numpy's hashing."""
    values = np.sort(values)
    return values[np.r_[True, values[1:] != values[:-1]]] if len(values) else values


def find_runs(keys: NDArray[np.integer], wanted: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each of `wanted` begins among the sorted `keys`, and how often it is there."""
    first = np.searchsorted(keys, wanted, side="left").astype(np.int64)
    return first, np.searchsorted(keys, wanted, side="right") - first


def is_in_sorted(keys: NDArray[np.integer], wanted: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether each of `wanted` is among the sorted `keys`."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=bool)
    return np.asarray(keys[np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)] == wanted)
