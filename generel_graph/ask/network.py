"""The nodes and relationships among the rows of an answer, as one networkx graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import networkx as nx
from neo4j.graph import Node, Path, Relationship

from generel_graph.ask.plain import plain
from generel_graph.errors import UsageError
from generel_graph.graph import Graph


def network(graph: Graph, rows: Iterable[Sequence[Any]]) -> nx.MultiDiGraph[str]:
    """Each node, relationship and path of `rows` once, with the ends of every relationship; vectors are left out.

    Nodes have `labels` and their properties, edges `type` and theirs; a node is called by its id, or by the server's
    where it has none. Raises UsageError if the rows hold nothing of the kind.
    """
    nodes: dict[str, Node] = {}
    edges: dict[str, Relationship] = {}
    for entity in _entities(list(rows)):
        if isinstance(entity, Relationship):
            edges[entity.element_id] = entity
        elif entity.labels or entity.element_id not in nodes:
            nodes[entity.element_id] = entity  # an end that was not returned itself comes without labels
    if not nodes:
        raise UsageError(
            "the answer has no nodes, relationships or paths",
            where="GraphML",
            next_step="return some: MATCH p = (a)-[r]-(b) RETURN p; or name a file that ends in .csv or .parquet",
        )
    found: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    names: dict[str, str] = {}
    for element, node in _whole(graph, nodes).items():
        names[element] = str(node.get("id", element))
        found.add_node(names[element], **node)
    for element, edge in edges.items():
        properties = {key: value for key, value in plain(edge).items() if key not in ("start", "end")}
        parts = [properties.get(part) for part in ("type", "source", "key")]
        name = "|".join(map(str, parts)) if all(parts) else element
        properties.pop("key", None)
        start, end = (names[node.element_id] for node in edge.nodes if node is not None)
        found.add_edge(start, end, name, **properties)
    return found


def _entities(value: Any) -> Iterator[Node | Relationship]:
    """All nodes and relationships in a value, however deep; a relationship after its ends."""
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


def _whole(graph: Graph, nodes: Mapping[str, Node]) -> dict[str, dict[str, Any]]:
    """Labels and properties by the server's ids; what came as a bare end is looked up."""
    bare = [element for element, node in nodes.items() if not node.labels]
    rows = graph.rows("ask/get_elements", elements=bare) if bare else []
    looked_up = {
        row["element"]: {"labels": sorted(row["labels"]), **plain(dict(zip(row["names"], row["values"], strict=True)))}
        for row in rows
    }
    return {element: looked_up.get(element) or plain(node) for element, node in nodes.items()}
