"""Nodes and relationships as plain values and as networkx graphs: of the rows of an answer, and around nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import networkx as nx
from neo4j.graph import Node, Path, Relationship

from generel_etl.errors import NotFoundError, UsageError
from generel_graph.graph import Graph
from generel_graph.graph.statements import SLOTS

MOST_HOPS = 3  # beyond, nearly every node is within reach


def network(graph: Graph, rows: Iterable[Sequence[Any]]) -> nx.MultiDiGraph[str]:
    """Each node, relationship and path of `rows` once, with the endpoints of each relationship; vectors are left out.

    Nodes have `labels` and their properties, edges `type` and theirs. The key of a node is its id, or the id of the
    server if it has none. Raises UsageError if the rows contain no nodes, relationships or paths.
    """
    nodes: dict[str, Node] = {}
    edges: dict[str, Relationship] = {}
    for entity in _entities(list(rows)):
        if isinstance(entity, Relationship):
            edges[entity.element_id] = entity
        elif entity.labels or entity.element_id not in nodes:
            nodes[entity.element_id] = entity  # an endpoint that the rows do not contain has no labels
    if not nodes:
        raise UsageError(
            "the answer has no nodes, relationships or paths",
            where="GraphML",
            next_step="return some: MATCH p = (a)-[r]-(b) RETURN p; or write a .csv or .parquet file",
        )
    result: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    names: dict[str, str] = {}
    for element, node in _with_properties(graph, nodes).items():
        names[element] = str(node.get("id", element))
        result.add_node(names[element], **node)
    for element, edge in edges.items():
        properties = {key: value for key, value in plain(edge).items() if key not in ("start", "end")}
        parts = [properties.get(part) for part in ("type", "source", "key")]
        name = "|".join(map(str, parts)) if all(parts) else element
        properties.pop("key", None)
        start, end = (names[node.element_id] for node in edge.nodes if node is not None)
        result.add_edge(start, end, name, **properties)
    return result


def _entities(value: Any) -> Iterator[Node | Relationship]:
    """All nodes and relationships in a nested value; a relationship follows its endpoints."""
    if isinstance(value, Node):
        yield value
    elif isinstance(value, Relationship):
        yield from (node for node in value.nodes if node is not None)
        yield value
    elif isinstance(value, Path):
        yield from value.nodes
        yield from value.relationships
    elif isinstance(value, Mapping):
        yield from _entities(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _entities(inner)


def _with_properties(graph: Graph, nodes: Mapping[str, Node]) -> dict[str, dict[str, Any]]:
    """Labels and properties by the ids of the server; nodes that came only as endpoints are read."""
    bare = [element for element, node in nodes.items() if not node.labels]
    rows = graph.rows("ask/get_elements", elements=bare) if bare else []
    looked_up = {
        row["element"]: {"labels": sorted(row["labels"]), **plain(dict(zip(row["names"], row["values"], strict=True)))}
        for row in rows
    }
    return {element: looked_up.get(element) or plain(node) for element, node in nodes.items()}


VECTORS = frozenset(f"embedding_{slot}" for slot in range(SLOTS))


def plain(value: Any) -> Any:
    """A node as its properties with `labels`, a relationship with `type`, `start`, `end`, a path as a list of both.

    Properties `embedding_0` … are left out; dates and times become Python's.
    """
    if isinstance(value, Node):
        return {"labels": sorted(value.labels), **_properties(value)}
    if isinstance(value, Relationship):
        endpoints = {"start": _id(value.start_node), "end": _id(value.end_node)}
        return {"type": value.type, **endpoints, **_properties(value)}
    if isinstance(value, Path):
        parts: list[Any] = [plain(value.start_node)]
        for relationship, node in zip(value.relationships, value.nodes[1:], strict=True):
            parts += [plain(relationship), plain(node)]
        return parts
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items() if key not in VECTORS}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "to_native"):
        return value.to_native()
    return value


def _properties(entity: Node | Relationship) -> dict[str, Any]:
    return {key: plain(value) for key, value in entity.items() if key not in VECTORS}


def _id(node: Node | None) -> Any:
    return None if node is None else node.get("id")


def subgraph(graph: Graph, ids: Iterable[str], hops: int = 1, limit: int = 1_000) -> nx.MultiDiGraph[str]:
    """The nodes within `hops` edges of `ids`, and all edges between those nodes.

    Nodes have `labels` and their properties, edges `type` and theirs (their key is type, source and key);
    vectors are left out. At most `limit` edges are followed per hop, those with the largest weight first.
    Raises UsageError for hops outside 0 … 3, NotFoundError for an unknown id.
    """
    if not 0 <= hops <= MOST_HOPS:
        raise UsageError(
            f"hops must be between 0 and {MOST_HOPS}", where="hops", found=hops, valid=range(MOST_HOPS + 1)
        )
    starts = list(dict.fromkeys(ids))
    reached = dict.fromkeys(starts)
    frontier = starts
    for _ in range(hops):
        edges = graph.rows("ask/list_neighbours", ids=frontier, limit=limit)
        nodes = dict.fromkeys(node for edge in edges for node in (edge["start"], edge["end"]))
        frontier = [node for node in nodes if node not in reached]
        reached |= dict.fromkeys(frontier)
    result: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in graph.rows("ask/get_nodes", ids=list(reached)):
        properties = dict(zip(node["names"], node["values"], strict=True))
        result.add_node(node["id"], labels=sorted(node["labels"]), **plain(properties))
    missing = [id_ for id_ in starts if id_ not in result]
    if missing:
        raise NotFoundError("no such node", where=graph.uri, found=missing[0])
    for edge in graph.rows("ask/list_edges_between", ids=list(reached)):
        _add_edge(result, edge)
    return result


def _add_edge(result: nx.MultiDiGraph[str], edge: Mapping[str, Any]) -> None:
    properties = plain(edge["props"])
    name = "|".join(str(part) for part in (edge["type"], properties.get("source"), properties.pop("key", None)))
    result.add_edge(edge["start"], edge["end"], name, type=edge["type"], **properties)
