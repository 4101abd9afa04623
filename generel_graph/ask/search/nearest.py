"""The clusters nearest to a query: from the vector index, from more of it, and finally by an exact scan."""

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

FETCH = {NEWEST: 50, NEO4J_5: 150}  # fewest hits to fetch, by dialect: measured for recall@10 ≥ 0.98
MORE = 4  # factor of the next fetch, if clusters and filters leave too few hits
MOST = 3_200  # nodes; beyond, an exact scan is faster than a larger fetch
FEW = 2_000  # clusters that may be hits; up to this number a scan is faster than the index


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A cluster near the query, by its nearest node of the queried kinds."""

    cluster: str
    id: str
    kind: str
    score: float  # cosine divided by the query's constant, −1 … 1
    chromosome: str = ""  # of an SNP
    position: int = 0


@dataclass(frozen=True, slots=True)
class _Search:
    """One query vector, and the kinds that share it."""

    vector: list[float]
    constant: float
    kinds: list[str]


def nearest(
    graph: Graph,
    model: PinnedModel,
    space: Space,
    query: WeightedQuery,
    scope: SearchFilter,
    k: int,
    *,
    exact: bool = False,
    one_per_locus: bool = False,
) -> list[Neighbour]:
    """The `k` nearest clusters of `scope`, best first; fewer only if fewer exist.

    Kinds with the same query vector share a search. `exact`: without the index. `one_per_locus`: only the best SNP per
    locus. Raises ActiveModelChanged, UsageError.
    """
    searches = _searches(query, space, [kind for kind in scope.kinds if kind in model.kinds])
    with ThreadPoolExecutor(max(len(searches), 1)) as pool:  # in parallel
        parts = pool.map(lambda search: _search(graph, model, search, scope, k, exact, one_per_locus), searches)
        neighbours = [near for part in parts for near in part]
    return sorted(neighbours, key=lambda near: (-near.score, near.id))[:k]


def nearest_among(
    graph: Graph, model: PinnedModel, space: Space, query: WeightedQuery, scope: SearchFilter, clusters: Sequence[str]
) -> list[Neighbour]:
    """The allowed ones of `clusters` with their scores, best first; raises ActiveModelChanged, UsageError."""
    neighbours = [
        near
        for search in _searches(query, space, [kind for kind in scope.kinds if kind in model.kinds])
        for near in _scan(graph, model, search, scope, max(len(clusters), 1), clusters)
    ]
    return sorted(neighbours, key=lambda near: (-near.score, near.id))


def _searches(query: WeightedQuery, space: Space, kinds: Sequence[str]) -> list[_Search]:
    by_vector: dict[tuple[bytes, float], tuple[Vector, list[str]]] = {}
    for kind in kinds:
        vector, constant = query.query_vector(space, kind)
        by_vector.setdefault((vector.tobytes(), constant), (vector, []))[1].append(kind)
    return [_Search(vector.tolist(), constant, members) for (_, constant), (vector, members) in by_vector.items()]


def _search(
    graph: Graph, model: PinnedModel, search: _Search, scope: SearchFilter, k: int, exact: bool, one_per_locus: bool
) -> list[Neighbour]:
    """The k nearest clusters of kinds that share a query vector."""
    is_small = scope.region is not None or (scope.within is not None and len(scope.within) <= FEW)
    fetch = FETCH[graph.capabilities.dialect]
    limit = max(fetch, 2 * k)
    while limit <= MOST and not (exact or is_small):
        rows = _index(graph, model, search, limit)
        if rows is None:
            break
        near = _allowed(graph, model, search, scope, rows)
        chosen = apart(near) if one_per_locus else near
        if len(chosen) >= k:
            return chosen[:k]
        if len(rows["id"]) < limit:
            break  # the index has no more hits, but it is approximate: only a scan finds all
        limit *= MORE
    limit = fetch * k if one_per_locus else k
    while True:
        near = _scan_all(graph, model, search, scope, limit)
        chosen = apart(near) if one_per_locus else near
        if len(chosen) >= k or len(near) < limit:
            return chosen[:k]
        limit *= MORE


def _index(graph: Graph, model: PinnedModel, search: _Search, limit: int) -> dict[str, list[Any]] | None:
    """The rows of the vector index; None if the index is missing or still being built."""
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
    graph: Graph, model: PinnedModel, search: _Search, scope: SearchFilter, rows: Mapping[str, list[Any]]
) -> list[Neighbour]:
    """The rows of the index that the filter allows, one per cluster."""
    neighbours = _clusters(rows, search.constant)
    allowed = [
        near
        for near in neighbours
        if near.cluster not in scope.without and (scope.within is None or near.cluster in scope.within)
    ]
    if not scope.sources or not allowed:
        return allowed
    # With the source filter a cluster can score lower. Below the last hit of the index, other clusters may be nearer.
    farthest = min(near.score for near in neighbours)
    scanned = _scan(graph, model, search, scope, len(allowed), [near.cluster for near in allowed])
    return [near for near in scanned if near.score >= farthest]


def _scan_all(graph: Graph, model: PinnedModel, search: _Search, scope: SearchFilter, k: int) -> list[Neighbour]:
    """The k nearest allowed clusters by a scan of the nodes; without a region or `within`, the kinds in parallel."""
    is_bounded = scope.region is not None or scope.within is not None
    parts = [search] if is_bounded else [replace(search, kinds=[kind]) for kind in search.kinds]
    with ThreadPoolExecutor(max(len(parts), 1)) as pool:
        scanned = pool.map(lambda part: _scan(graph, model, part, scope, k), parts)
        ranked = sorted((near for part in scanned for near in part), key=lambda near: (-near.score, near.id))
    nearest_of: dict[str, Neighbour] = {}
    for near in ranked:  # a cluster can have nodes of several kinds
        nearest_of.setdefault(near.cluster, near)
    return list(nearest_of.values())[:k]


def _scan(
    graph: Graph, model: PinnedModel, search: _Search, scope: SearchFilter, k: int, among: Sequence[str] | None = None
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
    """One row per cluster, its nearest node; the score of the index, (1 + cosine) / 2, becomes the cosine."""
    neighbours: dict[str, Neighbour] = {}
    columns = ("id", "kind", "cluster", "chromosome", "position", "score")
    for id_, kind, cluster, chromosome, position, score in zip(*(rows[c] for c in columns), strict=True):
        if cluster not in neighbours:
            cosine = max(-1.0, min(1.0, (2 * score - 1) / constant))
            neighbours[cluster] = Neighbour(cluster, id_, kind, cosine, chromosome, position)
    return list(neighbours.values())
