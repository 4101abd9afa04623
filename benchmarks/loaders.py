"""The same rows into the same empty database over Bolt, four ways: ours, graphio's two, a plain UNWIND loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
from graphio import NodeSet, RelationshipSet

from generel_etl.resolve import Resolved
from generel_graph.graph import Graph
from generel_graph.load import load_batches

BATCH = 10_000  # graphio's default, and ours
LISTS = ("synonyms", "xrefs")


@dataclass(frozen=True, slots=True)
class Seconds:
    """What one loader took: from rows in memory to nodes and edges that are committed."""

    nodes: float  # its key constraint or index included
    edges: float
    rest: float = 0.0  # what only ours does: indexes of asking, the sources' records


def ours(graph: Graph, resolved: Resolved) -> Seconds:
    """`load_batches`: keys, digests and the indexes of asking included, which the others do not make."""
    ends: dict[str, float] = {}

    def progress(stage: str, done: float, total: float | None, note: str = "") -> None:
        ends["nodes" if stage == "write nodes" else "edges"] = time.monotonic()

    began = time.monotonic()
    report = load_batches(graph, resolved, progress)
    ended = time.monotonic()
    assert report.edges_created == resolved.edges.height, report
    return Seconds(ends["nodes"] - began, ends["edges"] - ends["nodes"], ended - ends["edges"])


def graphio_loader(how: str) -> Callable[[Graph, pl.DataFrame, pl.DataFrame], Seconds]:
    """graphio as its documentation shows it: sets by label and type, an index on the key, `create` or `merge`."""

    def load(graph: Graph, nodes: pl.DataFrame, edges: pl.DataFrame) -> Seconds:
        began = time.monotonic()
        for (kind,), part in nodes.group_by("kind"):
            node_set = NodeSet([str(kind)], merge_keys=["id"], additional_labels=["Entity"])
            node_set.create_index(graph.driver)
            for row in _node_rows(part):
                node_set.add_node(row)
            getattr(node_set, how)(graph.driver)
        graph.driver.execute_query("CALL db.awaitIndexes(300)")
        between = time.monotonic()
        for (kind, start, end), part in _with_kinds(edges, nodes).group_by("predicate", "start_kind", "end_kind"):
            edge_set = RelationshipSet(str(kind), [str(start)], [str(end)], ["id"], ["id"])
            for row in part.iter_rows(named=True):
                edge_set.add_relationship({"id": row["start"]}, {"id": row["end"]}, _edge_props(row))
            getattr(edge_set, how)(graph.driver)
        return Seconds(between - began, time.monotonic() - between)

    return load


def unwind(graph: Graph, nodes: pl.DataFrame, edges: pl.DataFrame) -> Seconds:
    """What one writes without a library: UNWIND of 10,000 rows a transaction, a constraint on the key."""
    run = graph.driver.execute_query
    began = time.monotonic()
    run("CREATE CONSTRAINT plain_id IF NOT EXISTS FOR (n:Entity) REQUIRE n.id IS UNIQUE")
    run("CALL db.awaitIndexes(300)")
    for (kind,), part in nodes.group_by("kind"):
        text = f"UNWIND $rows AS row MERGE (n:Entity {{id: row.id}}) SET n += row, n:{kind}"
        for piece in part.iter_slices(BATCH):
            run(text, rows=_node_rows(piece))
    between = time.monotonic()
    for (kind,), part in edges.group_by("predicate"):
        text = (
            "UNWIND $rows AS row MATCH (a:Entity {id: row.start}) MATCH (b:Entity {id: row.end}) "
            f"MERGE (a)-[r:{kind}]->(b) SET r += row.props"
        )
        for piece in part.iter_slices(BATCH):
            rows = [
                {"start": row["start"], "end": row["end"], "props": _edge_props(row)}
                for row in piece.iter_rows(named=True)
            ]
            run(text, rows=rows)
    return Seconds(between - began, time.monotonic() - between)


def wipe(graph: Graph) -> None:
    """Empty the database: nodes, edges, constraints and indexes."""
    with graph.driver.session(database=graph.database) as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()
        for kind in ("CONSTRAINT", "INDEX"):
            names = [row["name"] for row in session.run(f"SHOW {kind}ES YIELD name" if kind == "INDEX" else
                                                        f"SHOW {kind}S YIELD name")]  # fmt: skip
            for name in names:
                if not name.startswith("index_"):  # the token look-ups that every database has
                    session.run(f"DROP {kind} `{name}` IF EXISTS").consume()


def count(graph: Graph) -> tuple[int, int]:
    """Nodes and edges that are there."""
    found = graph.row("graph/count_graph")
    return int(found["nodes"]), int(found["edges"])


def _node_rows(part: pl.DataFrame) -> list[dict[str, Any]]:
    split = part.with_columns(
        pl.when(pl.col(c).str.len_bytes() > 0).then(pl.col(c).str.split("|")).otherwise([]) for c in LISTS
    )
    return split.to_dicts()


def _edge_props(row: dict[str, Any]) -> dict[str, Any]:
    return {"relation": row["relation"], "weight": row["weight"], "source": "sample"}


def _with_kinds(edges: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    kinds = nodes.select("id", "kind")
    for side in ("start", "end"):
        edges = edges.join(kinds.rename({"id": side, "kind": f"{side}_kind"}), on=side)
    return edges
