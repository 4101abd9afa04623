"""The constraints and indexes that loading and querying need; `embed` creates the vector indexes."""

from __future__ import annotations

from generel_graph.graph import Graph

KEYS = (
    "create_entity_key",
    "create_source_key",
    "create_model_key",
    "create_model_active_key",
    "create_lease_key",
)
INDEXES = (
    "create_name_index",
    "create_cluster_index",
    "create_position_index",
    "create_text_index",
    "create_code_index",
)


def create_keys(graph: Graph) -> None:
    """Create the missing constraints; writing needs them."""
    _create(graph, KEYS)


def create_indexes(graph: Graph) -> None:
    """Create the missing indexes; queries need them. After a first load, since loading is faster without them."""
    _create(graph, INDEXES)


def _create(graph: Graph, names: tuple[str, ...], wait_seconds: int = 1800) -> None:
    for name in names:
        graph.command(f"schema/{name}")
    graph.command("schema/await_indexes", seconds=wait_seconds)
