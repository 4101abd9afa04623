"""Write a model's vectors into its slot and build the indexes; queries continue to use the active model."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from neo4j.vector import Vector
from numpy.typing import NDArray

from generel_etl.errors import GraphError, ModelError
from generel_etl.progress import Progress, silent
from generel_graph.embed.indexes import create_indexes
from generel_graph.embed.model_record import ModelRecord, WriteBack
from generel_graph.embed.models import claim_slot, clear_slot, list_models
from generel_graph.graph import Graph

Part = tuple[NDArray[np.int64], NDArray[np.float32]]  # indices into the ids, [k], and their vectors, [k, dimension]


logger = logging.getLogger(__name__)


def write_model(
    graph: Graph,
    model: ModelRecord,
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    progress: Progress = silent,
) -> WriteBack:
    """Write `vectors` [n, dimension] of `ids` into the model's slot, then build its indexes.

    The model is then complete, but not active. After an interruption, the next call with the same model writes only
    the missing vectors. The caller holds the graph's lease.
    Raises ModelError for vectors of a wrong shape or value, GraphError.
    """
    check_vectors(ids, vectors, model.dimension)
    return write_parts(graph, model, ids, [(np.arange(len(ids)), vectors)], progress)


def write_parts(
    graph: Graph, model: ModelRecord, ids: Sequence[str], parts: Iterable[Part], progress: Progress = silent
) -> WriteBack:
    """Like `write_model`, for vectors that are computed in parts.

    A ModelError about a part is raised when that part arrives; the model then stays incomplete, as after an
    interruption.
    """
    start = time.monotonic()
    claimed, replaced = claim_slot(graph, model)
    slot = _slot(claimed)
    if claimed.state == "clearing":
        clear_slot(graph, claimed)
        graph.write("embed/set_model_state", id=model.id, state="writing", props={})
    missing = set(graph.row("embed/list_ids_without_vector", slot)["id"])
    total = sum(id_ in missing for id_ in ids)
    written, done = 0, 0
    for indices, vectors in parts:
        check_vectors([ids[i] for i in indices], vectors, model.dimension)
        rows = np.array([row for row, i in enumerate(indices) if ids[i] in missing], dtype=np.int64)
        missing_ids = [ids[i] for i in indices[rows]]
        written += write_vectors(graph, slot, missing_ids, vectors[rows], progress, done, total)
        done += len(rows)
    return _complete(graph, claimed, written, replaced, start, progress)


def update(
    graph: Graph,
    slot: int,
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    progress: Progress = silent,
) -> WriteBack:
    """Write vectors [n, dimension] of new or changed nodes for the model in `slot`, usually the active one.

    Its indexes stay online; an index for a new kind is added if the server needs one. Raises ModelError, GraphError.
    """
    start = time.monotonic()
    model = next((m for m in list_models(graph) if m.slot == slot), None)
    if model is None or not model.complete:
        raise GraphError("no complete model is in this slot", where=graph.uri, found=slot)
    check_vectors(ids, vectors, model.dimension)
    written = write_vectors(graph, slot, ids, vectors, progress)
    return _complete(graph, model, written, None, start, progress)


def _complete(
    graph: Graph, model: ModelRecord, written: int, replaced: str | None, start: float, progress: Progress
) -> WriteBack:
    """Build the missing indexes and mark the model as complete; `start` is when the write-back began."""
    index_start = time.monotonic()
    counts = graph.row("embed/count_vectors", model.slot)
    create_indexes(graph, model, counts["kinds"], progress)
    props = {"index": model.index, "vectors": counts["vectors"], "kinds": counts["kinds"]}
    graph.write("embed/set_model_state", id=model.id, state="complete", props=props)
    end = time.monotonic()
    logger.info("Wrote %d vectors of model %s in %.1f s", written, model.id, end - start)
    return WriteBack(_slot(model), written, int(counts["vectors"]), replaced, end - start, end - index_start)


def _slot(model: ModelRecord) -> int:
    if model.slot is None:
        raise GraphError("the model has no slot", where=model.id)
    return model.slot


BATCH_ROWS = 2_000  # vectors per transaction: 6 MB at 768 dimensions


def check_vectors(ids: Sequence[str], vectors: NDArray[np.float32], dimension: int) -> None:
    """Raise ModelError unless `vectors` is [len(ids), dimension], finite and without a zero row.

    A cosine index cannot contain a zero vector: no search would return its node.
    """
    if vectors.shape != (len(ids), dimension):
        raise ModelError(
            "the shape of the vectors does not match the ids and the model's dimension",
            where="write-back",
            found=vectors.shape,
            valid=[(len(ids), dimension)],
        )
    squared_norms = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    invalid = np.flatnonzero(~np.isfinite(squared_norms) | (squared_norms == 0))
    if len(invalid):
        raise ModelError(
            f"{len(invalid)} vectors are zero or not finite",
            where="write-back",
            found=[ids[i] for i in invalid[:5]],
            next_step="train the model again",
        )


def write_vectors(
    graph: Graph,
    slot: int,
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    progress: Progress = silent,
    done_before: int = 0,
    total: int | None = None,
) -> int:
    """Write vectors [n, d] of `ids`, sorted by id, in batches; return the number of nodes that exist and were written.

    Progress counts these vectors after `done_before` others of `total` (None: there are no others). A server that
    supports it gets the Bolt type Vector, which is four times as fast as a list of floats.
    """
    order = np.argsort(np.asarray(ids, dtype=object)) if len(ids) else np.empty(0, dtype=np.int64)
    written = 0
    start_time = time.monotonic()
    for start in range(0, len(order), BATCH_ROWS):
        batch = order[start : start + BATCH_ROWS]
        block = np.ascontiguousarray(vectors[batch], dtype=np.float32)
        values: list[Any]
        if graph.capabilities.vector_values:
            values = [Vector.from_numpy(row) for row in block]
        else:
            values = block.astype(np.float64).tolist()
        rows = [{"id": ids[i], "vector": value} for i, value in zip(batch, values, strict=True)]
        written += int(graph.write("embed/set_vectors", slot, rows=rows)["n"])
        done = start + len(batch)
        rate = done / max(time.monotonic() - start_time, 1e-9)
        progress("write vectors", done_before + done, total or len(order), f"{rate:,.0f}/s")
    return written
