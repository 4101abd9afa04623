"""A layout is computed once for the same vectors, seed and settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from generel_graph.plots import layout
from generel_graph.plots.layout import cached_layout


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of the layouts that were computed, not read from the cache."""
    seeds: list[int] = []
    lay_out = layout.lay_out
    monkeypatch.setattr(
        layout, "lay_out", lambda vectors, seed, *rest: seeds.append(seed) or lay_out(vectors, seed, *rest)
    )
    return seeds


def test_same_vectors_are_laid_out_once(tmp_path: Path, computed: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.eye(30, dtype=np.float32)
    first = cached_layout(tmp_path, vectors)
    assert np.array_equal(cached_layout(tmp_path, vectors), first)
    assert computed == [0]
    cached_layout(tmp_path, vectors, 1)
    cached_layout(tmp_path, vectors[::-1])
    monkeypatch.setattr(layout, "PERPLEXITY", 5)
    cached_layout(tmp_path, vectors)
    assert computed == [0, 1, 0, 0], "another seed, order or setting gives another layout"


def test_damaged_file_is_replaced_and_the_oldest_are_removed(
    tmp_path: Path, computed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "MAX_CACHED", 2)
    vectors = np.eye(3, dtype=np.float32)
    first = cached_layout(tmp_path, vectors)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"not an array")
    assert np.array_equal(cached_layout(tmp_path, vectors), first)
    assert computed == [0, 0]
    for seed in range(1, 4):
        cached_layout(tmp_path, vectors, seed)
    assert len(list(tmp_path.iterdir())) == 2
