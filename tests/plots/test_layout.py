"""The layout keeps neighbours together, is the same for the same seed, and leaves nobody out."""

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


def purity(places: np.ndarray) -> float:
    """The share of points whose nearest other point is of the same cloud."""
    far = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag(np.full(len(places), np.inf))
    return float((far.argmin(axis=1) // 40 == np.arange(len(places)) // 40).mean())


def test_neighbours_stay_neighbours_and_the_seed_decides(clouds: np.ndarray) -> None:
    told = []
    places = lay_out(clouds, 0, lambda stage, *_: told.append(stage))
    assert places.shape == (200, 2) and np.isfinite(places).all()
    assert purity(places) == 1
    assert np.array_equal(places, lay_out(clouds, 0))
    assert {"neighbours", "lay out"} <= set(told)


def test_those_that_are_no_landmarks_lie_beside_their_like(clouds: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "LANDMARKS", 100)
    places = lay_out(clouds, 0)
    assert places.shape == (200, 2) and np.isfinite(places).all()
    assert purity(places) > 0.95
    assert np.array_equal(places, lay_out(clouds, 0))
    assert not np.array_equal(places, lay_out(clouds, 1))


@pytest.mark.parametrize("n", [0, 1, 3, 4, 9])
def test_a_handful_of_nodes_has_places_too(clouds: np.ndarray, n: int) -> None:
    places = lay_out(clouds[:n])
    assert places.shape == (n, 2) and np.isfinite(places).all()
