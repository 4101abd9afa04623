"""The layout keeps neighbours together, is reproducible, and has a position for every vector."""

from __future__ import annotations

import numpy as np
import pytest

from generel_graph.plots import layout
from generel_graph.plots.layout import lay_out


@pytest.fixture
def clouds() -> np.ndarray:
    """Five clouds of 40 directions each."""
    random = np.random.default_rng(0)
    vectors = np.repeat(np.eye(5, 12), 40, axis=0) + 0.1 * random.normal(size=(200, 12))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def purity(positions: np.ndarray) -> float:
    """The share of points whose nearest other point is of the same cloud."""
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((distances.argmin(axis=1) // 40 == np.arange(len(positions)) // 40).mean())


def test_neighbours_stay_neighbours_and_the_layout_is_reproducible(clouds: np.ndarray) -> None:
    stages = []
    positions = lay_out(clouds, 0, lambda stage, *_: stages.append(stage))
    assert positions.shape == (200, 2)
    assert np.isfinite(positions).all()
    assert purity(positions) == 1
    assert np.array_equal(positions, lay_out(clouds, 0))
    assert {"neighbours", "lay out"} <= set(stages)


def test_other_points_are_placed_near_their_landmarks(clouds: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "LANDMARKS", 100)
    positions = lay_out(clouds, 0)
    assert positions.shape == (200, 2)
    assert np.isfinite(positions).all()
    assert purity(positions) > 0.95
    assert np.array_equal(positions, lay_out(clouds, 0))
    assert not np.array_equal(positions, lay_out(clouds, 1))


@pytest.mark.parametrize("n", [0, 1, 3, 4, 9])
def test_few_vectors_have_positions_too(clouds: np.ndarray, n: int) -> None:
    positions = lay_out(clouds[:n])
    assert positions.shape == (n, 2)
    assert np.isfinite(positions).all()
