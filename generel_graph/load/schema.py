"""Constraints and indexes that loading and asking rest on; vector indexes belong to `embed`."""

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
    """Create the constraints that writing rests on, where they are missing."""
    _create(graph, KEYS)


def create_indexes(graph: Graph) -> None:
    """Create the indexes that asking rests on, where they are missing: after a first load, as it is faster so."""
    _create(graph, INDEXES)


def _create(graph: Graph, names: tuple[str, ...], wait_seconds: int = 1800) -> None:
    for name in names:
        graph.command(f"schema/{name}")
    graph.command("schema/await_indexes", seconds=wait_seconds)
