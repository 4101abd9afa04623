"""A question is answered by one model, whole: its id and slot are read once, and every statement checks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from generel_etl.errors import ActiveModelChanged, NotFoundError
from generel_graph.ask.space import Vector
from generel_graph.graph import Graph

T = TypeVar("T")
Vectors = dict[str, tuple[str, Vector]]  # kind and stored vector [dimension] of nodes that have one, by id
ATTEMPTS = 5  # a model moves once a training, not five times a question


@dataclass(frozen=True, slots=True)
class PinnedModel:
    """The model that was active when a question began."""

    id: str
    slot: int
    dimension: int
    kinds: tuple[str, ...]  # of the nodes that have its vector


def active(graph: Graph) -> PinnedModel:
    """The active model now; raises NotFoundError if there is none."""
    return _active_with(graph, ())[0]


def still_active(graph: Graph, model: PinnedModel) -> None:
    """Raise ActiveModelChanged unless `model` is the active one."""
    if active(graph).id != model.id:
        raise ActiveModelChanged("the active model changed during the question", where=model.id)


def pinned(graph: Graph, answer: Callable[[PinnedModel], T]) -> T:
    """Answer with the active model; if it moved meanwhile, all of it again with the new one.

    `answer` raises ActiveModelChanged, as `pinned_row` and `still_active` do, when it finds its model gone.
    """
    return pinned_with(graph, (), lambda model, _: answer(model))


def pinned_with(graph: Graph, ids: Sequence[str], answer: Callable[[PinnedModel, Vectors], T]) -> T:
    """As `pinned`, with the vectors of nodes that must all have one; NotFoundError for the first that has none."""
    for attempt in range(ATTEMPTS):
        try:
            model, vectors = _active_with(graph, ids)
            _all_there(model, ids, vectors)
            return answer(model, vectors)
        except ActiveModelChanged:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def pinned_row(graph: Graph, name: str, model: PinnedModel, **parameters: Any) -> dict[str, Any]:
    """The one row of a statement that matches `(:Model {id: $model, active: true})`; raises ActiveModelChanged."""
    found = graph.row(name, model.slot, model=model.id, **parameters)
    if not found:
        raise ActiveModelChanged("the active model changed during the question", where=model.id)
    return found


def stored_vectors(graph: Graph, model: PinnedModel, ids: Sequence[str]) -> Vectors:
    """Kind and stored vector of nodes that have one; raises ActiveModelChanged."""
    found = pinned_row(graph, "ask/get_vectors", model, ids=list(ids))
    return _vectors(found["id"], found["kind"], found["vector"])


def vectors_of_nodes(graph: Graph, model: PinnedModel, ids: Sequence[str]) -> Vectors:
    """As `stored_vectors`, for nodes that must all have one; raises NotFoundError or ActiveModelChanged."""
    found = stored_vectors(graph, model, ids)
    _all_there(model, ids, found)
    return found


def _active_with(graph: Graph, ids: Sequence[str]) -> tuple[PinnedModel, Vectors]:
    found = graph.row("ask/get_active_model", ids=list(ids))
    if not found:
        raise NotFoundError(
            "no model is active in this graph", where=graph.uri, next_step="run `generel-graph sync` first"
        )
    model = PinnedModel(found["id"], found["slot"], found["dimension"], tuple(found["kinds"] or ()))
    return model, _vectors(found["nodes"], found["node_kinds"], found["vectors"])


def _vectors(ids: Sequence[str], kinds: Sequence[str], vectors: Sequence[Sequence[float]]) -> Vectors:
    return {
        id_: (kind, np.asarray(vector, dtype=np.float32)) for id_, kind, vector in zip(ids, kinds, vectors, strict=True)
    }


def _all_there(model: PinnedModel, ids: Sequence[str], vectors: Vectors) -> None:
    for id_ in ids:
        if id_ not in vectors:
            raise NotFoundError(
                "this node has no vector yet",
                where=model.id,
                found=id_,
                next_step="run `generel-graph sync`: it embeds nodes that are new",
            )
