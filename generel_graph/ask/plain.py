"""Values as Neo4j gives them, made plain: maps, lists, Python's dates; no vectors of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neo4j.graph import Node, Path, Relationship

from generel_graph.graph.cypher import SLOTS

VECTORS = frozenset(f"embedding_{slot}" for slot in range(SLOTS))


def plain(value: Any) -> Any:
    """A node as its properties with `labels`, a relationship with `type`, `start`, `end`, a path as a list of both.

    Properties `embedding_0` … are left out; dates and times become Python's.
    """
    if isinstance(value, Node):
        return {"labels": sorted(value.labels), **_properties(value)}
    if isinstance(value, Relationship):
        ends = {"start": _id(value.start_node), "end": _id(value.end_node)}
        return {"type": value.type, **ends, **_properties(value)}
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
