"""An invalid statement is reported with its position and a next step, equally on both versions."""

from __future__ import annotations

import pytest

from generel_etl.errors import GraphError
from generel_graph.graph import Graph


@pytest.mark.parametrize(
    ("cypher", "parts"),
    [
        (
            "MATCH (n RETURN n",
            ["Invalid input 'RETURN'", "(line 1, column 10)", "\n  MATCH (n RETURN n\n" + " " * 11 + "^"],
        ),
        (
            "MATCH (n)\nWHERE n.x = foo(1)\nRETURN n",
            ["Unknown function 'foo' (line 2, column 13)", "\n  WHERE n.x = foo(1)\n" + " " * 14 + "^"],
        ),
        ("MATCH (n)\n\tRETURN m", ["(line 2, column 9)", "\n   RETURN m\n" + " " * 10 + "^"]),
        ("RETURN '" + 300 * "x" + "' AS a, m", ["(line 1, column 317)", "x' AS a, m\n  " + 99 * " " + "^"]),
        ("CREATE (n:Forbidden)", ["would write", "generel-graph sync"]),
        ("CALL db.index.fulltext.createNodeIndex('x', ['A'], ['b'])", ["query: ", "next: "]),
        ("DROP INDEX entity_code", ["would write"]),
        ("RETURN $nope", ["nope", "--param NAME=VALUE"]),
        ("RETURN 1 / 0", ["/ by zero", "fix the Cypher statement"]),
        ("CALL db.index.vector.queryNodes('embedding_0', 3, [1.0, 2.0])", ["4", "2", "--embed NAME="]),
        ("CALL db.index.vector.queryNodes('embedding_3', 3, [1.0, 2.0])", ["embedding_3", "generel-graph models"]),
    ],
)
def test_invalid_statement_is_reported_with_its_position(graph: Graph, cypher: str, parts: list[str]) -> None:
    graph.command("embed/create_index", 0, dimension=4)
    graph.command("schema/await_indexes", seconds=30)
    with pytest.raises(GraphError) as error:
        graph.query(cypher)
    for part in parts:
        assert part in error.value.message
    assert "java" not in error.value.message
    assert graph.query("MATCH (n:Forbidden) RETURN count(n)") == (["count(n)"], [[0]])


def test_server_stops_a_statement_that_exceeds_its_time_limit(graph: Graph) -> None:
    endless = "UNWIND range(1, 100000000) AS a UNWIND range(1, 1000) AS b RETURN count(*)"
    with pytest.raises(GraphError) as error:
        graph.query(endless, seconds=0.2)
    assert "longer than 0.2 s" in error.value.message
    assert "--timeout" in error.value.message
    assert "query_seconds" in error.value.message
    running = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery STARTS WITH 'UNWIND range(1, 100000000)' "
    assert graph.query(running + "RETURN count(*)") == (["count(*)"], [[0]])
    assert graph.query("RETURN 1 AS one", seconds=0.2) == (["one"], [[1]])
