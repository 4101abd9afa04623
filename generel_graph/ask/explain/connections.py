"""How two clusters are connected: the best paths of the best metapaths, and shared neighbours, with their edges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from generel_graph.ask.clusters import read_clusters
from generel_graph.ask.explain.evidence import Evidence, read_evidence
from generel_graph.ask.explain.neighbourhood import PairNeighbourhood, read_neighbourhood
from generel_graph.ask.explain.paths import Metapath, RankedPath, rank_metapaths, rank_shared
from generel_graph.ask.resolved_term import ResolvedTerm
from generel_graph.graph import Graph

INSTANCES = 3  # paths per metapath
MOST_EDGES = 10  # edges per step, those with the largest weight


@dataclass(frozen=True, slots=True)
class PathNode:
    """A cluster between the endpoints."""

    id: str
    kind: str
    name: str
    degree: int  # number of edges of all its members


@dataclass(frozen=True, slots=True)
class PathStep:
    """Two consecutive clusters of a path, and the edges that join them."""

    left: str  # id of the cluster
    right: str
    types: tuple[str, ...]
    edges: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """One path from endpoint to endpoint."""

    nodes: tuple[PathNode, ...]  # between the endpoints
    steps: tuple[PathStep, ...]
    score: float  # product over its steps of weight · (degree · degree)^−0.4


@dataclass(frozen=True, slots=True)
class Metapaths:
    """A metapath with its best paths."""

    metapath: str  # "SNP —LOCATED_IN→ Gene ←TARGETS— Drug"
    score: float  # the sum of the scores of all its paths: the degree-weighted path count
    count: int
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """A shared neighbour of both endpoints."""

    node: PathNode
    score: float  # the sum of the scores of the paths through it
    left: PathStep
    right: PathStep


@dataclass(frozen=True, slots=True)
class Connections:
    """Paths and shared neighbours of two clusters."""

    paths: tuple[Metapaths, ...]
    shared: tuple[Shared, ...]  # grouped by kind; the kind of the best one first
    cut: tuple[str, ...]  # what the search left out, in words


NO_CONNECTIONS = Connections((), (), ())


def connect(graph: Graph, left: ResolvedTerm, right: ResolvedTerm, hops: int, k: int) -> Connections:
    """The `k` best metapaths, and `k` shared neighbours of each kind."""
    endpoints = (left.id or "", right.id or "")
    around = read_neighbourhood(graph, left.members, right.members, endpoints, hops)
    chosen = _choose(rank_metapaths(around, endpoints, (left.kind or "", right.kind or "")), k)
    chosen_shared = _by_kind(rank_shared(around, endpoints), around, k)
    between = {c for _, paths in chosen for path in paths for c in path.between}
    between |= {path.between[0] for path in chosen_shared}
    clusters = read_clusters(graph, sorted(between))
    nodes: dict[str, PathNode] = {}
    members: dict[str, tuple[str, ...]] = {endpoints[0]: left.members, endpoints[1]: right.members}
    for id_, cluster in clusters.items():
        head = cluster.head
        nodes[id_] = PathNode(id_, head.kind, head.name, around.totals.get(id_, 0))
        members[id_] = tuple(member.id for member in cluster.members)
    walks = [
        (endpoints[0], *path.between, endpoints[1]) for path in [*(p for _, ps in chosen for p in ps), *chosen_shared]
    ]
    pairs = list(dict.fromkeys(pair for walk in walks for pair in pairwise(walk)))
    edges = read_evidence(graph, [(members[a], members[b]) for a, b in pairs])
    steps = {pair: _step(pair, of_pair) for pair, of_pair in zip(pairs, edges, strict=True)}
    return Connections(
        tuple(
            Metapaths(m.words(), m.score, m.count, tuple(_path(path, endpoints, nodes, steps) for path in paths))
            for m, paths in chosen
        ),
        tuple(
            Shared(nodes[f.between[0]], f.score, steps[endpoints[0], f.between[0]], steps[f.between[0], endpoints[1]])
            for f in chosen_shared
        ),
        around.cut,
    )


def _choose(ranked: Sequence[Metapath], k: int) -> list[tuple[Metapath, list[RankedPath]]]:
    """The best metapaths, each with paths whose nodes no better metapath has: the steps list all types of edges."""
    chosen: list[tuple[Metapath, list[RankedPath]]] = []
    used: set[tuple[str, ...]] = set()
    for metapath in ranked:
        new = [path for path in metapath.paths if path.between not in used][:INSTANCES]
        if new and len(chosen) < k:
            chosen.append((metapath, new))
            used |= {path.between for path in new}
    return chosen


def _by_kind(paths: Iterable[RankedPath], around: PairNeighbourhood, k: int) -> list[RankedPath]:
    groups: dict[str, list[RankedPath]] = {}
    for path in paths:
        groups.setdefault(around.kind(path.between[0]), []).append(path)
    return [path for group in groups.values() for path in group[:k]]


def _step(pair: tuple[str, str], edges: Sequence[Evidence]) -> PathStep:
    positive = [edge for edge in edges if edge.weight]
    best = sorted(positive, key=lambda edge: -(edge.weight or 0.0))[:MOST_EDGES]
    return PathStep(*pair, tuple(dict.fromkeys(edge.type for edge in positive)), tuple(best))


def _path(
    path: RankedPath, endpoints: tuple[str, str], nodes: dict[str, PathNode], steps: dict[tuple[str, str], PathStep]
) -> Path:
    walk = (endpoints[0], *path.between, endpoints[1])
    pairs = pairwise(walk)
    return Path(tuple(nodes[c] for c in path.between), tuple(steps[pair] for pair in pairs), path.score)
