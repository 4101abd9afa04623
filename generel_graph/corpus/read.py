"""Read everything that a model is trained on, in columns, and number the nodes."""

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
    """Read nodes, edges and the pairs of `tasks`; reports from `published_before` on are left out.

    `digest` is the graph's: with tasks and date it names the corpus.
    Raises GraphError if there is nothing to learn from, or a task's statement lacks a column or a weight in (0, 1].
    """
    ranges = graph.key_ranges()
    nodes = graph.frame("corpus/list_nodes", ranges, NODE_SCHEMA, progress, "read nodes").sort("id")
    if nodes.is_empty():
        raise GraphError("the graph is empty", where=graph.uri, next_step="run `generel-graph sync`")
    numbers = nodes.select("id").with_row_index("number")
    edges = graph.frame(
        "corpus/list_edges", ranges, EDGE_SCHEMA, progress, "read edges", published_before=published_before
    )
    pairs = {}
    for statement_name, some in _by_statement(tasks).items():
        frame = graph.frame(
            statement_name,
            ranges,
            PAIR_SCHEMA,
            progress,
            f"read pairs of {statement_name.removeprefix('corpus/')}",
            published_before=published_before,
            relations=list(KNOWLEDGE),
        )
        for task in some:
            found = _pairs(task, frame, numbers, nodes["kind"])
            if len(found) or task.kinds is None:  # of the relations only those that the graph holds
                pairs[task.name] = found
    if not any(len(p) for p in pairs.values()):
        raise GraphError(
            "no task finds a pair in the graph",
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
    """Name the statements that some tasks' corpus is read by: 32 hexadecimal digits."""
    names = ["corpus/list_nodes", "corpus/list_edges", *sorted(_by_statement(tasks))]
    return _digest([statement_body(name) for name in names])


def corpus_name(digest: str, tasks: Collection[str], published_before: date | None) -> str:
    """The digest that the corpus of a graph will have: 32 hexadecimal digits."""
    return _digest([digest, str(published_before), *sorted(tasks), sampling_digest(tasks)])


def _by_statement(tasks: Collection[str]) -> dict[str, list[Task]]:
    """The tasks of each Cypher file, in the registry's order."""
    files: dict[str, list[Task]] = {}
    for task in TASKS:
        if task.name in tasks and not task.composed:
            files.setdefault(task.statement, []).append(task)
    return files


def _digest(parts: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def _nodes(nodes: pl.DataFrame, numbers: pl.DataFrame) -> Nodes:
    clusters = nodes.select(pl.col("cluster").alias("id"), own="id").join(
        numbers, on="id", how="left", maintain_order="left"
    )
    own = numbers["number"]
    return Nodes(
        ids=tuple(nodes["id"]),
        kinds=tuple(nodes["kind"]),
        texts=tuple(node_text(*words) for words in nodes.select("kind", "name", "description").iter_rows()),
        synonyms=tuple(tuple(s) for s in nodes["synonyms"]),
        clusters=clusters.select(pl.coalesce("number", own))["number"].to_numpy().astype(np.int32),
        chromosomes=tuple(nodes["chromosome"]),
        positions=nodes["position"].to_numpy().astype(np.int64),
        builds=tuple(nodes["build"]),
    )


def _edges(edges: pl.DataFrame, numbers: pl.DataFrame) -> EdgeArrays:
    edges = number(number(edges, numbers, "start"), numbers, "end")
    types = sorted(edges["type"].unique())
    kinds = pl.Series("type", types)
    place = edges.select(pl.col("type").replace_strict(kinds, range(len(types)), return_dtype=pl.Int16))["type"]
    odds = edges["odds_ratio"].to_numpy()
    p = edges["neg_log10_p"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        log_odds = np.where(odds > 0, np.abs(np.log(odds)), np.nan)
    return EdgeArrays(
        types=tuple(types),
        starts=edges["start"].to_numpy().astype(np.int32),
        ends=edges["end"].to_numpy().astype(np.int32),
        type=place.to_numpy().astype(np.int16),
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
            next_step="return a list of each; `effect` may be left out",
        )
    if "effect" not in frame.columns:
        frame = frame.with_columns(pl.lit(-1.0, dtype=pl.Float32).alias("effect"))
    right = pl.col("weight").is_between(0.0, 1.0, closed="right") & ~pl.col("weight").is_nan()
    wrong = frame.filter(~right.fill_null(False))
    if len(wrong):
        raise GraphError("a weight is not in (0, 1]", where=where, found=wrong.row(0, named=True))
    frame = frame.unique(["anchor", "positive"], keep="first")
    texts: tuple[str, ...] = ()
    if task.text:
        texts = tuple(sorted(frame["positive"].unique()))
        places = pl.DataFrame({"id": texts}, schema={"id": pl.String}).with_row_index("number")
        frame = number(number(frame, numbers, "anchor"), places, "positive")
    else:
        frame = number(number(frame, numbers, "anchor"), numbers, "positive")
    if task.kinds is not None:
        frame = frame.filter(_joins(task, pl.col("anchor"), pl.col("positive"), kinds))
    frame = frame.sort("anchor", "positive")
    effects = frame["effect"].to_numpy()
    return Pairs(
        anchors=_int32(frame["anchor"]),
        positives=_int32(frame["positive"]),
        weights=frame["weight"].to_numpy().astype(np.float32),
        effects=np.where(effects >= 0, effects, np.nan).astype(np.float32),
        texts=texts,
    )


def _joins(task: Task, anchor: pl.Expr, positive: pl.Expr, kinds: pl.Series) -> pl.Expr:
    """Whether rows of numbered ends are of the kinds that a task joins, either way round."""
    one, other = (kinds.is_in(list(part)) for part in task.kinds or ())

    def is_of(part: pl.Series, end: pl.Expr) -> pl.Expr:
        return pl.lit(part).gather(end)

    return (is_of(one, anchor) & is_of(other, positive)) | (is_of(other, anchor) & is_of(one, positive))


def number(frame: pl.DataFrame, numbers: pl.DataFrame, column: str) -> pl.DataFrame:
    """Ids of one column as row numbers; rows whose id has none are left out."""
    joined = frame.join(numbers, left_on=column, right_on="id", how="inner")
    return joined.drop(column).rename({"number": column})


def _int32(series: pl.Series) -> NDArray[np.int32]:
    return series.to_numpy().astype(np.int32)
