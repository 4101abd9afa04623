"""The files of a model's folder, and reading those that need no torch.

`resume.safetensors` is there during training: weights, the optimizer's state and, in its header, the progress of the
training. `config.json` is written last: a folder that has it holds a finished model.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from generel_etl.atomic import write_atomically
from generel_etl.errors import ModelError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
ADAPTER = "adapter.safetensors"
NODES = "nodes.parquet"  # id and kind, in the order of training
LOG = "log.csv"  # one LogRow per step
VALIDATION = "validation.csv"  # one ValidationRow per task and validation
CARD = "README.md"  # the model card
ENCODER = "encoder"  # the fine-tuned language model, a folder of its own
HELD_OUT = "held_out.parquet"  # task, anchor, positive, weight of each held-out pair
TRAINED_PAIRS = "trained_pairs.parquet"  # task, anchor, positive (ids) of each pair that training sampled from
WRITTEN = "written.npz"  # ids and vectors (float16) as they were last written to the nodes
RESUME = "resume.safetensors"
BAD_PAIRS = "nan_pairs.tsv"  # the batch that made the loss not a number


@dataclass(frozen=True, slots=True)
class LogRow:
    """One step of the log; `effect_loss` is empty where the step had none; `seconds` since training began."""

    step: int
    task: str
    loss: float
    chance: float
    effect_loss: float | None
    gradient_norm: float
    learning_rate: float
    pairs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ValidationRow:
    """One task at one step; the means over its groups, weighed by pairs. NaN where there is nothing to tell."""

    step: int
    task: str
    pairs: int
    loss: float  # nats a pair, weighted InfoNCE of the held-out pairs
    chance: float
    auc: float  # against other ends drawn uniformly
    auc_degree: float  # against ends drawn as often as the task has them
    mrr: float  # mean reciprocal rank among itself and its degree-matched others
    spearman: float  # of cosine and |ln odds ratio|


FIELDS: tuple[str, ...] = tuple(field.name for field in fields(ValidationRow))


@dataclass(frozen=True, slots=True)
class TaskReport:
    """A task at the end of training: mean loss of its last batches, and what chance would give there.

    None where the task was never drawn. `share` of the batches, as they are drawn. `auc` is that of held-out pairs
    against degree-matched others, at the step that was kept; `auc_start` before training (text propagation).
    """

    name: str
    pairs: int
    share: float
    loss: float | None
    chance: float | None
    held_out: int = 0
    auc: float | None = None
    auc_start: float | None = None


Row = TypeVar("Row", LogRow, ValidationRow)


def write_rows(path: Path, kind: type[LogRow] | type[ValidationRow], rows: Sequence[LogRow | ValidationRow]) -> None:
    """Write a log whole, a line a row; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(kind)]
    writer.writerow(names)
    for row in rows:
        values = [getattr(row, name) for name in names]
        writer.writerow(["" if v is None else repr(v) if isinstance(v, float) else v for v in values])
    write_atomically(path, text.getvalue().encode())


def read_rows(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    """The rows of a log; none if there is no such file."""
    if not path.is_file():
        return ()
    types: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "str": str, "float | None": _perhaps}
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            kind(**{field.name: types[str(field.type)](row[field.name]) for field in fields(kind)})
            for row in csv.DictReader(file)
        )


def _perhaps(text: str) -> float | None:
    return float(text) if text else None


def read_config(folder: Path) -> dict[str, Any]:
    """The `config.json` of a finished model; raises ModelError if it is missing, unfinished or unreadable."""
    path = folder / CONFIG
    if not path.is_file():
        unfinished = (folder / RESUME).is_file()
        raise ModelError(
            "the model's training was interrupted" if unfinished else "there is no model here",
            where=folder,
            next_step="run `generel-graph train`" + (": it goes on where it stopped" if unfinished else ""),
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError("not a model's config.json", where=path, found=str(error)) from error
    if not isinstance(config, dict) or "identity" not in config:
        raise ModelError("not a model of this program", where=path, next_step="run `generel-graph train`")
    return config


def write_bad_pairs(path: Path, rows: Sequence[tuple[str, str, float]]) -> None:
    """Write pairs that training stopped at, as anchor, positive and weight."""
    lines = ["anchor\tpositive\tweight", *(f"{a}\t{b}\t{w!r}" for a, b, w in rows)]
    write_atomically(path, ("\n".join(lines) + "\n").encode())


def read_task_reports(folder: Path) -> tuple[TaskReport, ...]:
    """The tasks of a finished model; empty where its folder is not on this machine."""
    if not (folder / CONFIG).is_file():
        return ()
    return tuple(TaskReport(**task) for task in read_config(folder)["report"]["tasks"])
