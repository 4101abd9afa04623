"""Pin one model for the duration of a query; retry if another is activated."""

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
ATTEMPTS = 5  # a query during which five models become active is not expected


@dataclass(frozen=True, slots=True)
class PinnedModel:
    """The model that was active when a query began."""

    id: str
    slot: int
    dimension: int
    kinds: tuple[str, ...]  # of the nodes that have a vector of it


def active(graph: Graph) -> PinnedModel:
    """The active model; raises NotFoundError if there is none."""
    return _active_with(graph, ())[0]


def still_active(graph: Graph, model: PinnedModel) -> None:
    """Raise ActiveModelChanged unless `model` is the active one."""
    if active(graph).id != model.id:
        raise ActiveModelChanged("the active model changed during the query", where=model.id)


def pinned(graph: Graph, answer: Callable[[PinnedModel], T]) -> T:
    """Call `answer` with the active model; if another becomes active meanwhile, call it again with that one.

    `answer` raises ActiveModelChanged, as `pinned_row` and `still_active` do, if its model is no longer active.
    """
    return pinned_with(graph, (), lambda model, _: answer(model))


def pinned_with(graph: Graph, ids: Sequence[str], answer: Callable[[PinnedModel, Vectors], T]) -> T:
    """As `pinned`, with the vectors of nodes; raises NotFoundError for the first node without one."""
    for attempt in range(ATTEMPTS):
        try:
            model, vectors = _active_with(graph, ids)
            _check_complete(model, ids, vectors)
            return answer(model, vectors)
        except ActiveModelChanged:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def pinned_row(graph: Graph, name: str, model: PinnedModel, **parameters: Any) -> dict[str, Any]:
    """The one row of a statement that matches `(:Model {id: $model, active: true})`; raises ActiveModelChanged."""
    row = graph.row(name, model.slot, model=model.id, **parameters)
    if not row:
        raise ActiveModelChanged("the active model changed during the query", where=model.id)
    return row


def stored_vectors(graph: Graph, model: PinnedModel, ids: Sequence[str]) -> Vectors:
    """Kind and stored vector of the nodes that have one; raises ActiveModelChanged."""
    row = pinned_row(graph, "ask/get_vectors", model, ids=list(ids))
    return _vectors(row["id"], row["kind"], row["vector"])


def vectors_of_nodes(graph: Graph, model: PinnedModel, ids: Sequence[str]) -> Vectors:
    """As `stored_vectors`; raises NotFoundError for the first node without a vector, ActiveModelChanged."""
    vectors = stored_vectors(graph, model, ids)
    _check_complete(model, ids, vectors)
    return vectors


def _active_with(graph: Graph, ids: Sequence[str]) -> tuple[PinnedModel, Vectors]:
    row = graph.row("ask/get_active_model", ids=list(ids))
    if not row:
        raise NotFoundError(
            "no model is active in this graph", where=graph.uri, next_step="run `generel-graph sync` first"
        )
    model = PinnedModel(row["id"], row["slot"], row["dimension"], tuple(row["kinds"] or ()))
    return model, _vectors(row["nodes"], row["node_kinds"], row["vectors"])


def _vectors(ids: Sequence[str], kinds: Sequence[str], vectors: Sequence[Sequence[float]]) -> Vectors:
    return {
        id_: (kind, np.asarray(vector, dtype=np.float32)) for id_, kind, vector in zip(ids, kinds, vectors, strict=True)
    }


def _check_complete(model: PinnedModel, ids: Sequence[str], vectors: Vectors) -> None:
    for id_ in ids:
        if id_ not in vectors:
            raise NotFoundError(
                "this node has no vector yet",
                where=model.id,
                found=id_,
                next_step="run `generel-graph sync`, which embeds new nodes",
            )
