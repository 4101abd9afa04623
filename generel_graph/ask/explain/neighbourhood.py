"""The neighbourhoods of two clusters: their neighbours, the edges between those, and degrees.

All reads are bounded, so that the time does not grow with the degree of the clusters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from generel_etl.relations import NEGATIVE, SYMMETRIC
from generel_graph.graph import Graph

END_EDGES = 10_000  # edges per endpoint; the weakest are left out
JOIN_EDGES = 20_000  # edges of the neighbours of one endpoint: the second steps of three-step paths
DEGREE_EDGES = 20_000  # edges of clusters on paths that are counted by type; hubs beyond count with all edges
EXCLUDED = ("SAME_AS", *sorted(NEGATIVE))  # types that form no step: within a cluster, and negative statements
DAMPING = 0.4  # w of Himmelstein & Baranzini, PLoS Comput Biol 11: e1004259 (2015)

# A relationship type, and its direction: 1 from start to end, −1 from end to start, 0 for a symmetric type.
Step = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The neighbours of a cluster."""

    steps: Mapping[str, Mapping[Step, float]]  # by cluster: the largest weight of each step to it
    kinds: Mapping[str, str]  # of these clusters
    is_truncated: bool  # whether edges were left out


@dataclass(frozen=True, slots=True)
class PairNeighbourhood:
    """The neighbourhoods of two clusters."""

    left: Neighbours
    right: Neighbours
    joins: Mapping[tuple[str, str], Mapping[Step, float]]  # from a neighbour of the left to one of the right
    degrees: Mapping[str, Mapping[Step, int]]  # by cluster: the number of clusters at each step
    totals: Mapping[str, int]  # number of edges of each cluster
    cut: tuple[str, ...]  # what was left out, in words

    def kind(self, cluster: str) -> str:
        """The kind of a neighbour."""
        return self.left.kinds.get(cluster) or self.right.kinds.get(cluster) or ""

    def degree(self, cluster: str, step: Step) -> int:
        """The number of clusters at a step from this one; of a hub that was not counted, all of its edges."""
        return max(1, self.degrees[cluster].get(step, 1) if cluster in self.degrees else self.totals.get(cluster, 1))


def step_along(type_: str, outward: bool) -> Step:
    """The step along an edge."""
    return type_, 0 if type_ in SYMMETRIC else 1 if outward else -1


def reverse(step: Step) -> Step:
    """The same step in the opposite direction."""
    return step[0], -step[1]


def read_neighbourhood(
    graph: Graph, left: Sequence[str], right: Sequence[str], endpoints: tuple[str, str], hops: int = 3
) -> PairNeighbourhood:
    """Read the neighbourhoods of two clusters, `endpoints`, by the ids of their members; joins only for 3 `hops`."""
    one, other = _neighbours(graph, left), _neighbours(graph, right)
    shared = one.steps.keys() & other.steps.keys() - {*endpoints}
    cut = [
        f"only the {END_EDGES:,} edges of {endpoint} with the largest weight were used"
        for endpoint, near in zip(endpoints, (one, other), strict=True)
        if near.is_truncated
    ]
    totals: dict[str, int] = {}
    joins: dict[tuple[str, str], dict[Step, float]] = {}
    if hops >= 3:
        from_right = len(one.steps) > len(other.steps)
        near, far = (other, one) if from_right else (one, other)
        totals = _totals(graph, near.steps.keys() - {*endpoints})
        expanded = _expanded(near, totals)
        joins = _joins(graph, expanded, far.steps.keys() - {*endpoints}, from_right)
        if len(expanded) < len(totals):
            near_endpoint = endpoints[from_right]
            cut.append(
                f"three-step paths: only {len(expanded):,} of {len(totals):,} neighbours of {near_endpoint} were used"
            )
    on_paths = {*endpoints, *shared, *(cluster for pair in joins for cluster in pair)}
    totals |= _totals(graph, on_paths - totals.keys())
    by_degree = sorted(on_paths, key=lambda c: (c not in endpoints, totals.get(c, 0), c))
    counted = list(_within(by_degree, totals, DEGREE_EDGES))
    if len(counted) < len(on_paths):
        cut.append(f"hubs that count with all of their edges, not by type: {len(on_paths) - len(counted):,}")
    return PairNeighbourhood(one, other, joins, _degrees(graph, counted), totals, tuple(cut))


def _neighbours(graph: Graph, ids: Sequence[str]) -> Neighbours:
    row = graph.row("ask/list_adjacent", ids=list(ids), without=list(EXCLUDED), limit=END_EDGES + 1)
    steps: dict[str, dict[Step, float]] = {}
    columns = (row["cluster"], row["type"], row["outward"], row["weight"])
    for cluster, type_, outward, weight in zip(*columns, strict=True):
        _keep_largest(steps.setdefault(cluster, {}), step_along(type_, outward), weight)
    return Neighbours(steps, dict(zip(row["cluster"], row["kind"], strict=True)), len(row["cluster"]) > END_EDGES)


def _expanded(near: Neighbours, totals: Mapping[str, int]) -> list[str]:
    """The neighbours whose edges are read; first those with a large weight and few edges."""
    scores = {c: max(near.steps[c].values()) * max(degree, 1) ** -DAMPING for c, degree in totals.items()}
    return list(_within(sorted(scores, key=lambda c: (-scores[c], c)), totals, JOIN_EDGES))


def _joins(
    graph: Graph, clusters: Sequence[str], others: Collection[str], from_right: bool
) -> dict[tuple[str, str], dict[Step, float]]:
    """The steps between `clusters` and `others`; with `from_right` the results lead from `others` to `clusters`."""
    row = graph.row("ask/list_joins", clusters=list(clusters), others=sorted(others), without=list(EXCLUDED))
    joins: dict[tuple[str, str], dict[Step, float]] = {}
    columns = (row["start"], row["end"], row["type"], row["outward"], row["weight"])
    for start, end, type_, outward, weight in zip(*columns, strict=True):
        step = step_along(type_, outward)
        pair, step = ((end, start), reverse(step)) if from_right else ((start, end), step)
        _keep_largest(joins.setdefault(pair, {}), step, weight)
    return joins


def _totals(graph: Graph, clusters: Collection[str]) -> dict[str, int]:
    return {row["cluster"]: row["degree"] for row in graph.rows("ask/count_edges_of", clusters=sorted(clusters))}


def _degrees(graph: Graph, clusters: Sequence[str]) -> dict[str, dict[Step, int]]:
    degrees: dict[str, dict[Step, int]] = {cluster: {} for cluster in clusters}
    for row in graph.rows("ask/count_degrees", clusters=list(clusters), without=list(EXCLUDED)):
        step = step_along(row["type"], row["outward"])
        of_cluster = degrees[row["cluster"]]
        of_cluster[step] = of_cluster.get(step, 0) + row["degree"]
    return degrees


def _within(clusters: Iterable[str], totals: Mapping[str, int], most: int) -> Iterable[str]:
    """Clusters in their order, as long as their edges together do not exceed `most`; larger ones are skipped."""
    for cluster in clusters:
        if totals.get(cluster, 0) <= most:
            most -= totals.get(cluster, 0)
            yield cluster


def _keep_largest(weights: dict[Step, float], step: Step, weight: float) -> None:
    weights[step] = max(weight, weights.get(step, 0.0))
