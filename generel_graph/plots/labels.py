"""Positions of labels in a picture of many points: in the densest part of their group, without overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CELLS = 60  # of the picture's width and height
CANDIDATES = 40  # densest cells of a group; the first free one gets the label
LABEL_SIZE = (0.14, 0.03)  # as shares of the picture's width and height


def label_positions(points: NDArray[np.float64], groups: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """A label position [2] for each group of rows of `points` [n, 2]: the densest free cell, [groups, 2]."""
    low = points.min(axis=0, initial=np.inf) if len(points) else np.zeros(2)
    span = np.maximum(np.ptp(points, axis=0), 1e-9) if len(points) else np.ones(2)
    taken: list[NDArray[np.float64]] = []
    for rows in groups:
        cells = np.minimum(((points[rows] - low) / span * CELLS).astype(np.int64), CELLS - 1)
        codes, counts = np.unique(cells[:, 0] * CELLS + cells[:, 1], return_counts=True)
        best = codes[np.argsort(-counts, kind="stable")[:CANDIDATES]]
        candidates = (np.stack([best // CELLS, best % CELLS], axis=1) + 0.5) / CELLS
        free = [cell for cell in candidates if all(apart(cell, other) for other in taken)]
        taken.append(free[0] if free else candidates[0])
    return np.stack(taken) * span + low if taken else np.zeros((0, 2))


def labelled_rows(points: NDArray[np.float64], rows: NDArray[np.int64], limit: int) -> list[int]:
    """Up to `limit` of `rows` of `points` [n, 2], best first, whose labels do not overlap."""
    span = np.maximum(np.ptp(points, axis=0), 1e-9)
    labelled: list[int] = []
    for row in rows.tolist():
        if len(labelled) < limit and all(apart(points[row] / span, points[other] / span) for other in labelled):
            labelled.append(row)
    return labelled


def apart(a: NDArray[np.float64], b: NDArray[np.float64], size: tuple[float, float] = LABEL_SIZE) -> bool:
    """Whether labels of `size` at two positions do not overlap; all as shares of the picture."""
    width, height = np.abs(a - b)
    return bool(width > size[0] or height > size[1])
