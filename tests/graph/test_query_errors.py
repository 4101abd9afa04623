"""A statement that the server will not run is told with its place and the next step, on both versions alike."""

from __future__ import annotations

import pytest

from generel_etl.errors import GraphError
from generel_graph.graph import Graph


@pytest.mark.parametrize(
    ("cypher", "said"),
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
        ("RETURN 1 / 0", ["/ by zero", "mend the statement"]),
        ("CALL db.index.vector.queryNodes('embedding_0', 3, [1.0, 2.0])", ["4", "2", "--embed NAME="]),
        ("CALL db.index.vector.queryNodes('embedding_3', 3, [1.0, 2.0])", ["embedding_3", "generel-graph models"]),
    ],
)
def test_a_wrong_statement_is_told_with_its_place(graph: Graph, cypher: str, said: list[str]) -> None:
    graph.command("embed/create_index", 0, dimension=4)
    graph.command("schema/await_indexes", seconds=30)
    with pytest.raises(GraphError) as told:
        graph.query(cypher)
    for part in said:
        assert part in told.value.message
    assert "java" not in told.value.message
    assert graph.query("MATCH (n:Forbidden) RETURN count(n)") == (["count(n)"], [[0]])


def test_a_statement_that_takes_too_long_is_stopped_by_the_server(graph: Graph) -> None:
    endless = "UNWIND range(1, 100000000) AS a UNWIND range(1, 1000) AS b RETURN count(*)"
    with pytest.raises(GraphError) as told:
        graph.query(endless, seconds=0.2)
    assert "longer than 0.2 s" in told.value.message
    assert "--timeout" in told.value.message and "query_seconds" in told.value.message
    running = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery STARTS WITH 'UNWIND range(1, 100000000)' "
    assert graph.query(running + "RETURN count(*)") == (["count(*)"], [[0]])
    assert graph.query("RETURN 1 AS one", seconds=0.2) == (["one"], [[1]])
