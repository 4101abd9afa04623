"""Where names stand in a picture of many points: amid their own, apart from each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CELLS = 60  # of the picture's width and height
TRIED = 40  # densest places of a group, from which the first that is free is taken
APART = (0.14, 0.03)  # of the picture's width and height: what a name takes


def label_places(points: NDArray[np.float64], groups: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """A place [2] for the name of each group of rows of `points` [n, 2], in turn: dense in it, and not yet taken."""
    low = points.min(axis=0, initial=np.inf) if len(points) else np.zeros(2)
    span = np.maximum(np.ptp(points, axis=0), 1e-9) if len(points) else np.ones(2)
    taken: list[NDArray[np.float64]] = []
    for rows in groups:
        cells = np.minimum(((points[rows] - low) / span * CELLS).astype(np.int64), CELLS - 1)
        codes, counts = np.unique(cells[:, 0] * CELLS + cells[:, 1], return_counts=True)
        best = codes[np.argsort(-counts, kind="stable")[:TRIED]]
        tried = (np.stack([best // CELLS, best % CELLS], axis=1) + 0.5) / CELLS
        free = [place for place in tried if all(apart(place, other) for other in taken)]
        taken.append(free[0] if free else tried[0])
    return np.stack(taken) * span + low if taken else np.zeros((0, 2))


def apart_from(points: NDArray[np.float64], rows: NDArray[np.int64], most: int) -> list[int]:
    """Of some rows of `points` [n, 2], the first ones best, those whose names find room beside one another."""
    span = np.maximum(np.ptp(points, axis=0), 1e-9)
    kept: list[int] = []
    for row in rows.tolist():
        if len(kept) < most and all(apart(points[row] / span, points[other] / span) for other in kept):
            kept.append(row)
    return kept


def apart(a: NDArray[np.float64], b: NDArray[np.float64], room: tuple[float, float] = APART) -> bool:
    """Whether two places leave room for a name each; all in shares of the picture."""
    width, height = np.abs(a - b)
    return bool(width > room[0] or height > room[1])
