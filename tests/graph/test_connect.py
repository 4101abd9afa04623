"""Connecting, errors for a wrong address, password or server, and columnar reads."""

from __future__ import annotations

import threading

import pytest

from generel_etl.errors import GraphError
from generel_graph.graph import Capabilities, Graph
from generel_graph.graph.statements import SLOTS, statement


def test_capabilities_are_read_from_the_server(graph: Graph) -> None:
    new = graph.capabilities.version.startswith("2026")
    assert graph.capabilities.filtered_vector_search is new
    assert graph.capabilities.vector_values is new


@pytest.mark.parametrize("version", ["4.4.38", "5.25.1"])
def test_old_server_is_rejected(version: str) -> None:
    with pytest.raises(GraphError, match="too old"):
        Capabilities.from_server(version, "community", (5, 0))


def test_wrong_password_is_reported(graph: Graph) -> None:
    with pytest.raises(GraphError, match="NEO4J_PASSWORD"):
        Graph.connect(graph.uri, "neo4j", "certainly wrong")


def test_unreachable_address_is_reported() -> None:
    with pytest.raises(GraphError, match="cannot be reached"):
        Graph.connect("bolt://127.0.0.1:9", "neo4j", "x")


def test_invalid_address_is_reported() -> None:
    with pytest.raises(GraphError, match="bolt://"):
        Graph.connect("http://127.0.0.1:7474", "neo4j", "x")


def test_query_cannot_write(graph: Graph) -> None:
    with pytest.raises(GraphError, match="would write"):
        graph.query("CREATE (n:Forbidden) RETURN n")
    assert graph.query("MATCH (n:Forbidden) RETURN count(n) AS n") == (["n"], [[0]])


def test_pages_are_returned_in_the_order_of_the_ranges(graph: Graph) -> None:
    rows = [
        {"id": f"X:{i:03d}", "labels": ["Entity"], "remove": [], "props": {"kind": "Trait", "name": str(i)}}
        for i in range(25)
    ]
    assert graph.batches("load/merge_nodes", rows, size=10) == 25
    ranges = graph.key_ranges(10)
    assert ranges == [("X:000", "X:009"), ("X:010", "X:019"), ("X:020", "X:024")]
    reports: list[tuple[int, int]] = []
    frame = graph.pages(
        "corpus/list_nodes", graph.key_ranges(2), progress=lambda _, *done: reports.append(done)
    ).frame()
    assert frame["id"].to_list() == [row["id"] for row in rows]
    assert reports == [(n, 13) for n in range(1, 14)]


def test_closing_pages_early_ends_their_threads(graph: Graph) -> None:
    rows = [{"id": f"X:{i}", "labels": ["Entity"], "remove": [], "props": {"kind": "Trait"}} for i in range(9)]
    graph.batches("load/merge_nodes", rows)
    pages = graph.pages("corpus/list_nodes", graph.key_ranges(1))
    assert next(pages)["id"].to_list() == ["X:0"]
    before = threading.active_count()
    pages.close()
    assert threading.active_count() < before


def test_no_rows_write_nothing(graph: Graph) -> None:
    assert graph.batches("load/merge_nodes", []) == 0
    assert graph.key_ranges() == []


def test_slot_must_be_a_number_in_range() -> None:
    assert "embedding_3" in statement("embed/count_vectors", 3)
    for slot in (None, -1, SLOTS):
        with pytest.raises(GraphError, match="slot"):
            statement("embed/count_vectors", slot)
    with pytest.raises(GraphError, match="no such Cypher file"):
        statement("load/merge_node")
