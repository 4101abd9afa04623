"""The summary of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from generel_etl.errors import ModelError
from generel_graph.config.fingerprint import model_id_of
from generel_graph.learn.pairs.groups import TaskGroup
from generel_graph.model_folder import LogRow, TaskReport, ValidationRow, read_config

LAST_BATCHES = 20  # of a task, over which its reported loss is averaged


@dataclass(frozen=True, slots=True)
class TrainReport:
    """The summary of a training; `seconds` and `pairs_per_second` are those of the steps, without encoding."""

    model_id: str
    folder: Path
    seconds: float
    steps: int
    tasks: tuple[TaskReport, ...]
    pairs_per_second: float
    wordings: Mapping[str, float] = field(default_factory=dict)  # recall of held-out synonyms by search method
    number_format: str = ""  # of the matrix products in training; "" in models from before this field
    kept_step: int = 0  # the step whose weights the model has: the best validation, or the last step


def make_report(
    folder: Path,
    model_id: str,
    groups: Sequence[TaskGroup],
    log: Sequence[LogRow],
    validations: Sequence[ValidationRow],
    kept_step: int,
) -> TrainReport:
    """The report of a training; the model has the weights of `kept_step`."""
    tasks = []
    by_step = {step: {row.task: row for row in validations if row.step == step} for step in (0, kept_step)}
    total_weight = sum(group.draw_weight for group in groups)
    for name in sorted({group.task for group in groups}):
        rows = [row for row in log if row.task == name][-LAST_BATCHES:]
        loss, chance = (
            float(np.mean([getattr(row, key) for row in rows])) if rows else None for key in ("loss", "chance")
        )
        pairs = sum(len(group.anchors) for group in groups if group.task == name)
        share = sum(group.draw_weight for group in groups if group.task == name) / total_weight
        kept, start = by_step[kept_step].get(name), by_step[0].get(name)
        tasks.append(
            TaskReport(
                name=name,
                pairs=pairs,
                share=share,
                loss=loss,
                chance=chance,
                held_out=kept.pairs if kept else 0,
                auc=kept.auc_degree if kept else None,
                auc_start=start.auc_degree if start else None,
            )
        )
    seconds = log[-1].seconds if log else 0.0
    speed = sum(row.pairs for row in log) / max(seconds, 1e-9)
    return TrainReport(model_id, folder, seconds, len(log), tuple(tasks), speed, kept_step=kept_step)


def stored_report(folder: Path, identity: Mapping[str, Any]) -> TrainReport:
    """The report of the finished model in a folder; raises ModelError if it has another identity."""
    config = read_config(folder)
    if config["identity"] != dict(identity):
        raise ModelError(
            "the folder holds a finished model of another corpus, encoder or settings",
            where=folder,
            found=config["id"],
            valid=[model_id_of(identity)],
            next_step="train into the folder of the new model's id",
        )
    report = config["report"]
    tasks = tuple(TaskReport(**task) for task in report["tasks"])
    return replace(TrainReport(**{**report, "tasks": tasks}), folder=folder)
