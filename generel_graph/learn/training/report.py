"""What a training came to."""

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

LAST_BATCHES = 20  # of a task: what its reported loss is the mean of


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a training came to; `seconds` and `pairs_per_second` are of the loop, encoding left out."""

    model_id: str
    folder: Path
    seconds: float
    steps: int
    tasks: tuple[TaskReport, ...]
    pairs_per_second: float
    wordings: Mapping[str, float] = field(default_factory=dict)  # recall of held-out synonyms, by way of asking
    number_format: str = ""  # of the products in training; empty: a model older than this field
    kept_step: int = 0  # whose weights the model has: where validation was best, else the last


def report_of(
    folder: Path,
    id_: str,
    groups: Sequence[TaskGroup],
    log: Sequence[LogRow],
    validated: Sequence[ValidationRow],
    kept: int,
) -> TrainReport:
    """The report of a training whose weights of step `kept` were kept."""
    tasks = []
    at = {step: {row.task: row for row in validated if row.step == step} for step in (0, kept)}
    total = sum(group.share for group in groups)
    for name in sorted({group.task for group in groups}):
        rows = [row for row in log if row.task == name][-LAST_BATCHES:]
        loss, chance = (
            float(np.mean([getattr(row, key) for row in rows])) if rows else None for key in ("loss", "chance")
        )
        pairs = sum(len(group.anchors) for group in groups if group.task == name)
        share = sum(group.share for group in groups if group.task == name) / total
        now, start = at[kept].get(name), at[0].get(name)
        tasks.append(
            TaskReport(
                name=name,
                pairs=pairs,
                share=share,
                loss=loss,
                chance=chance,
                held_out=now.pairs if now else 0,
                auc=now.auc_degree if now else None,
                auc_start=start.auc_degree if start else None,
            )
        )
    seconds = log[-1].seconds if log else 0.0
    speed = sum(row.pairs for row in log) / max(seconds, 1e-9)
    return TrainReport(id_, folder, seconds, len(log), tuple(tasks), speed, kept_step=kept)


def finished(folder: Path, wanted: Mapping[str, Any]) -> TrainReport:
    """The report of the model that is there already, if it is the one that is wanted."""
    config = read_config(folder)
    if config["identity"] != dict(wanted):
        raise ModelError(
            "the folder holds a finished model of another corpus, encoder or settings",
            where=folder,
            found=config["id"],
            valid=[model_id_of(wanted)],
            next_step="train into a folder of the new model's own id",
        )
    report = config["report"]
    tasks = tuple(TaskReport(**task) for task in report["tasks"])
    return replace(TrainReport(**{**report, "tasks": tasks}), folder=folder)
