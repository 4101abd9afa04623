"""Export the logs of a training to TensorBoard."""

from __future__ import annotations

from importlib.util import find_spec
from math import isfinite
from pathlib import Path

from generel_etl.atomic import atomic_folder
from generel_etl.errors import ModelError
from generel_graph.learn.training.plot import read_curves
from generel_graph.model_folder import LOG

FOLDER = "tensorboard"
MEASURES = ("auc_degree", "auc", "mrr", "spearman", "loss")


def check_tensorboard() -> None:
    """Raise ModelError unless TensorBoard is installed; call it before a training."""
    if find_spec("tensorboard") is None:
        raise ModelError(
            "TensorBoard is not installed",
            where="train.tensorboard",
            next_step="pip install 'generel-graph[tensorboard]', or remove the key",
        )


def write_events(folder: Path) -> Path:
    """Write the logs of a finished or unfinished model to its folder `tensorboard`, atomically.

    Tags: train/<task> (loss divided by chance), train/effect, train/gradient, train/rate, validation/<measure>/<task>.
    Values that are not numbers are left out. Raises ModelError without TensorBoard or without a log.
    """
    check_tensorboard()
    from torch.utils.tensorboard import SummaryWriter

    curves = read_curves(folder)
    began = (folder / LOG).stat().st_mtime - curves.log[-1].seconds
    seconds = {row.step: row.seconds for row in curves.log}
    with atomic_folder(folder / FOLDER) as new, SummaryWriter(str(new)) as writer:

        def add(tag: str, value: float | None, step: int) -> None:
            if value is not None and isfinite(value):
                when = began + seconds.get(step, seconds.get(step - 1, 0.0))
                writer.add_scalar(tag, value, step, walltime=when)

        for row in curves.log:
            add(f"train/{row.task}", row.loss / row.chance if row.chance > 0 else None, row.step)
            add("train/effect", row.effect_loss, row.step)
            add("train/gradient", row.gradient_norm, row.step)
            add("train/rate", row.learning_rate, row.step)
        for validation in curves.validations:
            for measure in MEASURES:
                add(f"validation/{measure}/{validation.task}", getattr(validation, measure), validation.step)
        for step, mean in zip(curves.mean_auc.steps.tolist(), curves.mean_auc.values.tolist(), strict=True):
            add("validation/mean of auc_degree", mean, int(step))
    return folder / FOLDER
