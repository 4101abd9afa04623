"""Which nodes of an explanation's graph are drawn, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx

HUB = 1_000  # edges; a node with more is a hub and is not drawn
MAX_INNER = 10  # nodes between the endpoints, with the highest scores
WIDTH, ROW, BOTTOM = 11.0, 0.82, 0.75  # inches: between the endpoints, from row to row, below the last row
MARGIN = 1.15  # inches from an endpoint to the edge of the picture
Positions = dict[str, tuple[float, float]]


def drawable(graph: nx.MultiDiGraph[str]) -> nx.MultiDiGraph[str]:
    """The endpoints, and the best inner nodes that are no hubs and are on a path between the endpoints."""
    inner = [n for n, data in graph.nodes(data=True) if 0 < data["place"] < 1]
    ranked = sorted((n for n in inner if graph.nodes[n]["degree"] <= HUB), key=lambda n: (-graph.nodes[n]["score"], n))
    nodes = {n for n in graph if n not in inner} | set(ranked[:MAX_INNER])
    while True:
        dead_ends = {n for n in nodes & set(inner) if not _has_neighbours_on_both_sides(graph, n, nodes)}
        if not dead_ends:
            return graph.subgraph(nodes)
        nodes -= dead_ends


def node_positions(graph: nx.MultiDiGraph[str]) -> tuple[Positions, float]:
    """The position of each node, in inches from the lower left, and the height of the picture.

    Nodes one step from both endpoints are above the line of the endpoints, and the columns of longer paths below it. If
    there is only one of the two, half of its nodes are above and half below.
    """
    share = {n: float(data["place"]) for n, data in graph.nodes(data=True)}  # of the distance between the endpoints
    middle = _by_score(graph, [n for n, at in share.items() if at == 0.5])
    first = _by_score(graph, [n for n, at in share.items() if 0 < at < 0.5])
    second = _by_neighbours(graph, _by_score(graph, [n for n, at in share.items() if 0.5 < at < 1]), first)
    longest = max(len(first), len(second))
    parts: list[tuple[list[str], list[str]]]  # nodes above and below the line
    if middle and longest:
        parts = [(middle, []), ([], first), ([], second)]
    else:
        parts = [(column[: len(column) // 2], column[len(column) // 2 :]) for column in (middle, first, second)]
    above, below = (max(len(part[side]) for part in parts) for side in (0, 1))
    line = BOTTOM + ROW * (below + 0.35)
    positions: Positions = {n: (MARGIN + WIDTH * at, line) for n, at in share.items() if at in (0, 1)}
    for over, under in parts:
        for row, n in enumerate(reversed(over), start=1):
            positions[n] = (MARGIN + WIDTH * share[n], line + ROW * (row + (above - len(over)) / 2))
        for row, n in enumerate(under, start=1):
            positions[n] = (MARGIN + WIDTH * share[n], line - ROW * (row + (below - len(under)) / 2))
    return positions, line + ROW * (above + 1.3)


def _has_neighbours_on_both_sides(graph: nx.MultiDiGraph[str], node: str, nodes: set[str]) -> bool:
    """Whether a node has neighbours to its left and to its right."""
    own = graph.nodes[node]["place"]
    neighbours = [graph.nodes[n]["place"] for n in {*graph.successors(node), *graph.predecessors(node)} & nodes]
    return any(other < own for other in neighbours) and any(other > own for other in neighbours)


def _by_score(graph: nx.MultiDiGraph[str], nodes: Sequence[str]) -> list[str]:
    return sorted(nodes, key=lambda n: (-graph.nodes[n]["score"], n))


def _by_neighbours(graph: nx.MultiDiGraph[str], column: Sequence[str], other: Sequence[str]) -> list[str]:
    """A column sorted by the mean row of its nodes' neighbours in the other column, so that few lines cross."""
    row = {n: i for i, n in enumerate(other)}

    def mean_row(node: str) -> float:
        rows = [row[n] for n in {*graph.successors(node), *graph.predecessors(node)} if n in row]
        return sum(rows) / len(rows) if rows else 0.0

    return sorted(column, key=mean_row)
