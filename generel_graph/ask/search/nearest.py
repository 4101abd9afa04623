"""The clusters nearest to a question: by the index in the server's form, then by more of it, then exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from generel_etl.errors import ActiveModelChanged, GraphError
from generel_graph.ask.pinned_model import PinnedModel, pinned_row
from generel_graph.ask.search.filters import SearchFilter
from generel_graph.ask.search.loci import apart
from generel_graph.ask.search.mixture import WeightedQuery
from generel_graph.ask.space import Space, Vector
from generel_graph.graph import Graph
from generel_graph.graph.statements import NEO4J_5, NEWEST

FETCH = {NEWEST: 50, NEO4J_5: 150}  # the fewest hits to fetch, by dialect: measured for recall@10 ≥ .98
MORE = 4  # as many again, where clusters, filters or the question's own fill the places
MOST = 3_200  # nodes; beyond, an exact scan is cheaper than a larger search
FEW = 2_000  # clusters to choose from: up to so many, a look at each is quicker than the index


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A cluster found: its nearest node of the wanted kinds."""

    cluster: str
    id: str
    kind: str
    score: float  # cosine after the question's constant, −1 … 1
    chromosome: str = ""  # of an SNP
    position: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """One search: a vector, for kinds that share it."""

    vector: list[float]
    constant: float
    kinds: list[str]


def nearest(
    graph: Graph,
    model: PinnedModel,
    space: Space,
    asked: WeightedQuery,
    scope: SearchFilter,
    k: int,
    *,
    exact: bool = False,
    one_per_locus: bool = False,
) -> list[Neighbour]:
    """The `k` nearest clusters of `scope`, best first, never fewer than k where k exist.

    Kinds that are asked with the same vector share a search. `exact`: without the index. `one_per_locus`: of SNPs
    within 250 kb of a nearer one, only that. Raises ActiveModelChanged, UsageError.
    """
    searches = _searches(asked, space, [kind for kind in scope.kinds if kind in model.kinds])
    with ThreadPoolExecutor(max(len(searches), 1)) as pool:  # the server answers them side by side
        parts = pool.map(lambda search: _search(graph, model, search, scope, k, exact, one_per_locus), searches)
        found = [near for part in parts for near in part]
    return sorted(found, key=lambda near: (-near.score, near.id))[:k]


def nearest_among(
    graph: Graph, model: PinnedModel, space: Space, asked: WeightedQuery, scope: SearchFilter, clusters: Sequence[str]
) -> list[Neighbour]:
    """Those of `clusters` that `scope` allows, with their scores, best first; raises ActiveModelChanged, UsageError."""
    found = [
        near
        for search in _searches(asked, space, [kind for kind in scope.kinds if kind in model.kinds])
        for near in _scan(graph, model, search, scope, max(len(clusters), 1), clusters)
    ]
    return sorted(found, key=lambda near: (-near.score, near.id))


def _searches(asked: WeightedQuery, space: Space, kinds: Sequence[str]) -> list[_Asked]:
    made: dict[tuple[bytes, float], tuple[Vector, list[str]]] = {}
    for kind in kinds:
        vector, constant = asked.query_vector(space, kind)
        made.setdefault((vector.tobytes(), constant), (vector, []))[1].append(kind)
    return [_Asked(vector.tolist(), constant, members) for (_, constant), (vector, members) in made.items()]


def _search(
    graph: Graph, model: PinnedModel, search: _Asked, scope: SearchFilter, k: int, exact: bool, one_per_locus: bool
) -> list[Neighbour]:
    """The k nearest clusters among kinds that share one question."""
    enumerable = scope.region is not None or (scope.within is not None and len(scope.within) <= FEW)
    fetch = FETCH[graph.capabilities.dialect]
    limit = max(fetch, 2 * k)
    while limit <= MOST and not (exact or enumerable):
        rows = _index(graph, model, search, limit)
        if rows is None:
            break
        near = _allowed(graph, model, search, scope, rows)
        found = apart(near) if one_per_locus else near
        if len(found) >= k:
            return found[:k]
        if len(rows["id"]) < limit:
            break  # the index gave all that it found; whether that is all that there is, only a scan tells
        limit *= MORE
    limit = fetch * k if one_per_locus else k
    while True:
        near = _scan_all(graph, model, search, scope, limit)
        found = apart(near) if one_per_locus else near
        if len(found) >= k or len(near) < limit:
            return found[:k]
        limit *= MORE


def _index(graph: Graph, model: PinnedModel, search: _Asked, limit: int) -> dict[str, list[Any]] | None:
    """What the index gives; None where it is not to be asked now, being built or gone."""
    name = "ask/search_nodes"
    try:
        return pinned_row(graph, name, model, vector=search.vector, kinds=search.kinds, k=limit)
    except ActiveModelChanged:
        raise
    except GraphError:
        states = graph.rows("graph/list_indexes", index=f"embedding_{model.slot}")
        if states and all(row["state"] == "ONLINE" for row in states):
            raise
        return None


def _allowed(
    graph: Graph, model: PinnedModel, search: _Asked, scope: SearchFilter, rows: Mapping[str, list[Any]]
) -> list[Neighbour]:
    """Those of the index's rows that the scope allows, a row a cluster."""
    known = _clusters(rows, search.constant)
    found = [
        near
        for near in known
        if near.cluster not in scope.without and (scope.within is None or near.cluster in scope.within)
    ]
    if not scope.sources or not found:
        return found
    # A cluster counts by its nearest node of these sources: what the index did not give may lie nearer than that.
    farthest = min(near.score for near in known)
    scanned = _scan(graph, model, search, scope, len(found), [near.cluster for near in found])
    return [near for near in scanned if near.score >= farthest]


def _scan_all(graph: Graph, model: PinnedModel, search: _Asked, scope: SearchFilter, k: int) -> list[Neighbour]:
    """The k nearest clusters of the scope by a look at each of its nodes: without bounds, the kinds side by side."""
    bounded = scope.region is not None or scope.within is not None
    parts = [search] if bounded else [replace(search, kinds=[kind]) for kind in search.kinds]
    with ThreadPoolExecutor(max(len(parts), 1)) as pool:
        scanned = pool.map(lambda part: _scan(graph, model, part, scope, k), parts)
        found = sorted((near for part in scanned for near in part), key=lambda near: (-near.score, near.id))
    nearest_of: dict[str, Neighbour] = {}
    for near in found:  # a cluster has nodes of several kinds
        nearest_of.setdefault(near.cluster, near)
    return list(nearest_of.values())[:k]


def _scan(
    graph: Graph, model: PinnedModel, search: _Asked, scope: SearchFilter, k: int, among: Sequence[str] | None = None
) -> list[Neighbour]:
    rows = pinned_row(
        graph,
        "ask/scan_nodes",
        model,
        vector=search.vector,
        kinds=search.kinds,
        k=k,
        **scope.parameters(among),
    )
    return _clusters(rows, search.constant)


def _clusters(rows: Mapping[str, list[Any]], constant: float) -> list[Neighbour]:
    """One row a cluster, its nearest node; the index's score (1 + cosine) / 2 becomes the cosine."""
    found: dict[str, Neighbour] = {}
    columns = ("id", "kind", "cluster", "chromosome", "position", "score")
    for id_, kind, cluster, chromosome, position, score in zip(*(rows[c] for c in columns), strict=True):
        if cluster not in found:
            cosine = max(-1.0, min(1.0, (2 * score - 1) / constant))
            found[cluster] = Neighbour(cluster, id_, kind, cosine, chromosome, position)
    return list(found.values())
