"""What lies around two clusters: whom each is joined to, how those are joined, and how many each is joined to at all.

All reads are bounded, so that the two most connected things of a graph are answered for as soon as any others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from generel_etl.relations import NEGATIVE, SYMMETRIC
from generel_graph.graph import Graph

END_EDGES = 10_000  # of each of the two; the weakest are left out
JOIN_EDGES = 20_000  # of the neighbours of one of the two: the second steps of paths of three
DEGREE_EDGES = 20_000  # of clusters on paths, whose degrees are told type by type; hubs beyond count with all edges
NO_WAY = ("SAME_AS", *sorted(NEGATIVE))  # what is one cluster is no step, and what is denied leads nowhere
DAMPING = 0.4  # w of Himmelstein & Baranzini, PLoS Comput Biol 11: e1004259 (2015)

Way = tuple[
    str, int
]  # a relationship type; 1 walked from its start to its end, −1 the other way, 0 it has no direction


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Whom a cluster is joined to."""

    ways: Mapping[str, Mapping[Way, float]]  # by cluster: the largest weight of each way there
    kinds: Mapping[str, str]  # of these clusters
    cut: bool  # whether edges were left out


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings of two clusters."""

    left: Neighbours
    right: Neighbours
    joins: Mapping[tuple[str, str], Mapping[Way, float]]  # from a neighbour of the left to one of the right
    degrees: Mapping[str, Mapping[Way, int]]  # clusters that each is joined to by a way
    totals: Mapping[str, int]  # edges of each cluster
    cut: tuple[str, ...]  # what was left out, in words

    def kind(self, cluster: str) -> str:
        """The kind of a neighbour."""
        return self.left.kinds.get(cluster) or self.right.kinds.get(cluster) or ""

    def degree(self, cluster: str, way: Way) -> int:
        """How many clusters this one is joined to by a way; of a hub that was not counted, all of its edges."""
        return max(1, self.degrees[cluster].get(way, 1) if cluster in self.degrees else self.totals.get(cluster, 1))


def way(type_: str, outward: bool) -> Way:
    """One step along an edge."""
    return type_, 0 if type_ in SYMMETRIC else 1 if outward else -1


def back(step: Way) -> Way:
    """The same step walked the other way."""
    return step[0], -step[1]


def read_around(
    graph: Graph, left: Sequence[str], right: Sequence[str], ends: tuple[str, str], hops: int = 3
) -> Around:
    """Read what lies between two clusters, `ends`, by their members' ids; without `hops` of 3 no joins."""
    one, other = _neighbours(graph, left), _neighbours(graph, right)
    shared = one.ways.keys() & other.ways.keys() - {*ends}
    cut = [
        f"of {end} the {END_EDGES:,} edges of most weight were walked"
        for end, near in zip(ends, (one, other), strict=True)
        if near.cut
    ]
    totals: dict[str, int] = {}
    joins: dict[tuple[str, str], dict[Way, float]] = {}
    if hops >= 3:
        turned = len(one.ways) > len(other.ways)
        near, far = (other, one) if turned else (one, other)
        totals = _totals(graph, near.ways.keys() - {*ends})
        walked = _walked(near, totals)
        joins = _joins(graph, walked, far.ways.keys() - {*ends}, turned)
        if len(walked) < len(totals):
            cut.append(
                f"paths of three steps: {len(walked):,} of {len(totals):,} neighbours of {ends[turned]} were walked"
            )
    met = {*ends, *shared, *(end for pair in joins for end in pair)}
    totals |= _totals(graph, met - totals.keys())
    counted = list(_within(sorted(met, key=lambda c: (c not in ends, totals.get(c, 0), c)), totals, DEGREE_EDGES))
    if len(counted) < len(met):
        cut.append(f"hubs that count with all of their edges, not type by type: {len(met) - len(counted):,}")
    return Around(one, other, joins, _degrees(graph, counted), totals, tuple(cut))


def _neighbours(graph: Graph, ids: Sequence[str]) -> Neighbours:
    found = graph.row("ask/list_adjacent", ids=list(ids), without=list(NO_WAY), limit=END_EDGES + 1)
    ways: dict[str, dict[Way, float]] = {}
    columns = (found["cluster"], found["type"], found["outward"], found["weight"])
    for cluster, type_, outward, weight in zip(*columns, strict=True):
        _largest(ways.setdefault(cluster, {}), way(type_, outward), weight)
    return Neighbours(ways, dict(zip(found["cluster"], found["kind"], strict=True)), len(found["cluster"]) > END_EDGES)


def _walked(near: Neighbours, totals: Mapping[str, int]) -> list[str]:
    """The neighbours that are walked on from, first those that say most: of much weight and few edges."""
    says = {c: max(near.ways[c].values()) * max(degree, 1) ** -DAMPING for c, degree in totals.items()}
    return list(_within(sorted(says, key=lambda c: (-says[c], c)), totals, JOIN_EDGES))


def _joins(
    graph: Graph, clusters: Sequence[str], others: Collection[str], turned: bool
) -> dict[tuple[str, str], dict[Way, float]]:
    """The edges from some clusters to others; `turned`: told from the others to these."""
    found = graph.row("ask/list_joins", clusters=list(clusters), others=sorted(others), without=list(NO_WAY))
    joins: dict[tuple[str, str], dict[Way, float]] = {}
    columns = (found["start"], found["end"], found["type"], found["outward"], found["weight"])
    for start, end, type_, outward, weight in zip(*columns, strict=True):
        step = way(type_, outward)
        pair, step = ((end, start), back(step)) if turned else ((start, end), step)
        _largest(joins.setdefault(pair, {}), step, weight)
    return joins


def _totals(graph: Graph, clusters: Collection[str]) -> dict[str, int]:
    return {row["cluster"]: row["degree"] for row in graph.rows("ask/count_edges_of", clusters=sorted(clusters))}


def _degrees(graph: Graph, clusters: Sequence[str]) -> dict[str, dict[Way, int]]:
    found: dict[str, dict[Way, int]] = {cluster: {} for cluster in clusters}
    for row in graph.rows("ask/count_degrees", clusters=list(clusters), without=list(NO_WAY)):
        step = way(row["type"], row["outward"])
        found[row["cluster"]][step] = found[row["cluster"]].get(step, 0) + row["degree"]
    return found


def _within(clusters: Iterable[str], totals: Mapping[str, int], most: int) -> Iterable[str]:
    """The clusters whose edges together are no more than `most`, in the order given."""
    for cluster in clusters:
        if totals.get(cluster, 0) <= most:
            most -= totals.get(cluster, 0)
            yield cluster


def _largest(ways: dict[Way, float], step: Way, weight: float) -> None:
    ways[step] = max(weight, ways.get(step, 0.0))
