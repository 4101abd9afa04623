"""An explanation as a networkx graph: a node a cluster, an edge an edge of the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import networkx as nx

from generel_etl.relations import NEGATIVE
from generel_graph.ask.explaining.evidence import Evidence

if TYPE_CHECKING:
    from generel_graph.ask.explaining.explain import Explanation


def as_graph(found: Explanation) -> nx.MultiDiGraph[str]:
    """Nodes have kind, name, degree (0 of the ends), place (0 the left end, 1 the right one, between them where a path
    first met it) and score (of the paths by it). Edges have all that `Evidence` has, and whether their type is
    symmetric or negative; their direction is that of the statement, their key source, type and key.
    The graph's `title` says what it is of.
    """
    names = found.left.name if found.same else f"{found.left.name} and {found.right.name}"
    cosine = "" if found.cosine is None else f": cosine {found.cosine:.2f}"
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(title=f"{names}{cosine}")
    for place, end in ((0.0, found.left), (1.0, found.right)):
        graph.add_node(end.id or end.text, kind=end.kind, name=end.name, degree=0, place=place, score=0.0)
    _add_edges(graph, found.direct)
    for nodes, steps, score in (
        *(((s.node,), (s.left, s.right), 0.0) for s in found.shared),
        *((p.nodes, p.steps, p.score) for metapath in found.paths for p in metapath.paths),
    ):
        for number, node in enumerate(nodes, start=1):
            if node.id not in graph:
                own = {"kind": node.kind, "name": node.name, "degree": node.degree}
                graph.add_node(node.id, **own, place=number / (len(nodes) + 1), score=0.0)
            graph.nodes[node.id]["score"] += score
        for step in steps:
            _add_edges(graph, step.edges)
    return graph


def _add_edges(graph: nx.MultiDiGraph[str], edges: Iterable[Evidence]) -> None:
    for edge in edges:
        properties = asdict(edge) | {"symmetric": edge.symmetric, "negative": edge.type in NEGATIVE}
        name = f"{edge.source}|{edge.type}|{properties.pop('key')}"
        graph.add_edge(edge.start_cluster, edge.end_cluster, name, **properties)
