"""Run the pipeline: read and load the sources, sample, train and embed, each step only if its inputs have changed."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from typing import Literal

from generel_etl.errors import GraphError, ModelError
from generel_etl.pipeline import read_sources
from generel_etl.progress import Progress, silent
from generel_etl.resolve import Resolved
from generel_graph.config import Config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.tasks import TASKS, enabled_tasks
from generel_graph.embed import ModelRecord, active_model
from generel_graph.graph import Graph
from generel_graph.graph.digest import digest_of_sources, graph_digest
from generel_graph.graph.lease import lease
from generel_graph.graph.open import is_local, open_graph
from generel_graph.load import LoadReport, load_batches, load_bulk
from generel_graph.pipeline.embed import embed_model, renew_vectors
from generel_graph.pipeline.report import StepClock, SyncReport, build_report
from generel_graph.pipeline.train import read_tasks, recipe_of, train_model

BULK_ROWS = 200_000  # below this number of nodes and edges, loading over Bolt is faster than restarting the server
ModelWork = Literal["", "first", "train", "continue", "embed"]  # the work that the model needs; "": none

logger = logging.getLogger(__name__)


def sync(config: Config, progress: Progress = silent) -> SyncReport:
    """Run all steps that are out of date; raises GenerelError, after which the next call continues."""
    clock = StepClock()
    enabled_tasks(config.tasks)  # reject an invalid task before the long work
    load_report, graph = _load(config, clock, progress)
    with graph, lease(graph, progress=progress):
        digest = _digest(graph)
        current = active_model(graph)
        written = 0
        work = _model_work(config, graph, current, digest)
        logger.info("Work for the model: %s", work or "none")
        if work:
            corpus = load_corpus(graph, config, digest, progress)
            clock.done("sample")
            if work == "embed" and current is not None:
                written = renew_vectors(graph, config, current, corpus, digest, progress)
            else:
                start = current.id if current is not None and work == "continue" else ""
                model_id = train_model(config, corpus, progress, continues=start)
                clock.done("train")
                written = embed_model(graph, config, model_id, corpus, digest, progress)
            clock.done("embed")
        return build_report(graph, config, clock, load_report, written)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of `sync`: its name, whether it is out of date ("yes", "no" or "if …"), and the reason."""

    step: str
    stale: str
    why: str


def plan(config: Config, progress: Progress = silent) -> list[PlannedStep]:
    """The steps that `sync` would run. This reads the files and writes nothing to the graph."""
    resolved = read_sources(config.etl, progress)
    with open_graph(config, progress) as graph:
        rows = graph.rows("graph/get_sources")
        stored = {row["name"]: row["digest"] for row in rows}
        changed = [s.name for s in resolved.sources if stored.get(s.name) != s.digest]
        removed = sorted(stored.keys() - {s.name for s in resolved.sources})
        digest = digest_of_sources(rows) or ""
        work = _model_work(config, graph, active_model(graph), digest)
    reasons: dict[ModelWork, tuple[str, str]] = {
        "first": ("yes", "no model is active"),
        "train": ("yes", "tasks, encoder or settings changed, or many edges were changed or deleted"),
        "continue": ("yes", "many edges were added: training continues from the active model"),
        "embed": ("no", "few edges changed since training"),
        "": ("no", "the model was trained on this graph"),
    }
    stale, reason = reasons[work]
    sources = ", ".join([*changed, *(f"{name} (removed)" for name in removed)])
    if sources and not work:
        stale, reason = "if many edges change", f"more than {config.train.stale_share:.0%} of the edges"
    embeds = bool(work or sources)
    return [
        PlannedStep("load", "yes" if sources else "no", sources or "no source has changed"),
        PlannedStep("train", stale, reason),
        PlannedStep("embed", "yes" if embeds else "no", "the graph or the model changes" if embeds else reason),
    ]


def load(config: Config, progress: Progress = silent) -> SyncReport:
    """Read the sources and load the difference; models do not change."""
    clock = StepClock()
    load_report, graph = _load(config, clock, progress)
    with graph:
        return build_report(graph, config, clock, load_report, 0)


def train(config: Config, progress: Progress = silent, *, from_active: bool = False) -> SyncReport:
    """Train a model on the current graph; `embed` then makes it available. `from_active`: start from the active model.

    Under `torchrun`, all processes train the model together. The first process samples the corpus; the others read it
    from the cache.
    """
    from generel_graph.learn import join_process_group

    clock = StepClock()
    with join_process_group() as processes, open_graph(config, progress) as graph:
        if not processes.is_first:
            processes.wait()
        corpus = load_corpus(graph, config, _digest(graph), progress)
        if processes.is_first:
            processes.wait()
        clock.done("sample")
        model_id = train_model(config, corpus, progress, processes, _active_id(graph) if from_active else "")
        clock.done("train")
        report = build_report(graph, config, clock, None, 0)
    return dataclasses.replace(report, tasks=read_tasks(config, model_id))


def embed(config: Config, model_id: str | None, progress: Progress = silent) -> SyncReport:
    """Write a trained model's vectors, index them and activate the model.

    Without `model_id`, this is the model of the current graph and settings, which is trained if it does not exist.
    """
    clock = StepClock()
    with open_graph(config, progress) as graph, lease(graph, progress=progress):
        digest = _digest(graph)
        corpus = load_corpus(graph, config, digest, progress)
        clock.done("sample")
        chosen_id = model_id or train_model(config, corpus, progress)
        written = embed_model(graph, config, chosen_id, corpus, digest, progress)
        clock.done("embed")
        return build_report(graph, config, clock, None, written)


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """A training task: its pairs in the graph, and its results in the active model (None if it was not trained)."""

    name: str
    enabled: bool
    weight: float  # c of the draw probability c·√pairs
    pairs: int
    share: float | None  # of the batches
    loss: float | None
    chance: float | None  # the loss of a random model
    held_out: int | None  # pairs
    auc: float | None  # of held-out pairs
    auc_start: float | None  # before training
    pair_weight: str  # description of the weight of a pair


def list_tasks(graph: Graph, config: Config, progress: Progress = silent) -> list[TaskStatus]:
    """All tasks, enabled or not. Raises GraphError if the last load is unfinished."""
    corpus = load_corpus(graph, config, _digest(graph), progress)
    current = active_model(graph)
    reports = {report.name: report for report in read_tasks(config, current.id)} if current else {}
    weights = enabled_tasks(config.tasks)
    statuses = []
    for task in TASKS:
        report = reports.get(task.name)
        pairs = len(corpus.tasks[task.name]) if task.name in corpus.tasks else report.pairs if report else 0
        statuses.append(
            TaskStatus(
                name=task.name,
                enabled=task.name in weights,
                weight=weights.get(task.name, task.weight),
                pairs=pairs,
                share=report.share if report else None,
                loss=report.loss if report else None,
                chance=report.chance if report else None,
                held_out=report.held_out if report else None,
                auc=report.auc if report else None,
                auc_start=report.auc_start if report else None,
                pair_weight=task.weight_formula,
            )
        )
    return statuses


def _load(config: Config, clock: StepClock, progress: Progress) -> tuple[LoadReport, Graph]:
    """Read the sources and load them: in bulk into an empty private server if they are large, else in batches."""
    resolved = read_sources(config.etl, progress)
    clock.done("read")
    graph = open_graph(config, progress)
    clock.done("connect")
    bulk_report = None
    if is_local(config) and _is_large(resolved) and graph.row("graph/count_graph")["nodes"] == 0:
        graph.close()
        bulk_report = load_bulk(config, resolved, progress)
        graph = open_graph(config, progress)
    try:
        with lease(graph, progress=progress):
            report = load_batches(graph, resolved, progress)
            if report.edge_changes:
                graph.write("graph/add_changed_edges", n=report.edge_changes)
    except BaseException:
        graph.close()
        raise
    clock.done("load")
    return bulk_report or report, graph


def _active_id(graph: Graph) -> str:
    current = active_model(graph)
    if current is None:
        raise ModelError(
            "there is no active model to continue from",
            where="train --continue",
            next_step="train without --continue, then run `generel-graph embed`",
        )
    return current.id


def _is_large(resolved: Resolved) -> bool:
    return len(resolved.nodes) + len(resolved.edges) >= BULK_ROWS


def _digest(graph: Graph) -> str:
    digest = graph_digest(graph)
    if digest is None:
        raise GraphError("the last load is unfinished", where=graph.uri, next_step="run `generel-graph sync`")
    return digest


def _model_work(config: Config, graph: Graph, current: ModelRecord | None, digest: str) -> ModelWork:
    """The work that the model needs on the current graph and configuration."""
    if current is None:
        return "first"
    if current.recipe != recipe_of(config) or not config.model_folder(current.id).is_dir():
        return "train"
    if current.embedded_digest == digest:
        return ""
    edge_changes = graph.row("graph/get_changed_edges", id=current.id)["n"]
    if edge_changes <= config.train.stale_share * max(current.edges, 1):
        return "embed"
    edges_added = int(graph.row("graph/count_graph")["edges"]) - current.edges
    only_additions = edge_changes == edges_added  # no edge was changed or deleted
    return "continue" if only_additions and config.train.continue_steps > 0 else "train"
