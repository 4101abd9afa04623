"""How two clusters hang together: the best paths of the best metapaths, shared neighbours, each step with its edges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from generel_graph.ask.clusters import read_clusters
from generel_graph.ask.explain.ends import End
from generel_graph.ask.explain.evidence import Evidence, read_evidence
from generel_graph.ask.explain.neighbourhood import Around, read_around
from generel_graph.ask.explain.paths import Metapath, RankedPath, metapaths, shared
from generel_graph.graph import Graph

INSTANCES = 3  # paths of a metapath
MOST_EDGES = 10  # of a step, those of most weight


@dataclass(frozen=True, slots=True)
class Between:
    """A cluster that lies between the two."""

    id: str
    kind: str
    name: str
    degree: int  # edges of all its members


@dataclass(frozen=True, slots=True)
class PathStep:
    """Two clusters next to each other on a path, and the edges that join them."""

    left: str  # id of the cluster
    right: str
    types: tuple[str, ...]
    edges: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the one end to the other."""

    nodes: tuple[Between, ...]  # between the ends
    steps: tuple[PathStep, ...]
    score: float  # product over its steps of weight · (degree · degree)^−.4


@dataclass(frozen=True, slots=True)
class Metapaths:
    """Paths of one sort, the best of them told."""

    metapath: str  # "SNP —LOCATED_IN→ Gene ←TARGETS— Drug"
    score: float  # the sum of all its paths': the degree-weighted path count
    count: int
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """A cluster that both are joined to."""

    node: Between
    score: float  # the sum over the paths by it
    left: PathStep
    right: PathStep


@dataclass(frozen=True, slots=True)
class Connections:
    """All of it."""

    paths: tuple[Metapaths, ...]
    shared: tuple[Shared, ...]  # by kind, the kind of the best first
    cut: tuple[str, ...]  # what the search left out, in words


NOTHING = Connections((), (), ())


def connect(graph: Graph, left: End, right: End, hops: int, k: int) -> Connections:
    """The `k` best metapaths, and `k` shared neighbours of each kind."""
    ends = (left.id or "", right.id or "")
    around = read_around(graph, left.members, right.members, ends, hops)
    chosen = _choose(metapaths(around, ends, (left.kind, right.kind)), k)
    some = _by_kind(shared(around, ends), around, k)
    met = {c for _, paths in chosen for path in paths for c in path.between} | {f.between[0] for f in some}
    clusters = read_clusters(graph, sorted(met))
    nodes: dict[str, Between] = {}
    members: dict[str, tuple[str, ...]] = {ends[0]: left.members, ends[1]: right.members}
    for id_, cluster in clusters.items():
        head = cluster.head
        nodes[id_] = Between(id_, head.kind, head.name, around.totals.get(id_, 0))
        members[id_] = tuple(member.id for member in cluster.members)
    walks = [(ends[0], *path.between, ends[1]) for path in [*(p for _, ps in chosen for p in ps), *some]]
    pairs = list(dict.fromkeys(pair for walk in walks for pair in pairwise(walk)))
    edges = read_evidence(graph, [(members[a], members[b]) for a, b in pairs])
    steps = {pair: _step(pair, found) for pair, found in zip(pairs, edges, strict=True)}
    return Connections(
        tuple(
            Metapaths(m.words(), m.score, m.count, tuple(_path(f, ends, nodes, steps) for f in found))
            for m, found in chosen
        ),
        tuple(
            Shared(nodes[f.between[0]], f.score, steps[ends[0], f.between[0]], steps[f.between[0], ends[1]])
            for f in some
        ),
        around.cut,
    )


def _choose(ranked: Sequence[Metapath], k: int) -> list[tuple[Metapath, list[RankedPath]]]:
    """The best metapaths, each with paths that no better one has shown: other types of edges between the same nodes
    stand at the steps."""
    chosen: list[tuple[Metapath, list[RankedPath]]] = []
    told: set[tuple[str, ...]] = set()
    for metapath in ranked:
        new = [path for path in metapath.paths if path.between not in told][:INSTANCES]
        if new and len(chosen) < k:
            chosen.append((metapath, new))
            told |= {path.between for path in new}
    return chosen


def _by_kind(both: Iterable[RankedPath], around: Around, k: int) -> list[RankedPath]:
    groups: dict[str, list[RankedPath]] = {}
    for found in both:
        groups.setdefault(around.kind(found.between[0]), []).append(found)
    return [found for group in groups.values() for found in group[:k]]


def _step(pair: tuple[str, str], edges: Sequence[Evidence]) -> PathStep:
    positive = [edge for edge in edges if edge.weight]
    best = sorted(positive, key=lambda edge: -(edge.weight or 0.0))[:MOST_EDGES]
    return PathStep(*pair, tuple(dict.fromkeys(edge.type for edge in positive)), tuple(best))


def _path(
    found: RankedPath, ends: tuple[str, str], nodes: dict[str, Between], steps: dict[tuple[str, str], PathStep]
) -> Path:
    walk = (ends[0], *found.between, ends[1])
    pairs = pairwise(walk)
    return Path(tuple(nodes[c] for c in found.between), tuple(steps[pair] for pair in pairs), found.score)
