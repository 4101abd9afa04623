"""The chain: files → graph → pairs → model → vectors → active, each step only where its inputs changed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generel_etl.resolve import Resolved, SourceCounts
from generel_graph.config import Config
from generel_graph.connection import is_local, open_graph
from generel_graph.embed import ModelRecord, active_model
from generel_graph.errors import GraphError, ModelError
from generel_graph.graph import Graph
from generel_graph.load import LoadReport, digest_of, graph_digest, lease, load_batches, load_bulk
from generel_graph.modelling import (
    TaskLine,
    embed_model,
    recipe_of,
    renew_vectors,
    sample,
    task_lines,
    train_model,
)
from generel_graph.progress import Progress, silent
from generel_graph.reading import read
from generel_graph.sample import TASKS, chosen

BULK_ROWS = 200_000  # a first load of fewer nodes and edges is quicker over Bolt than a restart of the server

ROWS = ("rows_read", "rows_loaded", "rows_merged", "rows_rejected", "rows_dangling", "rows_staged")


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What stands in the graph after a command, and what the command did, with the seconds of each step."""

    sources: tuple[SourceCounts, ...]
    tasks: tuple[TaskLine, ...]
    model: ModelRecord | None
    index_state: str
    digest: str
    nodes: int
    edges: int
    seconds: float
    steps: tuple[tuple[str, float], ...] = ()
    load: LoadReport | None = None
    written: int = 0  # vectors

    def as_json(self) -> dict[str, Any]:
        """The report in the stable form that scripts read."""
        model = self.model
        return {
            "sources": [
                {"name": s.name, **{k: getattr(s, k) for k in ROWS}, "nodes": s.nodes, "edges": s.edges}
                for s in self.sources
            ],
            "tasks": [dataclasses.asdict(t) for t in self.tasks],
            "model": {
                "id": model.id if model else None,
                "slot": model.slot if model else None,
                "vectors": model.vectors if model else 0,
                "index_state": self.index_state,
            },
            "graph": {"digest": self.digest, "nodes": self.nodes, "edges": self.edges},
            "seconds": round(self.seconds, 2),
            "steps": {name: round(seconds, 2) for name, seconds in self.steps},
            "load": dataclasses.asdict(self.load) if self.load else None,
            "vectors_written": self.written,
        }

    def lines(self) -> list[str]:
        """The rest of the report in words, a line a fact."""
        lines = [f"graph: {self.nodes:,} nodes, {self.edges:,} edges, digest {self.digest[:12]}"]
        if self.load and self.load.way != "nothing":
            did = self.load
            lines.append(
                f"loaded ({did.way}): {did.nodes_written:,} nodes written, {did.nodes_deleted:,} deleted; edges "
                f"{did.edges_created:,} created, {did.edges_changed:,} changed, {did.edges_deleted:,} deleted"
            )
        if self.model:
            lines.append(
                f"model: {self.model.id} in slot {self.model.slot}, {self.model.vectors:,} vectors of "
                f"{self.model.dimension}, index {self.index_state}; {self.written:,} written now"
            )
        else:
            lines.append("model: none yet; run `generel-graph sync`")
        if self.steps:
            lines.append("seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.steps))
        return lines


class _Clock:
    """Seconds of each step, in order."""

    def __init__(self) -> None:
        self.began = self.last = time.monotonic()
        self.steps: list[tuple[str, float]] = []

    def done(self, name: str) -> None:
        now = time.monotonic()
        self.steps.append((name, now - self.last))
        self.last = now


def sync(config: Config, progress: Progress = silent) -> SyncReport:
    """Run the whole chain; raises a GenerelError, after which the next call goes on where this one was."""
    clock = _Clock()
    chosen(config.tasks)  # a wrong task is told before the long work
    loaded, graph = _load(config, clock, progress)
    with graph, lease(graph, progress=progress):
        digest = _digest(graph)
        current = active_model(graph)
        written = 0
        why = _stale(config, graph, current, digest)
        if why:
            corpus = sample(graph, config, digest, progress)
            clock.done("sample")
            if why == "embed" and current is not None:
                written = renew_vectors(graph, config, current, corpus, digest, progress)
            else:
                start = current.id if current is not None and why == "continue" else ""
                model_id = train_model(config, corpus, progress, continues=start)
                clock.done("train")
                written = embed_model(graph, config, model_id, corpus, digest, progress)
            clock.done("embed")
        return _report(config, graph, clock, loaded, written)


def plan(config: Config, progress: Progress = silent) -> list[dict[str, str]]:
    """What `sync` would do: step, stale ("yes", "no", "if …") and why; reads files, writes nothing to the graph."""
    resolved = read(config, progress)
    with open_graph(config, progress) as graph:
        rows = graph.rows("load/get_sources")
        found = {row["name"]: row["digest"] for row in rows}
        new = [s.name for s in resolved.sources if found.get(s.name) != s.digest]
        gone = sorted(found.keys() - {s.name for s in resolved.sources})
        names = ", ".join([*new, *(f"{g} (removed)" for g in gone)])
        steps = [{"step": "load", "stale": "yes" if names else "no", "why": names or "every digest is as stored"}]
        digest = digest_of(rows) or ""
        why = _stale(config, graph, active_model(graph), digest)
    reasons = {
        "first": ("yes", "no model is active"),
        "train": ("yes", "tasks, encoder or recipe changed, or many edges changed or went"),
        "continue": ("yes", "many edges came: training goes on from the active model"),
        "embed": ("no", "few edges changed since training"),
        "": ("no", "the model was trained on this graph"),
    }
    stale, reason = reasons[why]
    if names and not why:
        stale, reason = "if many edges change", f"more than {config.train.stale_share:.0%} of the edges"
    steps.append({"step": "train", "stale": stale, "why": reason})
    writes = "yes" if why or names else "no"
    steps.append({"step": "embed", "stale": writes, "why": "vectors follow the graph" if writes == "yes" else reason})
    return steps


def load(config: Config, progress: Progress = silent) -> SyncReport:
    """Read the sources and load the difference; models stay as they are."""
    clock = _Clock()
    loaded, graph = _load(config, clock, progress)
    with graph:
        return _report(config, graph, clock, loaded, 0)


def train(config: Config, progress: Progress = silent, *, go_on: bool = False) -> SyncReport:
    """Train a model on the graph as it is; `embed` puts it to use. `go_on`: from the active model, not anew.

    Under `torchrun` all processes train it together; what the first one has read the others find.
    """
    from generel_graph.learn import joined

    clock = _Clock()
    with joined() as world, open_graph(config, progress) as graph:
        if not world.first:
            world.wait()
        corpus = sample(graph, config, _digest(graph), progress)
        if world.first:
            world.wait()
        clock.done("sample")
        model_id = train_model(config, corpus, progress, world, _active_id(graph) if go_on else "")
        clock.done("train")
        report = _report(config, graph, clock, None, 0)
    return dataclasses.replace(report, tasks=task_lines(config, model_id))


def embed(config: Config, model_id: str | None, progress: Progress = silent) -> SyncReport:
    """Write a trained model's vectors, index and activate it; None: the model of this graph and recipe,
    trained if it is not there."""
    clock = _Clock()
    with open_graph(config, progress) as graph, lease(graph, progress=progress):
        digest = _digest(graph)
        corpus = sample(graph, config, digest, progress)
        clock.done("sample")
        chosen_id = model_id or train_model(config, corpus, progress)
        written = embed_model(graph, config, chosen_id, corpus, digest, progress)
        clock.done("embed")
        return _report(config, graph, clock, None, written)


def status(config: Config, progress: Progress = silent) -> SyncReport:
    """What the graph holds and which model is in use."""
    with open_graph(config, progress) as graph:
        return _report(config, graph, _Clock(), None, 0)


def tasks(config: Config, progress: Progress = silent) -> tuple[list[str], list[list[Any]]]:
    """All tasks that there are as columns and rows: the pairs that the graph has for each now, how a pair is weighed,
    and, of the active model, the share of batches, the loss and what chance would give."""
    with open_graph(config, progress) as graph:
        corpus = sample(graph, config, _digest(graph), progress)
        current = active_model(graph)
    lines = {t.name: t for t in task_lines(config, current.id)} if current else {}
    weights = chosen(config.tasks)
    told = ("share", "loss", "chance", "held_out", "auc", "auc_start")
    columns = ["task", "enabled", "c", "pairs", *told, "weight of a pair"]
    rows: list[list[Any]] = []
    for task in TASKS:
        line = lines.get(task.name)
        pairs = len(corpus.tasks[task.name]) if task.name in corpus.tasks else line.pairs if line else 0
        learnt = [getattr(line, name) if line else None for name in told]
        weight = weights.get(task.name, task.weight)
        rows.append([task.name, task.name in weights, weight, pairs, *learnt, task.weighs])
    return columns, rows


def _load(config: Config, clock: _Clock, progress: Progress) -> tuple[LoadReport, Graph]:
    """Read, then load in bulk where the local graph is empty and much is to come, else in batches."""
    resolved = read(config, progress)
    clock.done("read")
    graph = open_graph(config, progress)
    clock.done("connect")
    bulk = None
    if is_local(config) and _large(resolved) and graph.row("load/count_graph")["nodes"] == 0:
        graph.close()
        bulk = load_bulk(config, resolved, progress)
        graph = open_graph(config, progress)
    try:
        with lease(graph, progress=progress):
            report = load_batches(graph, resolved, progress)
            if report.edges_touched:
                graph.write("load/add_edges_touched", n=report.edges_touched)
    except BaseException:
        graph.close()
        raise
    clock.done("load")
    return bulk or report, graph


def _active_id(graph: Graph) -> str:
    current = active_model(graph)
    if current is None:
        raise ModelError(
            "there is no active model to go on from", where="train --continue", next_step="train anew first"
        )
    return current.id


def _large(resolved: Resolved) -> bool:
    return len(resolved.nodes) + len(resolved.edges) >= BULK_ROWS


def _digest(graph: Graph) -> str:
    digest = graph_digest(graph)
    if digest is None:
        raise GraphError("the last load did not finish", where=graph.uri, next_step="run `generel-graph sync`")
    return digest


def _stale(config: Config, graph: Graph, current: ModelRecord | None, digest: str) -> str:
    """What the model needs: "first", "train", "continue", "embed" or nothing."""
    if current is None:
        return "first"
    if current.recipe != recipe_of(config) or not config.model_folder(current.id).is_dir():
        return "train"
    if current.embedded_digest == digest:
        return ""
    touched = graph.row("embed/get_edges_touched", id=current.id)["edges_touched"]
    if touched <= config.train.stale_share * max(current.edges, 1):
        return "embed"
    grew = int(graph.row("load/count_graph")["edges"]) - current.edges
    only_grew = touched == grew  # nothing was changed or taken away
    return "continue" if only_grew and config.train.continue_steps > 0 else "train"


def _report(config: Config, graph: Graph, clock: _Clock, loaded: LoadReport | None, written: int) -> SyncReport:
    current = active_model(graph)
    counts = graph.row("load/count_graph")
    tasks: tuple[TaskLine, ...] = ()
    state = "none"
    if current is not None:
        states = {row["state"] for row in graph.rows("embed/list_indexes", index=current.index)}
        state = states.pop() if len(states) == 1 else "/".join(sorted(states))
        tasks = task_lines(config, current.id)
    rows = graph.rows("load/get_sources")
    sources = tuple(_counts(row) for row in rows)
    order = {s.name: i for i, s in enumerate(config.sources)}
    return SyncReport(
        sources=tuple(sorted(sources, key=lambda s: order.get(s.name, len(order)))),
        tasks=tasks,
        model=current,
        index_state=state,
        digest=digest_of(rows) or "",
        nodes=int(counts["nodes"]),
        edges=int(counts["edges"]),
        seconds=time.monotonic() - clock.began,
        steps=tuple(clock.steps),
        load=loaded,
        written=written,
    )


def _counts(row: Mapping[str, Any]) -> SourceCounts:
    """What a `:Source` node says; a source whose load has not finished has no counts yet."""
    numbers = ("nodes", "edges", *ROWS)
    words = ("digest", "version", "licence", "url", "sha256")
    values: dict[str, Any] = {key: row[key] or 0 for key in numbers} | {key: row[key] or "" for key in words}
    return SourceCounts(name=row["name"], **values)
