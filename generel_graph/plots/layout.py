"""Two-dimensional layouts of vectors by t-SNE, and their cache.

Up to LANDMARKS vectors are laid out by t-SNE. Of more, a random sample is, and each other vector is placed amid its
nearest landmarks.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generel_etl.atomic import atomic_file
from generel_etl.progress import Progress, silent
from generel_graph.plots.libraries import require

Vectors = NDArray[np.float32]

LANDMARKS = 20_000  # points that t-SNE lays out
PERPLEXITY = 30
NEAREST_LANDMARKS = 5  # that determine the position of another point
MAX_BARNES_HUT = 10_000  # points up to which Barnes–Hut is faster than interpolation by FFT
MEDIAN_STEPS = 15  # of the iteration to the geometric median
EARLY, LATE = 250, 500  # t-SNE steps with and without exaggeration
PROGRESS_STEPS = 50  # between two progress reports
BLOCK = 2_000  # rows of the similarity matrix in memory at once
MAX_CACHED = 8  # layouts; the oldest are removed


def lay_out(vectors: Vectors, seed: int = 0, progress: Progress = silent) -> NDArray[np.float64]:
    """Positions in two dimensions, [n, 2], of vectors of unit length [n, d]; similarity is their cosine.

    The same vectors and seed give the same positions. Raises ModelError without openTSNE.
    """
    require("openTSNE")
    n = len(vectors)
    if n < 4:
        return np.stack([np.arange(n, dtype=np.float64), np.zeros(n)], axis=1)
    chosen = np.arange(n)
    if n > LANDMARKS:
        chosen = np.sort(np.random.default_rng(seed).choice(n, LANDMARKS, replace=False))
    landmarks = vectors[chosen]
    perplexity = min(PERPLEXITY, (len(chosen) - 1) / 3)
    near, distances = _nearest(landmarks, landmarks, round(3 * perplexity) + 1, "neighbours", progress)
    laid_out = _embed(landmarks, near[:, 1:], distances[:, 1:], perplexity, seed, progress)
    if n == len(chosen):
        return laid_out
    positions = np.empty((n, 2))
    positions[chosen] = laid_out
    others = np.setdiff1d(np.arange(n), chosen)
    near, _ = _nearest(vectors[others], landmarks, NEAREST_LANDMARKS, "position the rest", progress)
    positions[others] = _geometric_median(laid_out[near])
    return positions


def _geometric_median(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The point with the smallest sum of distances to each row's points [n, k, 2], [n, 2]; robust to outliers.

    Weiszfeld's algorithm. Medians of each coordinate alone would produce stripes along the axes.
    """
    middle: NDArray[np.float64] = points.mean(axis=1)
    for _ in range(MEDIAN_STEPS):
        weights = 1 / np.maximum(np.linalg.norm(points - middle[:, None], axis=2), 1e-6)
        middle = np.einsum("nk,nkd->nd", weights, points) / weights.sum(axis=1, keepdims=True)
    return middle


def _nearest(
    queries: Vectors, candidates: Vectors, k: int, stage: str, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The `k` of `candidates` nearest to each query, [n, k], nearest first, and their chord distances, [n, k]."""
    near = np.empty((len(queries), k), dtype=np.int64)
    distances = np.empty((len(queries), k))
    for begin in range(0, len(queries), BLOCK):
        cosines = queries[begin : begin + BLOCK] @ candidates.T
        best = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(cosines, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        near[begin : begin + BLOCK] = np.take_along_axis(best, order, axis=1)
        values = np.take_along_axis(values, order, axis=1)
        distances[begin : begin + BLOCK] = np.sqrt(np.maximum(2 - 2 * values.astype(np.float64), 0))
        progress(stage, min(begin + BLOCK, len(queries)), len(queries))
    return near, distances


def _embed(
    vectors: Vectors,
    near: NDArray[np.int64],
    distances: NDArray[np.float64],
    perplexity: float,
    seed: int,
    progress: Progress,
) -> NDArray[np.float64]:
    """t-SNE of all `vectors`, initialised with their first two principal components."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    components = (centred @ axes[:, :-3:-1]).astype(np.float64)
    affinities = PerplexityBasedNN(knn_index=PrecomputedNeighbors(near, distances), perplexity=perplexity)
    method = "bh" if len(vectors) <= MAX_BARNES_HUT else "fft"
    embedding: Any = TSNEEmbedding(
        components / max(components[:, 0].std(), 1e-12) * 1e-4,
        affinities,
        negative_gradient_method=method,
        random_state=seed,
    )

    def report(step: int, *_: Any) -> None:
        progress("lay out", done + step, EARLY + LATE)

    callbacks: dict[str, Any] = {"callbacks": report, "callbacks_every_iters": PROGRESS_STEPS, "inplace": True}
    done = 0
    embedding.optimize(EARLY, exaggeration=12, momentum=0.5, **callbacks)
    done = EARLY
    embedding.optimize(LATE, momentum=0.8, **callbacks)
    return np.asarray(embedding, dtype=np.float64)


def cached_layout(
    folder: Path, vectors: NDArray[np.float32], seed: int = 0, progress: Progress = silent
) -> NDArray[np.float64]:
    """The positions that `lay_out` gives [n, 2] of vectors [n, d], from the cache in `folder` if they are there.

    The name of a file is a digest of all that the layout depends on, so no file is outdated. An unreadable file is
    replaced.
    """
    settings = (LANDMARKS, PERPLEXITY, NEAREST_LANDMARKS, EARLY, LATE, seed, vectors.shape)
    digest = hashlib.blake2b(repr(settings).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(vectors).data)
    path = folder / f"{digest.hexdigest()}.npy"
    try:
        positions = np.load(path, allow_pickle=False)
        if positions.shape == (len(vectors), 2):
            return np.asarray(positions, dtype=np.float64)
    except (OSError, ValueError):
        pass
    positions = lay_out(vectors, seed, progress)
    with atomic_file(path) as new, new.open("wb") as file:
        np.save(file, positions, allow_pickle=False)
    with suppress(FileNotFoundError):  # another process removes the oldest too
        for old in sorted(folder.glob("*.npy"), key=lambda p: p.stat().st_mtime)[:-MAX_CACHED]:
            old.unlink()
    return positions
