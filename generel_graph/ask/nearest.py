"""The clusters nearest to a vector: by the index in the server's form, then by more of it, then exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from generel_graph.ask.pin import Pinned, pinned_row
from generel_graph.ask.space import Space, Vector
from generel_graph.graph import Graph

FETCH = 50  # nodes asked for at least: what makes recall@10 .98 and more
MORE = 4  # as many again, where clusters or the question's own fill the places
MOST = 3_200  # nodes; beyond, an exact scan is cheaper than a larger search


@dataclass(frozen=True, slots=True)
class Near:
    """A cluster found: its nearest node of the wanted kinds."""

    cluster: str
    id: str
    kind: str
    score: float  # cosine after the question's constant, −1 … 1


def nearest(
    graph: Graph,
    model: Pinned,
    space: Space,
    vector: Vector,
    asked_kind: str,
    kinds: Sequence[str],
    k: int,
    leave_out: str | None = None,
) -> list[Near]:
    """The `k` nearest clusters with nodes of `kinds`, best first, never fewer than k where k exist.

    Kinds that are asked with the same vector share a search. `leave_out` is a cluster that is no answer to
    itself. Raises ModelMoved.
    """
    asked = [(asked_kind, vector)]
    return nearest_to_all(graph, model, space, asked, kinds, k, frozenset(filter(None, [leave_out])))


def nearest_to_all(
    graph: Graph,
    model: Pinned,
    space: Space,
    asked: Sequence[tuple[str, Vector]],
    kinds: Sequence[str],
    k: int,
    leave_out: frozenset[str] = frozenset(),
) -> list[Near]:
    """As `nearest`, to several things at once: kind ("" of a text) and vector of each; the score is the mean cosine.

    Raises ModelMoved.
    """
    groups: dict[tuple[bytes, float], tuple[Vector, list[str]]] = {}
    for kind in kinds:
        if kind not in model.kinds:
            continue
        question, constant = _question(space, asked, kind)
        groups.setdefault((question.tobytes(), float(constant)), (question, []))[1].append(kind)
    found = [
        near
        for (_, constant), (question, members) in groups.items()
        for near in _group(graph, model, question, constant, members, k, leave_out)
    ]
    return sorted(found, key=lambda near: (-near.score, near.id))[:k]


def _question(space: Space, asked: Sequence[tuple[str, Vector]], kind: str) -> tuple[Vector, float]:
    """The one vector [dimension] whose cosine with a stored one, divided by the constant, is the mean of all scores."""
    questions = [space.question(vector[np.newaxis], asked_kind, kind) for asked_kind, vector in asked]
    if len(questions) == 1:
        return np.asarray(questions[0][0][0], dtype=np.float32), questions[0][1]
    total = np.sum([q[0] / (np.linalg.norm(q[0]) * constant) for q, constant in questions], axis=0)
    return np.asarray(total, dtype=np.float32), len(asked) / max(float(np.linalg.norm(total)), 1e-9)


def _group(
    graph: Graph,
    model: Pinned,
    question: Vector,
    constant: float,
    kinds: Sequence[str],
    k: int,
    leave_out: frozenset[str],
) -> list[Near]:
    """The k nearest clusters among kinds that share one question."""
    values = question.tolist()
    form = "26" if graph.capabilities.filtered_vector_search else "5"
    limit = max(FETCH, 2 * k)
    while limit <= MOST:
        rows = pinned_row(graph, f"ask/search_nodes_{form}", model, vector=values, kinds=list(kinds), k=limit)
        found = _clusters(rows, constant, leave_out)
        if len(found) >= k:
            return found[:k]
        if len(rows["id"]) < limit:
            break  # the index gave all that it found; whether that is all that there is, only a scan tells
        limit *= MORE
    rows = pinned_row(graph, "ask/scan_nodes", model, vector=values, kinds=list(kinds), k=k + len(leave_out))
    return _clusters(rows, constant, leave_out)[:k]


def _clusters(rows: dict[str, list[Any]], constant: float, leave_out: frozenset[str]) -> list[Near]:
    """One row a cluster, its nearest node; the index's score (1 + cosine) / 2 becomes the cosine."""
    found: dict[str, Near] = {}
    for id_, kind, cluster, score in zip(rows["id"], rows["kind"], rows["cluster"], rows["score"], strict=True):
        if cluster not in leave_out and cluster not in found:
            cosine = (2 * score - 1) / constant
            found[cluster] = Near(cluster, id_, kind, max(-1.0, min(1.0, cosine)))
    return list(found.values())
