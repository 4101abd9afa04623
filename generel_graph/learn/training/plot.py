"""Plot the course of a training: one panel per task with its loss relative to chance and the AUC of held-out pairs."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import ModelError
from generel_graph.learn.training.validation import mean_auc
from generel_graph.model_folder import CONFIG, LOG, VALIDATION, LogRow, ValidationRow, read_config, read_rows
from generel_graph.plots.libraries import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOSS_PLOTS = ("losses.png", "losses.svg")
LOSS, AUC, GREY = "#2b6cb0", "#c05621", "#8a8a8a"
COLUMNS = 6
SPREAD, BATCHES = 0.04, 2.5  # losses are smoothed over this share of the steps, and over this many batches at least


def plot_losses(folder: Path) -> tuple[Path, ...]:
    """Plot the logs of a finished or unfinished model into its folder: losses.png and losses.svg.

    Raises ModelError without matplotlib or without a log.
    """
    require("matplotlib")
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    curves = read_curves(folder)
    panels = 1 + len(curves.tasks)
    columns = min(COLUMNS, panels)
    rows = ceil(panels / columns)
    layout = ConstrainedLayoutEngine(w_pad=0.09)
    figure = Figure(figsize=(2.5 * columns + 0.5, 1.9 * rows + 1.1), layout=layout)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    steps = curves.log[-1].step + 1
    _draw_mean(axes[0], curves)
    for panel, task in zip(axes[1:], curves.tasks, strict=False):
        _draw_task(panel, task, steps * max(SPREAD, BATCHES / max(len(task.loss.steps), 1)))
    for index, panel in enumerate(axes):
        panel.set_axis_off() if index >= panels else _draw_frame(panel, steps, curves.kept_step)
        if panels - columns <= index < panels:  # the last panel of its column
            panel.tick_params(labelbottom=True)
            panel.set_xlabel("step", fontsize=8, color=GREY)
            panel.xaxis.set_in_layout(index >= panels - panels % columns or panels % columns == 0)
    figure.suptitle(f"Model {curves.name}", fontsize=12, ha="left", x=0.01)
    _draw_legend(figure, curves)
    with rc_context({"svg.hashsalt": curves.name, "svg.fonttype": "none"}):
        for name in LOSS_PLOTS:
            figure.savefig(folder / name, dpi=150, metadata={"Date": None} if name.endswith("svg") else None)
    return tuple(folder / name for name in LOSS_PLOTS)


def _draw_task(axes: Axes, task: TaskCurves, spread: float) -> None:
    loss = task.loss.smoothed(spread)
    axes.plot(task.loss.steps, task.loss.values, ".", color=LOSS, alpha=0.35, markersize=3, markeredgewidth=0)
    axes.plot(loss.steps, loss.values, "-" if len(loss.steps) > 3 else ".", color=LOSS, linewidth=1.4)
    _draw_auc(axes, task.auc)
    _draw_title(axes, task.name, loss, task.auc)


def _draw_mean(axes: Axes, curves: Curves) -> None:
    """Draw all tasks in one panel: their mean AUC, the criterion of the best step, over a faint line per task."""
    for task in curves.tasks:
        axes.plot(task.auc.steps, task.auc.values, color=AUC, alpha=0.2, linewidth=0.8)
    _draw_auc(axes, curves.mean_auc)
    _draw_title(axes, "mean of the tasks", None, curves.mean_auc)


def _draw_auc(axes: Axes, auc: Curve) -> None:
    axes.plot(auc.steps, auc.values, "-o", color=AUC, linewidth=1.4, markersize=3)
    if len(auc.steps) and auc.steps[0] == 0:
        axes.axhline(auc.values[0], color=AUC, linewidth=0.8, linestyle=":")
        axes.plot(auc.steps[:1], auc.values[:1], "o", color="white", markeredgecolor=AUC, markersize=5, clip_on=False)


def _draw_title(axes: Axes, name: str, loss: Curve | None, auc: Curve) -> None:
    axes.set_title(name, fontsize=9, loc="left", fontweight="bold", pad=14)
    style: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 7.5, "va": "bottom"}
    if loss is not None and len(loss.values):
        axes.text(0, 1.02, f"loss {loss.values[-1]:.2f} of chance", color=LOSS, **style)
    if len(auc.values):
        change = (
            f"AUC {auc.values[0]:.2f} → {auc.values[-1]:.2f}" if len(auc.values) > 1 else f"AUC {auc.values[0]:.2f}"
        )
        axes.text(1, 1.02, change, color=AUC, ha="right", **style)


def _draw_frame(axes: Axes, steps: int, kept_step: int | None) -> None:
    axes.axhline(1, color=LOSS, linewidth=0.8, linestyle="--", alpha=0.6)
    axes.axhline(0.5, color=AUC, linewidth=0.8, linestyle="--", alpha=0.6)
    if kept_step is not None:
        axes.axvline(kept_step, color=GREY, linewidth=0.8)
    axes.set_xlim(0, steps * 1.02)
    axes.set_ylim(0, 1.15)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.tick_params(labelsize=7.5, colors=GREY, length=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)


def _draw_legend(figure: Figure, curves: Curves) -> None:
    from matplotlib.lines import Line2D

    styles: dict[str, dict[str, Any]] = {
        "training loss ÷ chance, smoothed over the task's batches": {"color": LOSS},
        "AUC of held-out pairs, degree-matched": {"color": AUC, "marker": "o", "markersize": 3},
        "untrained start": {
            "color": AUC,
            "linestyle": ":",
            "marker": "o",
            "markerfacecolor": "white",
            "linewidth": 0.8,
        },
    }
    styles["chance level"] = {"color": GREY, "linestyle": "--", "linewidth": 0.8}
    if curves.kept_step is not None:
        styles[f"best step ({curves.kept_step:,})"] = {"color": GREY, "linewidth": 0.8}
    lines = [Line2D([], [], label=label, **style) for label, style in styles.items()]
    figure.legend(handles=lines, loc="outside upper right", ncols=len(lines), fontsize=8, frameon=False)


Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Values by step, without NaN."""

    steps: Numbers  # [k]
    values: Numbers  # [k]

    @classmethod
    def of(cls, steps: list[int], values: list[float]) -> Curve:
        """A curve of the finite values."""
        x, y = np.array(steps, dtype=np.float64), np.array(values, dtype=np.float64)
        known = np.isfinite(y)
        return cls(x[known], y[known])

    def smoothed(self, spread: float) -> Curve:
        """Smooth by a Gaussian with a standard deviation of `spread` steps."""
        if not len(self.steps) or spread <= 0:
            return self
        weights = np.exp(-0.5 * ((self.steps[:, None] - self.steps[None, :]) / spread) ** 2)
        return Curve(self.steps, (weights @ self.values) / weights.sum(axis=1))


@dataclass(frozen=True, slots=True)
class TaskCurves:
    """One task: the loss of each of its batches relative to chance, and the AUC of its held-out pairs."""

    name: str
    loss: Curve  # loss / chance; 1 is chance level
    auc: Curve  # against degree-matched negatives; at step 0: without training


@dataclass(frozen=True, slots=True)
class Curves:
    """The log of a training."""

    name: str  # the id of the model
    tasks: tuple[TaskCurves, ...]  # most batches first
    mean_auc: Curve
    kept_step: int | None  # the step whose weights the model has
    log: tuple[LogRow, ...]
    validations: tuple[ValidationRow, ...]


def read_curves(folder: Path) -> Curves:
    """Read the logs of a finished or unfinished model; raises ModelError if there are none."""
    log, validations = read_rows(folder / LOG, LogRow), read_rows(folder / VALIDATION, ValidationRow)
    if not log:
        raise ModelError("there is no log of a training", where=folder / LOG, next_step="run `generel-graph train`")
    name, kept_step = f"{folder.name}, unfinished", None
    if (folder / CONFIG).is_file():
        config = read_config(folder)
        name, kept_step = config["id"], config["report"].get("kept_step")
    tasks = {row.task for row in log} | {row.task for row in validations}
    batches = {task: sum(row.task == task for row in log) for task in tasks}
    steps = sorted({row.step for row in validations})
    return Curves(
        name=name,
        tasks=tuple(
            _task_curves(task, log, validations) for task in sorted(tasks, key=lambda task: (-batches[task], task))
        ),
        mean_auc=Curve.of(steps, [mean_auc([row for row in validations if row.step == step]) for step in steps]),
        kept_step=kept_step,
        log=log,
        validations=validations,
    )


def _task_curves(name: str, log: tuple[LogRow, ...], validations: tuple[ValidationRow, ...]) -> TaskCurves:
    rows = [row for row in log if row.task == name and row.chance > 0]
    task_validations = [row for row in validations if row.task == name]
    return TaskCurves(
        name=name,
        loss=Curve.of([row.step for row in rows], [row.loss / row.chance for row in rows]),
        auc=Curve.of([row.step for row in task_validations], [row.auc_degree for row in task_validations]),
    )
