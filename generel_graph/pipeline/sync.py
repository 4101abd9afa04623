"""The chain: files → graph → pairs → model → vectors → active, each step only where its inputs changed."""

from __future__ import annotations

import dataclasses
from typing import Any

from generel_etl.errors import GraphError, ModelError
from generel_etl.pipeline import read_sources
from generel_etl.progress import Progress, silent
from generel_etl.resolve import Resolved
from generel_graph.config import Config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.tasks import TASKS, enabled_tasks
from generel_graph.embed import ModelRecord, active_model
from generel_graph.graph import Graph
from generel_graph.graph.digest import digest_of, graph_digest
from generel_graph.graph.lease import lease
from generel_graph.graph.open import is_local, open_graph
from generel_graph.load import LoadReport, load_batches, load_bulk
from generel_graph.pipeline.embed import embed_model, renew_vectors
from generel_graph.pipeline.report import StepClock, SyncReport, build_report
from generel_graph.pipeline.train import read_tasks, recipe_of, train_model

BULK_ROWS = 200_000  # a first load of fewer nodes and edges is quicker over Bolt than a restart of the server


def sync(config: Config, progress: Progress = silent) -> SyncReport:
    """Run the whole chain; raises a GenerelError, after which the next call goes on where this one was."""
    clock = StepClock()
    enabled_tasks(config.tasks)  # a wrong task is told before the long work
    loaded, graph = _load(config, clock, progress)
    with graph, lease(graph, progress=progress):
        digest = _digest(graph)
        current = active_model(graph)
        written = 0
        why = _stale(config, graph, current, digest)
        if why:
            corpus = load_corpus(graph, config, digest, progress)
            clock.done("sample")
            if why == "embed" and current is not None:
                written = renew_vectors(graph, config, current, corpus, digest, progress)
            else:
                start = current.id if current is not None and why == "continue" else ""
                model_id = train_model(config, corpus, progress, continues=start)
                clock.done("train")
                written = embed_model(graph, config, model_id, corpus, digest, progress)
            clock.done("embed")
        return build_report(config, graph, clock, loaded, written)


def plan(config: Config, progress: Progress = silent) -> list[dict[str, str]]:
    """What `sync` would do: step, stale ("yes", "no", "if …") and why; reads files, writes nothing to the graph."""
    resolved = read_sources(config.etl, progress)
    with open_graph(config, progress) as graph:
        rows = graph.rows("graph/get_sources")
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
    clock = StepClock()
    loaded, graph = _load(config, clock, progress)
    with graph:
        return build_report(config, graph, clock, loaded, 0)


def train(config: Config, progress: Progress = silent, *, go_on: bool = False) -> SyncReport:
    """Train a model on the graph as it is; `embed` puts it to use. `go_on`: from the active model, not anew.

    Under `torchrun` all processes train it together; what the first one has read the others find.
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
        model_id = train_model(config, corpus, progress, processes, _active_id(graph) if go_on else "")
        clock.done("train")
        report = build_report(config, graph, clock, None, 0)
    return dataclasses.replace(report, tasks=read_tasks(config, model_id))


def embed(config: Config, model_id: str | None, progress: Progress = silent) -> SyncReport:
    """Write a trained model's vectors, index and activate it; None: the model of this graph and recipe,
    trained if it is not there."""
    clock = StepClock()
    with open_graph(config, progress) as graph, lease(graph, progress=progress):
        digest = _digest(graph)
        corpus = load_corpus(graph, config, digest, progress)
        clock.done("sample")
        chosen_id = model_id or train_model(config, corpus, progress)
        written = embed_model(graph, config, chosen_id, corpus, digest, progress)
        clock.done("embed")
        return build_report(config, graph, clock, None, written)


def tasks(config: Config, progress: Progress = silent) -> tuple[list[str], list[list[Any]]]:
    """All tasks that there are as columns and rows: the pairs that the graph has for each now, how a pair is weighed,
    and, of the active model, the share of batches, the loss and what chance would give."""
    with open_graph(config, progress) as graph:
        corpus = load_corpus(graph, config, _digest(graph), progress)
        current = active_model(graph)
    lines = {t.name: t for t in read_tasks(config, current.id)} if current else {}
    weights = enabled_tasks(config.tasks)
    told = ("share", "loss", "chance", "held_out", "auc", "auc_start")
    columns = ["task", "enabled", "c", "pairs", *told, "weight of a pair"]
    rows: list[list[Any]] = []
    for task in TASKS:
        line = lines.get(task.name)
        pairs = len(corpus.tasks[task.name]) if task.name in corpus.tasks else line.pairs if line else 0
        learnt = [getattr(line, name) if line else None for name in told]
        weight = weights.get(task.name, task.weight)
        rows.append([task.name, task.name in weights, weight, pairs, *learnt, task.weight_formula])
    return columns, rows


def _load(config: Config, clock: StepClock, progress: Progress) -> tuple[LoadReport, Graph]:
    """Read, then load in bulk where the local graph is empty and much is to come, else in batches."""
    resolved = read_sources(config.etl, progress)
    clock.done("read")
    graph = open_graph(config, progress)
    clock.done("connect")
    bulk = None
    if is_local(config) and _large(resolved) and graph.row("graph/count_graph")["nodes"] == 0:
        graph.close()
        bulk = load_bulk(config, resolved, progress)
        graph = open_graph(config, progress)
    try:
        with lease(graph, progress=progress):
            report = load_batches(graph, resolved, progress)
            if report.edges_touched:
                graph.write("graph/add_edges_touched", n=report.edges_touched)
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
    touched = graph.row("graph/get_edges_touched", id=current.id)["edges_touched"]
    if touched <= config.train.stale_share * max(current.edges, 1):
        return "embed"
    grew = int(graph.row("graph/count_graph")["edges"]) - current.edges
    only_grew = touched == grew  # nothing was changed or taken away
    return "continue" if only_grew and config.train.continue_steps > 0 else "train"
