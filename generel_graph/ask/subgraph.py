"""The neighbourhood of some nodes as a networkx graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx

from generel_graph.ask.plain import plain
from generel_graph.errors import NotFoundError, UsageError
from generel_graph.graph import Graph

MOST_HOPS = 3


def subgraph(graph: Graph, ids: Iterable[str], hops: int = 1, limit: int = 1_000) -> nx.MultiDiGraph[str]:
    """The nodes within `hops` edges of `ids` and the edges that were walked, with all edges between those nodes.

    Nodes have `labels` and their properties, edges `type` and theirs (their key is source, type and key);
    vectors are left out. `limit` edges are walked a hop, those with the greatest weight first.
    Raises UsageError for hops outside 0 … 3, NotFoundError for an unknown id.
    """
    if not 0 <= hops <= MOST_HOPS:
        raise UsageError("so many hops reach everything", where="hops", found=hops, valid=range(MOST_HOPS + 1))
    begin = list(dict.fromkeys(ids))
    reached = dict.fromkeys(begin)
    frontier = begin
    for _ in range(hops):
        edges = graph.rows("ask/list_neighbours", ids=frontier, limit=limit)
        ends = dict.fromkeys(end for edge in edges for end in (edge["start"], edge["end"]))
        frontier = [end for end in ends if end not in reached]
        reached |= dict.fromkeys(frontier)
    found: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in graph.rows("ask/get_nodes", ids=list(reached)):
        properties = dict(zip(node["names"], node["values"], strict=True))
        found.add_node(node["id"], labels=sorted(node["labels"]), **plain(properties))
    missing = [id_ for id_ in begin if id_ not in found]
    if missing:
        raise NotFoundError("no such node", where=graph.uri, found=missing[0])
    for edge in graph.rows("ask/list_edges_between", ids=list(reached)):
        _add_edge(found, edge)
    return found


def _add_edge(found: nx.MultiDiGraph[str], edge: Mapping[str, Any]) -> None:
    properties = plain(edge["props"])
    name = "|".join(str(part) for part in (edge["type"], properties.get("source"), properties.pop("key", None)))
    found.add_edge(edge["start"], edge["end"], name, type=edge["type"], **properties)
