"""How a training went, task by task, from the two logs in its folder: what plots and event files are made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generel_graph.errors import ModelError
from generel_graph.learn.loop.checkpoint import CONFIG, LOG, VALIDATION, LogRow, read_config, read_rows
from generel_graph.learn.loop.validation import Validated, score

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Numbers along the steps; none of them is NaN."""

    steps: Numbers  # [k]
    values: Numbers  # [k]

    @classmethod
    def of(cls, steps: list[int], values: list[float]) -> Curve:
        """Those of the values that are numbers."""
        x, y = np.array(steps, dtype=np.float64), np.array(values, dtype=np.float64)
        there = np.isfinite(y)
        return cls(x[there], y[there])

    def smoothed(self, spread: float) -> Curve:
        """Weighted means over neighbours in steps, by a bell of `spread` steps."""
        if not len(self.steps) or spread <= 0:
            return self
        weights = np.exp(-0.5 * ((self.steps[:, None] - self.steps[None, :]) / spread) ** 2)
        return Curve(self.steps, (weights @ self.values) / weights.sum(axis=1))


@dataclass(frozen=True, slots=True)
class TaskCurves:
    """One task: each of its batches' loss over chance, and the AUC of its held-out pairs."""

    name: str
    loss: Curve  # loss / chance: 1 is a guess
    auc: Curve  # against degree-matched others; of step 0: without training


@dataclass(frozen=True, slots=True)
class Curves:
    """A training's log."""

    name: str  # the model's id
    tasks: tuple[TaskCurves, ...]  # the most drawn first
    mean_auc: Curve
    kept_step: int | None  # whose weights the model has
    log: tuple[LogRow, ...]
    validated: tuple[Validated, ...]


def read_curves(folder: Path) -> Curves:
    """Read the logs of a model's folder, of an unfinished training too; raises ModelError where there are none."""
    log, validated = read_rows(folder / LOG, LogRow), read_rows(folder / VALIDATION, Validated)
    if not log:
        raise ModelError("there is no training's log here", where=folder / LOG, next_step="run `generel-graph train`")
    name, kept = f"{folder.name}, unfinished", None
    if (folder / CONFIG).is_file():
        config = read_config(folder)
        name, kept = config["id"], config["report"].get("kept_step")
    tasks = {row.task for row in log} | {row.task for row in validated}
    drawn = {task: sum(row.task == task for row in log) for task in tasks}
    steps = sorted({row.step for row in validated})
    return Curves(
        name=name,
        tasks=tuple(_task(task, log, validated) for task in sorted(tasks, key=lambda task: (-drawn[task], task))),
        mean_auc=Curve.of(steps, [score([row for row in validated if row.step == step]) for step in steps]),
        kept_step=kept,
        log=log,
        validated=validated,
    )


def _task(name: str, log: tuple[LogRow, ...], validated: tuple[Validated, ...]) -> TaskCurves:
    rows = [row for row in log if row.task == name and row.chance > 0]
    seen = [row for row in validated if row.task == name]
    return TaskCurves(
        name=name,
        loss=Curve.of([row.step for row in rows], [row.loss / row.chance for row in rows]),
        auc=Curve.of([row.step for row in seen], [row.auc_degree for row in seen]),
    )
