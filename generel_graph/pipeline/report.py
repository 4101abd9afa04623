"""The chain: files → graph → pairs → model → vectors → active, each step only where its inputs changed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generel_etl.progress import Progress, silent
from generel_etl.resolve import SourceCounts
from generel_graph.config import Config
from generel_graph.embed import ModelRecord, active_model
from generel_graph.graph import Graph
from generel_graph.graph.digest import digest_of
from generel_graph.graph.open import open_graph
from generel_graph.load import LoadReport
from generel_graph.model_folder import TaskReport
from generel_graph.pipeline.train import read_tasks

ROWS = ("rows_read", "rows_loaded", "rows_merged", "rows_rejected", "rows_dangling", "rows_staged")


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What stands in the graph after a command, and what the command did, with the seconds of each step."""

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


class StepClock:
    """Seconds of each step, in order."""

    def __init__(self) -> None:
        self.began = self.last = time.monotonic()
        self.steps: list[tuple[str, float]] = []

    def done(self, name: str) -> None:
        now = time.monotonic()
        self.steps.append((name, now - self.last))
        self.last = now


def status(config: Config, progress: Progress = silent) -> SyncReport:
    """What the graph holds and which model is in use."""
    with open_graph(config, progress) as graph:
        return build_report(config, graph, StepClock(), None, 0)


def build_report(config: Config, graph: Graph, clock: StepClock, loaded: LoadReport | None, written: int) -> SyncReport:
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
