"""From many dimensions to two, by t-SNE: of all points where they are few, else of some, the rest beside their like."""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generel_etl.atomic import write_atomically
from generel_etl.progress import Progress, silent
from generel_graph.plots.libraries import need

Vectors = NDArray[np.float32]

LANDMARKS = 20_000  # points that are laid out by t-SNE; the others lie where their nearest among them do
PERPLEXITY = 30
BESIDE = 5  # landmarks that one of the others is placed by
EXACT = 10_000  # points up to which the exact tree is cheaper than the interpolated field
AMID = 15  # steps to the middle of them
EARLY, LATE = 250, 500  # steps, with and without exaggeration
EVERY = 50  # steps between two lines of progress
BLOCK = 2_000  # rows of similarities at once
KEPT = 8  # layouts; the oldest go


def lay_out(vectors: Vectors, seed: int = 0, progress: Progress = silent) -> NDArray[np.float64]:
    """Places in two dimensions, [n, 2], of vectors of unit length [n, d], whose cosines say what is near.

    The same vectors and seed give the same places. Raises ModelError without openTSNE.
    """
    need("openTSNE")
    n = len(vectors)
    if n < 4:
        return np.stack([np.arange(n, dtype=np.float64), np.zeros(n)], axis=1)
    chosen = np.arange(n)
    if n > LANDMARKS:
        chosen = np.sort(np.random.default_rng(seed).choice(n, LANDMARKS, replace=False))
    landmarks = vectors[chosen]
    perplexity = min(PERPLEXITY, (len(chosen) - 1) / 3)
    near, distances = _nearest(landmarks, landmarks, round(3 * perplexity) + 1, "neighbours", progress)
    made = _embed(landmarks, near[:, 1:], distances[:, 1:], perplexity, seed, progress)
    if n == len(chosen):
        return made
    places = np.empty((n, 2))
    places[chosen] = made
    others = np.setdiff1d(np.arange(n), chosen)
    near, _ = _nearest(vectors[others], landmarks, BESIDE, "place the rest", progress)
    places[others] = _amid(made[near])
    return places


def _amid(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The point with the least sum of distances to each row's places [n, k, 2], which one far off hardly moves, [n, 2].

    Weiszfeld's steps. The median of each coordinate alone would draw stripes along the axes.
    """
    middle: NDArray[np.float64] = places.mean(axis=1)
    for _ in range(AMID):
        weights = 1 / np.maximum(np.linalg.norm(places - middle[:, None], axis=2), 1e-6)
        middle = np.einsum("nk,nkd->nd", weights, places) / weights.sum(axis=1, keepdims=True)
    return middle


def _nearest(
    asked: Vectors, among: Vectors, k: int, stage: str, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The `k` of `among` nearest to each of `asked`, [n, k], the nearest first, and how far they are (chord)."""
    near = np.empty((len(asked), k), dtype=np.int64)
    far = np.empty((len(asked), k))
    for begin in range(0, len(asked), BLOCK):
        cosines = asked[begin : begin + BLOCK] @ among.T
        best = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(cosines, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        near[begin : begin + BLOCK] = np.take_along_axis(best, order, axis=1)
        values = np.take_along_axis(values, order, axis=1)
        far[begin : begin + BLOCK] = np.sqrt(np.maximum(2 - 2 * values.astype(np.float64), 0))
        progress(stage, min(begin + BLOCK, len(asked)), len(asked))
    return near, far


def _embed(
    vectors: Vectors,
    near: NDArray[np.int64],
    distances: NDArray[np.float64],
    perplexity: float,
    seed: int,
    progress: Progress,
) -> NDArray[np.float64]:
    """t-SNE of all of `vectors`, begun from their first two principal components."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    first = (centred @ axes[:, :-3:-1]).astype(np.float64)
    affinities = PerplexityBasedNN(knn_index=PrecomputedNeighbors(near, distances), perplexity=perplexity)
    method = "bh" if len(vectors) <= EXACT else "fft"
    made: Any = TSNEEmbedding(
        first / max(first[:, 0].std(), 1e-12) * 1e-4, affinities, negative_gradient_method=method, random_state=seed
    )

    def tell(step: int, *_: Any) -> None:
        progress("lay out", before + step, EARLY + LATE)

    watched: dict[str, Any] = {"callbacks": tell, "callbacks_every_iters": EVERY, "inplace": True}
    before = 0
    made.optimize(EARLY, exaggeration=12, momentum=0.5, **watched)
    before = EARLY
    made.optimize(LATE, momentum=0.8, **watched)
    return np.asarray(made, dtype=np.float64)


def cached_layout(
    folder: Path, vectors: NDArray[np.float32], seed: int = 0, progress: Progress = silent
) -> NDArray[np.float64]:
    """Places [n, 2] of vectors [n, d], as `lay_out` gives them, from `folder` if it gave them before.

    A file is named by all that a layout depends on, so that none is ever stale; one that cannot be read is made anew.
    """
    settings = (LANDMARKS, PERPLEXITY, BESIDE, EARLY, LATE, seed, vectors.shape)
    digest = hashlib.blake2b(repr(settings).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(vectors).data)
    path = folder / f"{digest.hexdigest()}.npy"
    try:
        places = np.load(path, allow_pickle=False)
        if places.shape == (len(vectors), 2):
            return np.asarray(places, dtype=np.float64)
    except (OSError, ValueError):
        pass
    places = lay_out(vectors, seed, progress)
    file = io.BytesIO()
    np.save(file, places, allow_pickle=False)
    write_atomically(path, file.getvalue())
    with suppress(FileNotFoundError):  # another process takes the oldest away too
        for old in sorted(folder.glob("*.npy"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
            old.unlink()
    return places
