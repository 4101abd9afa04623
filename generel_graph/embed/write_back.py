"""Write a model's vectors into its slot and build the indexes; what is asked meanwhile stays as it is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from generel_graph.embed.indexes import create_indexes
from generel_graph.embed.records import ModelRecord, WriteBack
from generel_graph.embed.slots import claim_slot, clear_slot, models
from generel_graph.embed.vectors import check_vectors, write_vectors
from generel_graph.errors import GraphError
from generel_graph.graph import Graph
from generel_graph.progress import Progress, silent

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
    model = next((m for m in models(graph) if m.slot == slot), None)
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
