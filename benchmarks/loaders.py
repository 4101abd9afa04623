"""Four loaders of the same rows into the same empty database over Bolt: ours, graphio's two, a plain UNWIND loop."""

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
    """Seconds of one loader from rows in memory to committed nodes and edges."""

    nodes: float  # with the key constraint or index
    edges: float
    rest: float = 0.0  # of ours alone: search indexes and the records of the sources


def ours(graph: Graph, resolved: Resolved) -> Seconds:
    """`load_batches`, with the keys, digests and search indexes that the others do not make."""
    ended_at: dict[str, float] = {}

    def progress(stage: str, done: float, total: float | None, note: str = "") -> None:
        ended_at["nodes" if stage == "write nodes" else "edges"] = time.monotonic()

    began = time.monotonic()
    report = load_batches(graph, resolved, progress)
    ended = time.monotonic()
    assert report.edges_created == resolved.edges.height, report
    return Seconds(ended_at["nodes"] - began, ended_at["edges"] - ended_at["nodes"], ended - ended_at["edges"])


def graphio_loader(method: str) -> Callable[[Graph, pl.DataFrame, pl.DataFrame], Seconds]:
    """graphio as in its documentation: sets by label and type, an index on the key, `create` or `merge`."""

    def load(graph: Graph, nodes: pl.DataFrame, edges: pl.DataFrame) -> Seconds:
        began = time.monotonic()
        for (kind,), part in nodes.group_by("kind"):
            node_set = NodeSet([str(kind)], merge_keys=["id"], additional_labels=["Entity"])
            node_set.create_index(graph.driver)
            for row in _node_rows(part):
                node_set.add_node(row)
            getattr(node_set, method)(graph.driver)
        graph.driver.execute_query("CALL db.awaitIndexes(300)")
        between = time.monotonic()
        for (kind, start, end), part in _with_kinds(edges, nodes).group_by("predicate", "start_kind", "end_kind"):
            edge_set = RelationshipSet(str(kind), [str(start)], [str(end)], ["id"], ["id"])
            for row in part.iter_rows(named=True):
                edge_set.add_relationship({"id": row["start"]}, {"id": row["end"]}, _edge_props(row))
            getattr(edge_set, method)(graph.driver)
        return Seconds(between - began, time.monotonic() - between)

    return load


def unwind(graph: Graph, nodes: pl.DataFrame, edges: pl.DataFrame) -> Seconds:
    """Without a library: UNWIND of 10,000 rows per transaction, a constraint on the key."""
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
                if not name.startswith("index_"):  # the token lookup indexes that every database has
                    session.run(f"DROP {kind} `{name}` IF EXISTS").consume()


def count(graph: Graph) -> tuple[int, int]:
    """The numbers of nodes and edges in the graph."""
    counts = graph.row("graph/count_graph")
    return int(counts["nodes"]), int(counts["edges"])


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
