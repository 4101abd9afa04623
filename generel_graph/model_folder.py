"""The files of a model folder, and the readers that need no torch.

`resume.safetensors` exists during training: weights, the optimizer's state and, in its header, the progress of the
training. `config.json` is written last: a folder with it holds a finished model.
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
WRITTEN = "written.npz"  # ids and vectors (float16) that were last written to the nodes
RESUME = "resume.safetensors"
BAD_PAIRS = "nan_pairs.tsv"  # the batch for which the loss was not a number


@dataclass(frozen=True, slots=True)
class LogRow:
    """One training step; `effect_loss` is None for a step without effect pairs. `seconds`: since training began."""

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
    """Validation of one task at one step: means over its groups, weighted by pairs; NaN for an undefined value."""

    step: int
    task: str
    pairs: int
    loss: float  # nats per pair, weighted InfoNCE of the held-out pairs
    chance: float  # that loss if all cosines were equal
    auc: float  # against negatives drawn uniformly
    auc_degree: float  # against degree-matched negatives: drawn as often as the task has them
    mrr: float  # mean reciprocal rank among the pair's degree-matched negatives
    spearman: float  # correlation of cosine and |ln odds ratio|


@dataclass(frozen=True, slots=True)
class TaskReport:
    """A task at the end of training: the mean loss of its last batches, and the loss at chance level.

    Both are None for a task that was never drawn. `share`: the expected share of the batches. `auc`: of held-out pairs
    against degree-matched negatives, at the step whose weights the model has; `auc_start`: the same before training
    (text propagation).
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
    """Write a log atomically, one row per line; unknown values are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(kind)]
    writer.writerow(names)
    for row in rows:
        values = [getattr(row, name) for name in names]
        writer.writerow(["" if v is None else repr(v) if isinstance(v, float) else v for v in values])
    write_atomically(path, text.getvalue().encode())


def read_rows(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    """The rows of a log; empty if the file does not exist."""
    if not path.is_file():
        return ()
    types: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "str": str, "float | None": _optional_float}
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            kind(**{field.name: types[str(field.type)](row[field.name]) for field in fields(kind)})
            for row in csv.DictReader(file)
        )


def _optional_float(text: str) -> float | None:
    return float(text) if text else None


def read_config(folder: Path) -> dict[str, Any]:
    """The `config.json` of a finished model; raises ModelError if it is missing or unreadable."""
    path = folder / CONFIG
    if not path.is_file():
        unfinished = (folder / RESUME).is_file()
        raise ModelError(
            "the training of this model was interrupted" if unfinished else "there is no model here",
            where=folder,
            next_step="run `generel-graph train`" + (": it resumes the training" if unfinished else ""),
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError("config.json is not valid JSON", where=path, found=str(error)) from error
    if not isinstance(config, dict) or "identity" not in config:
        raise ModelError("not a generel-graph model", where=path, next_step="run `generel-graph train`")
    return config


def write_bad_pairs(path: Path, rows: Sequence[tuple[str, str, float]]) -> None:
    """Write the pairs of the batch that stopped training: anchor, positive and weight."""
    lines = ["anchor\tpositive\tweight", *(f"{a}\t{b}\t{w!r}" for a, b, w in rows)]
    write_atomically(path, ("\n".join(lines) + "\n").encode())


def read_task_reports(folder: Path) -> tuple[TaskReport, ...]:
    """The task reports of a finished model; empty if its folder is not on this machine."""
    if not (folder / CONFIG).is_file():
        return ()
    return tuple(TaskReport(**task) for task in read_config(folder)["report"]["tasks"])
