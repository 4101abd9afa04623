"""The report of a pipeline command: the content of the graph, and what the command did."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generel_etl.resolve import SourceCounts
from generel_graph.config import Config
from generel_graph.embed import ModelRecord, active_model
from generel_graph.graph import Graph
from generel_graph.graph.digest import digest_of_sources
from generel_graph.load import LoadReport
from generel_graph.model_folder import TaskReport
from generel_graph.pipeline.train import read_tasks

ROWS = ("rows_read", "rows_loaded", "rows_merged", "rows_rejected", "rows_dangling", "rows_staged")


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The content of the graph after a command, and what the command did, with the seconds of each step."""

    sources: tuple[SourceCounts, ...]
    tasks: tuple[TaskReport, ...]
    model: ModelRecord | None
    index_state: str
    digest: str
    nodes: int
    edges: int
    seconds: float
    steps: tuple[tuple[str, float], ...] = ()
    load: LoadReport | None = None
    vectors_written: int = 0

    def as_json(self) -> dict[str, Any]:
        """The report with the stable keys that scripts read."""
        model = self.model
        return {
            "sources": [
                {"name": s.name, **{k: getattr(s, k) for k in ROWS}, "nodes": s.nodes, "edges": s.edges}
                for s in self.sources
            ],
            "tasks": [_task_json(task) for task in self.tasks],
            "model": {
                "id": model.id if model else None,
                "slot": model.slot if model else None,
                "vectors": model.vectors if model else 0,
                "index_state": self.index_state,
            },
            "graph": {"digest": self.digest, "nodes": self.nodes, "edges": self.edges},
            "seconds": round(self.seconds, 2),
            "steps": {name: round(seconds, 2) for name, seconds in self.steps},
            "load": self.load.as_json() if self.load else None,
            "vectors_written": self.vectors_written,
        }

    def lines(self) -> list[str]:
        """Everything except the tables of sources and tasks as text, one fact per line."""
        lines = [f"graph: {self.nodes:,} nodes, {self.edges:,} edges, digest {self.digest[:12]}"]
        if self.load and self.load.method != "nothing":
            load = self.load
            lines.append(
                f"loaded ({load.method}): {load.nodes_written:,} nodes written, {load.nodes_deleted:,} deleted; edges "
                f"{load.edges_created:,} created, {load.edges_changed:,} changed, {load.edges_deleted:,} deleted"
            )
        if self.model:
            lines.append(
                f"model: {self.model.id} in slot {self.model.slot}, {self.model.vectors:,} vectors of dimension "
                f"{self.model.dimension}, index {self.index_state}; {self.vectors_written:,} vectors written"
            )
        else:
            lines.append("model: none; run `generel-graph sync`")
        if self.steps:
            lines.append("seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.steps))
        return lines


def _task_json(task: TaskReport) -> dict[str, Any]:
    return {
        "name": task.name,
        "pairs": task.pairs,
        "share": task.share,
        "loss": task.loss,
        "chance": task.chance,
        "held_out": task.held_out,
        "auc": task.auc,
        "auc_start": task.auc_start,
    }


class StepClock:
    """Measures the seconds of consecutive steps."""

    def __init__(self) -> None:
        self.start = self.last = time.monotonic()
        self.steps: list[tuple[str, float]] = []

    def done(self, name: str) -> None:
        """Record the time since the previous call as the step `name`."""
        now = time.monotonic()
        self.steps.append((name, now - self.last))
        self.last = now


def status(graph: Graph, config: Config) -> SyncReport:
    """The content of the graph and the active model."""
    return build_report(graph, config, StepClock(), None, 0)


def build_report(
    graph: Graph, config: Config, clock: StepClock, load: LoadReport | None, vectors_written: int
) -> SyncReport:
    """Read the content of the graph and add what a command did."""
    current = active_model(graph)
    counts = graph.row("graph/count_graph")
    tasks: tuple[TaskReport, ...] = ()
    state = "none"
    if current is not None:
        states = {row["state"] for row in graph.rows("graph/list_indexes", index=current.index)}
        state = states.pop() if len(states) == 1 else "/".join(sorted(states))
        tasks = read_tasks(config, current.id)
    rows = graph.rows("graph/get_sources")
    sources = tuple(_counts(row) for row in rows)
    position = {s.name: i for i, s in enumerate(config.sources)}
    return SyncReport(
        sources=tuple(sorted(sources, key=lambda s: position.get(s.name, len(position)))),
        tasks=tasks,
        model=current,
        index_state=state,
        digest=digest_of_sources(rows) or "",
        nodes=int(counts["nodes"]),
        edges=int(counts["edges"]),
        seconds=time.monotonic() - clock.start,
        steps=tuple(clock.steps),
        load=load,
        vectors_written=vectors_written,
    )


def _counts(row: Mapping[str, Any]) -> SourceCounts:
    """The record of a `:Source` node; a source whose load is unfinished has no counts yet."""
    numbers = ("nodes", "edges", *ROWS)
    texts = ("digest", "version", "licence", "url", "sha256")
    values: dict[str, Any] = {key: row[key] or 0 for key in numbers} | {key: row[key] or "" for key in texts}
    return SourceCounts(name=row["name"], **values)
