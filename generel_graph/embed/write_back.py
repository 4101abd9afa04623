"""Write a model's vectors into its slot and build the indexes; what is asked meanwhile stays as it is."""

from __future__ import annotations

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

Part = tuple[NDArray[np.int64], NDArray[np.float32]]  # places among the ids, [k], and their vectors, [k, dimension]


def write_back(
    graph: Graph,
    model: ModelRecord,
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    progress: Progress = silent,
) -> WriteBack:
    """Write `vectors` [n, dimension] of `ids` under the model's slot, then build its indexes.

    The model is complete afterwards, not active. Killed at any moment, the next call with the same model
    writes only what is missing. The caller holds the graph's lease.
    Raises ModelError for vectors that do not fit, GraphError.
    """
    check_vectors(ids, vectors, model.dimension)
    return write_parts(graph, model, ids, [(np.arange(len(ids)), vectors)], progress)


def write_parts(
    graph: Graph, model: ModelRecord, ids: Sequence[str], parts: Iterable[Part], progress: Progress = silent
) -> WriteBack:
    """As `write_back`, of vectors that come in parts: one is written while the next is made.

    A part that does not fit is a ModelError when it comes; the model then stays incomplete, as after a kill.
    """
    began = time.monotonic()
    claimed, replaced = claim_slot(graph, model)
    slot = _slot(claimed)
    if claimed.state == "clearing":
        clear_slot(graph, claimed)
        graph.write("embed/set_model_state", id=model.id, state="writing", props={})
    lacking = set(graph.row("embed/list_ids_without_vector", slot)["id"])
    total = sum(id_ in lacking for id_ in ids)
    written, passed = 0, 0
    for places, vectors in parts:
        check_vectors([ids[i] for i in places], vectors, model.dimension)
        rows = np.array([row for row, i in enumerate(places) if ids[i] in lacking], dtype=np.int64)
        some = [ids[i] for i in places[rows]]
        written += write_vectors(graph, slot, some, vectors[rows], progress, passed, total)
        passed += len(rows)
    return _complete(graph, claimed, written, replaced, began, progress)


def update(
    graph: Graph,
    slot: int,
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    progress: Progress = silent,
) -> WriteBack:
    """Write vectors [n, dimension] of new or changed nodes of the model in `slot`, the active one as a rule.

    Its indexes stay up; one for a kind that is new is added. Raises ModelError, GraphError.
    """
    began = time.monotonic()
    model = next((m for m in list_models(graph) if m.slot == slot), None)
    if model is None or not model.complete:
        raise GraphError("no complete model is in this slot", where=graph.uri, found=slot)
    check_vectors(ids, vectors, model.dimension)
    written = write_vectors(graph, slot, ids, vectors, progress)
    return _complete(graph, model, written, None, began, progress)


def _complete(
    graph: Graph, model: ModelRecord, written: int, replaced: str | None, began: float, progress: Progress
) -> WriteBack:
    """Build what indexes are missing and note that the model is complete; the report of what was done."""
    indexing = time.monotonic()
    found = graph.row("embed/count_vectors", model.slot)
    create_indexes(graph, model, found["kinds"], progress)
    props = {"index": model.index, "vectors": found["vectors"], "kinds": found["kinds"]}
    graph.write("embed/set_model_state", id=model.id, state="complete", props=props)
    ended = time.monotonic()
    return WriteBack(_slot(model), written, int(found["vectors"]), replaced, ended - began, ended - indexing)


def _slot(model: ModelRecord) -> int:
    if model.slot is None:
        raise GraphError("the model has no slot", where=model.id)
    return model.slot


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
