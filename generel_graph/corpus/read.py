"""Read the training corpus from the graph, in columns, and number its nodes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generel_etl.errors import GraphError
from generel_etl.progress import Progress, silent
from generel_etl.relations import KNOWLEDGE
from generel_graph.corpus.schema import Corpus, EdgeArrays, Nodes, Pairs, node_text
from generel_graph.corpus.tasks import TASKS, Task
from generel_graph.graph import Graph
from generel_graph.graph.statements import statement_body

NODE_SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "kind": pl.String,
    "name": pl.String,
    "description": pl.String,
    "synonyms": pl.List(pl.String),
    "cluster": pl.String,
    "chromosome": pl.String,
    "position": pl.Int64,
    "build": pl.String,
}
EDGE_SCHEMA: dict[str, Any] = {
    "start": pl.String,
    "end": pl.String,
    "type": pl.String,
    "weight": pl.Float32,
    "odds_ratio": pl.Float32,
    "neg_log10_p": pl.Float32,
}
PAIR_SCHEMA: dict[str, Any] = {
    "anchor": pl.String,
    "positive": pl.String,
    "weight": pl.Float32,
    "effect": pl.Float32,
}


def read_corpus(
    graph: Graph,
    digest: str,
    tasks: Collection[str],
    published_before: date | None = None,
    progress: Progress = silent,
) -> Corpus:
    """Read nodes, edges and the pairs of `tasks`; reports published on or after `published_before` are left out.

    `digest` is that of the graph; together with the tasks and the date it names the corpus. Raises GraphError if no
    task has a pair, if a task's statement lacks a column, or if it returns a weight outside (0, 1].
    """
    ranges = graph.key_ranges()
    nodes = graph.pages("corpus/list_nodes", ranges, NODE_SCHEMA, progress, "read nodes").frame().sort("id")
    if nodes.is_empty():
        raise GraphError("the graph is empty", where=graph.uri, next_step="run `generel-graph sync`")
    numbers = nodes.select("id").with_row_index("number")
    edges = graph.pages(
        "corpus/list_edges", ranges, EDGE_SCHEMA, progress, "read edges", published_before=published_before
    ).frame()
    pairs = {}
    for statement_name, its_tasks in _tasks_by_statement(tasks).items():
        frame = graph.pages(
            statement_name,
            ranges,
            PAIR_SCHEMA,
            progress,
            f"read pairs of {statement_name.removeprefix('corpus/')}",
            published_before=published_before,
            relations=list(KNOWLEDGE),
        ).frame()
        for task in its_tasks:
            task_pairs = _pairs(task, frame, numbers, nodes["kind"])
            if len(task_pairs) or task.kinds is None:  # omit relation tasks without pairs
                pairs[task.name] = task_pairs
    if not any(len(p) for p in pairs.values()):
        raise GraphError(
            "the graph has no pairs for the enabled tasks",
            where=graph.uri,
            valid=tasks,
            next_step="add a source with edges",
        )
    return Corpus(
        digest=corpus_name(digest, tasks, published_before),
        nodes=_nodes(nodes, numbers),
        edges=_edges(edges, numbers),
        tasks=pairs,
        sampling=sampling_digest(tasks),
    )


def sampling_digest(tasks: Collection[str]) -> str:
    """The digest of the statements that read the corpus of some tasks: 32 hexadecimal digits.

    Comments and blank lines of the Cypher files do not count.
    """
    names = ["corpus/list_nodes", "corpus/list_edges", *sorted(_tasks_by_statement(tasks))]
    return _digest([statement_body(name) for name in names])


def corpus_name(digest: str, tasks: Collection[str], published_before: date | None) -> str:
    """The digest of the corpus of a graph: 32 hexadecimal digits. `digest` is that of the graph."""
    return _digest([digest, str(published_before), *sorted(tasks), sampling_digest(tasks)])


def _tasks_by_statement(tasks: Collection[str]) -> dict[str, list[Task]]:
    """The tasks of each Cypher file, in the order of the registry."""
    statements: dict[str, list[Task]] = {}
    for task in TASKS:
        if task.name in tasks and not task.composed:
            statements.setdefault(task.statement, []).append(task)
    return statements


def _digest(parts: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def _nodes(nodes: pl.DataFrame, numbers: pl.DataFrame) -> Nodes:
    clusters = nodes.select(pl.col("cluster").alias("id"), own="id").join(
        numbers, on="id", how="left", maintain_order="left"
    )
    own_number = numbers["number"]
    return Nodes(
        ids=tuple(nodes["id"]),
        kinds=tuple(nodes["kind"]),
        texts=tuple(node_text(*row) for row in nodes.select("kind", "name", "description").iter_rows()),
        synonyms=tuple(tuple(s) for s in nodes["synonyms"]),
        clusters=clusters.select(pl.coalesce("number", own_number))["number"].to_numpy().astype(np.int32),
        chromosomes=tuple(nodes["chromosome"]),
        positions=nodes["position"].to_numpy().astype(np.int64),
        builds=tuple(nodes["build"]),
    )


def _edges(edges: pl.DataFrame, numbers: pl.DataFrame) -> EdgeArrays:
    edges = replace_ids(replace_ids(edges, numbers, "start"), numbers, "end")
    types = sorted(edges["type"].unique())
    type_names = pl.Series("type", types)
    type_index = edges.select(pl.col("type").replace_strict(type_names, range(len(types)), return_dtype=pl.Int16))[
        "type"
    ]
    odds = edges["odds_ratio"].to_numpy()
    p = edges["neg_log10_p"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        log_odds = np.where(odds > 0, np.abs(np.log(odds)), np.nan)
    return EdgeArrays(
        types=tuple(types),
        starts=edges["start"].to_numpy().astype(np.int32),
        ends=edges["end"].to_numpy().astype(np.int32),
        type=type_index.to_numpy().astype(np.int16),
        weights=edges["weight"].to_numpy().astype(np.float32),
        log_odds=log_odds.astype(np.float32),
        neg_log10_p=np.where(p >= 0, p, np.nan).astype(np.float32),
    )


def _pairs(task: Task, frame: pl.DataFrame, numbers: pl.DataFrame, kinds: pl.Series) -> Pairs:
    where = f"cypher/{task.statement}.cypher"
    if missing := [name for name in PAIR_SCHEMA if name != "effect" and name not in frame.columns]:
        raise GraphError(
            f"the statement does not return {', '.join(missing)}",
            where=where,
            found=frame.columns,
            valid=PAIR_SCHEMA,
            next_step="return a list for each column; only `effect` is optional",
        )
    if "effect" not in frame.columns:
        frame = frame.with_columns(pl.lit(-1.0, dtype=pl.Float32).alias("effect"))
    is_valid = pl.col("weight").is_between(0.0, 1.0, closed="right") & ~pl.col("weight").is_nan()
    invalid = frame.filter(~is_valid.fill_null(False))
    if len(invalid):
        raise GraphError("a weight is not in (0, 1]", where=where, found=invalid.row(0, named=True))
    frame = frame.unique(["anchor", "positive"], keep="first")
    texts: tuple[str, ...] = ()
    if task.text:
        texts = tuple(sorted(frame["positive"].unique()))
        text_numbers = pl.DataFrame({"id": texts}, schema={"id": pl.String}).with_row_index("number")
        frame = replace_ids(replace_ids(frame, numbers, "anchor"), text_numbers, "positive")
    else:
        frame = replace_ids(replace_ids(frame, numbers, "anchor"), numbers, "positive")
    if task.kinds is not None:
        frame = frame.filter(_has_kinds(task, pl.col("anchor"), pl.col("positive"), kinds))
    frame = frame.sort("anchor", "positive")
    effects = frame["effect"].to_numpy()
    return Pairs(
        anchors=_int32(frame["anchor"]),
        positives=_int32(frame["positive"]),
        weights=frame["weight"].to_numpy().astype(np.float32),
        effects=np.where(effects >= 0, effects, np.nan).astype(np.float32),
        texts=texts,
    )


def _has_kinds(task: Task, anchor: pl.Expr, positive: pl.Expr, kinds: pl.Series) -> pl.Expr:
    """Whether the two nodes of a row have the two kinds of a task, in either order."""
    one, other = (kinds.is_in(list(part)) for part in task.kinds or ())

    def node_is(part: pl.Series, node: pl.Expr) -> pl.Expr:
        return pl.lit(part).gather(node)

    return (node_is(one, anchor) & node_is(other, positive)) | (node_is(other, anchor) & node_is(one, positive))


def replace_ids(frame: pl.DataFrame, numbers: pl.DataFrame, column: str) -> pl.DataFrame:
    """Replace the ids of a column by their numbers; rows with an unknown id are left out."""
    joined = frame.join(numbers, left_on=column, right_on="id", how="inner")
    return joined.drop(column).rename({"number": column})


def _int32(series: pl.Series) -> NDArray[np.int32]:
    return series.to_numpy().astype(np.int32)
