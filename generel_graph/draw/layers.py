"""Where the nodes of a picture of two ends stand: the ends at the sides, what is between them in columns."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

HUB = 1_000  # edges; a node with more is not drawn
MOST = 10  # nodes between the ends, those of the highest score
WIDTH, ROW, BOTTOM = 11.0, 0.82, 0.75  # inches: between the ends, from row to row, below the last
MARGIN = 1.15  # of an end from the picture's side
Spots = dict[str, tuple[float, float]]


def drawable(graph: nx.MultiDiGraph[str]) -> nx.MultiDiGraph[str]:
    """The ends, and what of the rest is no hub and still leads from the one to the other."""
    inner = [n for n, data in graph.nodes(data=True) if 0 < data["place"] < 1]
    kept = sorted((n for n in inner if graph.nodes[n]["degree"] <= HUB), key=lambda n: (-graph.nodes[n]["score"], n))
    nodes = {n for n in graph if n not in inner} | set(kept[:MOST])
    while True:
        dead = {n for n in nodes & set(inner) if not _leads_on(graph, n, nodes)}
        if not dead:
            return graph.subgraph(nodes)
        nodes -= dead


def spots(graph: nx.MultiDiGraph[str]) -> tuple[Spots, float]:
    """Where each node stands, in inches from the lower left, and the picture's height.

    What is one step from both ends stands above the line of the ends, the columns of longer paths below it; where there
    is but one of the two, half of it stands above and half below.
    """
    place = {n: float(data["place"]) for n, data in graph.nodes(data=True)}
    middle = _by_score(graph, [n for n, at in place.items() if at == 0.5])
    first = _by_score(graph, [n for n, at in place.items() if 0 < at < 0.5])
    second = _near(graph, _by_score(graph, [n for n, at in place.items() if 0.5 < at < 1]), first)
    longest = max(len(first), len(second))
    parts: list[tuple[list[str], list[str]]]
    if middle and longest:
        parts = [(middle, []), ([], first), ([], second)]
    else:
        parts = [(column[: len(column) // 2], column[len(column) // 2 :]) for column in (middle, first, second)]
    above, below = (max(len(part[side]) for part in parts) for side in (0, 1))
    line = BOTTOM + ROW * (below + 0.35)
    found: Spots = {n: (MARGIN + WIDTH * at, line) for n, at in place.items() if at in (0, 1)}
    for over, under in parts:
        for row, n in enumerate(reversed(over), start=1):
            found[n] = (MARGIN + WIDTH * place[n], line + ROW * (row + (above - len(over)) / 2))
        for row, n in enumerate(under, start=1):
            found[n] = (MARGIN + WIDTH * place[n], line - ROW * (row + (below - len(under)) / 2))
    return found, line + ROW * (above + 1.3)


def _leads_on(graph: nx.MultiDiGraph[str], node: str, nodes: set[str]) -> bool:
    """Whether a node has neighbours on both sides of it."""
    at = graph.nodes[node]["place"]
    near = [graph.nodes[n]["place"] for n in {*graph.successors(node), *graph.predecessors(node)} & nodes]
    return any(other < at for other in near) and any(other > at for other in near)


def _by_score(graph: nx.MultiDiGraph[str], nodes: Sequence[str]) -> list[str]:
    return sorted(nodes, key=lambda n: (-graph.nodes[n]["score"], n))


def _near(graph: nx.MultiDiGraph[str], column: Sequence[str], other: Sequence[str]) -> list[str]:
    """A column in the order of what its nodes are joined to in the other, so that few lines cross."""
    row = {n: i for i, n in enumerate(other)}

    def mean(node: str) -> float:
        near = [row[n] for n in {*graph.successors(node), *graph.predecessors(node)} if n in row]
        return sum(near) / len(near) if near else 0.0

    return sorted(column, key=mean)
