"""Vectors over Bolt, in the fastest form that the server takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from neo4j.vector import Vector
from numpy.typing import NDArray

from generel_graph.errors import ModelError
from generel_graph.graph import Graph
from generel_graph.progress import Progress, silent

BATCH = 2_000  # vectors a transaction: 6 MB of 768 floats


def check_vectors(ids: Sequence[str], vectors: NDArray[np.float32], dimension: int) -> None:
    """Raise ModelError unless `vectors` is [len(ids), dimension], finite and without a zero row.

    A cosine index has no place for a zero vector: its node would be found by no search.
    """
    if vectors.shape != (len(ids), dimension):
        raise ModelError(
            "the vectors do not fit the ids and the model",
            where="write back",
            found=vectors.shape,
            valid=[(len(ids), dimension)],
        )
    lengths = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(wrong):
        raise ModelError(
            f"{len(wrong)} vectors are zero or not finite",
            where="write back",
            found=[ids[i] for i in wrong[:5]],
            next_step="train again: a model that gives such vectors is broken",
        )


def write_vectors(
    graph: Graph,
    slot: int,
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    progress: Progress = silent,
    before: int = 0,
    total: int | None = None,
) -> int:
    """Write vectors [n, d] of `ids`, sorted by id, in batches; the number of nodes that were there to take one.

    For progress, these come after `before` others of `total` (None: they are all). A server with the Bolt type Vector
    gets that, four times as fast as a list of floats.
    """
    native = graph.capabilities.vector_values
    order = np.argsort(np.asarray(ids, dtype=object)) if len(ids) else np.empty(0, dtype=np.int64)
    written = 0
    began = time.monotonic()
    for begin in range(0, len(order), BATCH):
        part = order[begin : begin + BATCH]
        block = np.ascontiguousarray(vectors[part], dtype=np.float32)
        values: list[Any]
        if native:
            values = [Vector.from_numpy(row) for row in block]
        else:
            values = block.astype(np.float64).tolist()
        rows = [{"id": ids[i], "vector": value} for i, value in zip(part, values, strict=True)]
        written += int(graph.write("embed/set_vectors", slot, rows=rows)["n"])
        done = begin + len(part)
        rate = done / max(time.monotonic() - began, 1e-9)
        progress("write vectors", before + done, total or len(order), f"{rate:,.0f}/s")
    return written
