"""A model's folder: what is in it, how it gets there whole, and how a killed training goes on.

`resume.safetensors` stands there while training: weights, the optimizer's state and, in its header, where
training had got to. `config.json` is written last of all: a folder that has it holds a finished model.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.corpus import Corpus, Nodes
from generel_graph.errors import ModelError
from generel_graph.learn.loop.validation import Validated
from generel_graph.recipe import recipe
from generel_graph.whole import write_whole

CONFIG, WEIGHTS, NODES, LOG, CARD = (
    "config.json",
    "model.safetensors",
    "nodes.parquet",
    "log.csv",
    "README.md",
)
VALIDATION, ADAPTER = "validation.csv", "adapter.safetensors"
ENCODER = "encoder"  # the language model, where it has moved, as a folder of its own
RESUME = "resume.safetensors"


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


Row = TypeVar("Row", LogRow, Validated)


@dataclass(frozen=True, slots=True)
class State:
    """Where an unfinished training had got to."""

    step: int  # the next step
    seconds: float
    dtype: torch.dtype  # of the products
    tensors: Mapping[str, Tensor]
    log: tuple[LogRow, ...]
    validated: tuple[Validated, ...]
    best: Best | None


@dataclass(frozen=True, slots=True)
class Best:
    """The towers as they were when validation was best."""

    step: int
    score: float
    weights: Mapping[str, Tensor]


def identity(
    corpus: Corpus,
    encoder: str,
    model: ModelConfig,
    train: TrainConfig,
    task_weights: Mapping[str, float],
    continues: str = "",
) -> dict[str, Any]:
    """All that a model depends on, as JSON values; `continues`: the id of the model that training goes on from."""
    facts = recipe(model, train, task_weights, corpus.sampling) | {"corpus": corpus.digest, "encoder": encoder}
    return facts | {"continues": continues} if continues else facts


def name_of(identity: Mapping[str, Any]) -> str:
    """The model's id: 16 hex of its identity."""
    return hashlib.blake2b(json.dumps(identity, sort_keys=True).encode(), digest_size=8).hexdigest()


def save_state(
    folder: Path,
    identity: Mapping[str, Any],
    towers: nn.ModuleDict,
    optimizer: torch.optim.Optimizer,
    *,
    step: int,
    seconds: float,
    dtype: torch.dtype,
    log: Sequence[LogRow],
    validated: Sequence[Validated] = (),
    best: Best | None = None,
) -> None:
    """Write what resuming needs; killed at any moment, the folder holds the last state or this one."""
    write_rows(folder / LOG, LogRow, log)  # first: a log with rows beyond the state is cut when it is read
    write_rows(folder / VALIDATION, Validated, validated)
    tensors = {f"model.{key}": value for key, value in moving(towers).items()}
    names = {id(parameter): key for key, parameter in towers.named_parameters()}
    for parameter, values in optimizer.state.items():
        tensors |= {f"adam.{names[id(parameter)]}|{key}": value for key, value in values.items()}
    facts = json.dumps(identity, sort_keys=True)
    header = {"identity": facts, "step": str(step), "seconds": repr(seconds), "dtype": str(dtype)}
    if best is not None:
        tensors |= {f"best.{key}": value for key, value in best.weights.items()}
        header |= {"best_step": str(best.step), "best_score": repr(best.score)}
    write_whole(folder / RESUME, save({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, header))


def read_state(folder: Path, identity: Mapping[str, Any]) -> State | None:
    """The state of an unfinished training of the same identity; None where there is none, or another's."""
    path = folder / RESUME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if json.loads(header.get("identity", "null")) != dict(identity):
                return None
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118, it is no mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(
            "the unfinished training cannot be read",
            where=path,
            found=str(error),
            next_step="delete the file; training starts anew",
        ) from error
    step = int(header["step"])
    log = tuple(row for row in read_rows(folder / LOG, LogRow) if row.step < step)
    validated = tuple(row for row in read_rows(folder / VALIDATION, Validated) if row.step <= step)
    best = None
    if "best_step" in header:
        weights = {key[5:]: value for key, value in tensors.items() if key.startswith("best.")}
        best = Best(int(header["best_step"]), float(header["best_score"]), weights)
    dtype = torch.bfloat16 if header.get("dtype") == str(torch.bfloat16) else torch.float32
    return State(step, float(header["seconds"]), dtype, tensors, log, validated, best)


def restore(state: State, towers: nn.ModuleDict, optimizer: torch.optim.Optimizer) -> None:
    """Put a state's weights and moments back, to the bit."""
    put_back(towers, {k[6:]: v for k, v in state.tensors.items() if k.startswith("model.")})
    parameters = dict(towers.named_parameters())
    for key, value in state.tensors.items():
        if key.startswith("adam."):
            name, slot = key[5:].split("|")
            parameter = parameters[name]
            optimizer.state[parameter][slot] = value.to(parameter.device) if slot != "step" else value


def moving(modules: nn.Module) -> dict[str, Tensor]:
    """The state of what is trained: the weights of a language model that do not move are left out."""
    still = {name for name, parameter in modules.named_parameters() if not parameter.requires_grad}
    return {key: value for key, value in modules.state_dict().items() if key not in still}


def put_back(modules: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Put such a state back; what does not move stays as it is."""
    modules.load_state_dict({**modules.state_dict(), **state})


def write_rows(path: Path, kind: type[LogRow] | type[Validated], rows: Sequence[LogRow | Validated]) -> None:
    """Write a log whole, a line a row; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(kind)]
    writer.writerow(names)
    for row in rows:
        values = [getattr(row, name) for name in names]
        writer.writerow(["" if v is None else repr(v) if isinstance(v, float) else v for v in values])
    write_whole(path, text.getvalue().encode())


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


def write_model(
    folder: Path,
    towers: nn.ModuleDict,
    adapter: nn.Module | None,
    nodes: Nodes,
    config: Mapping[str, Any],
    card: str,
    log: Sequence[LogRow],
    validated: Sequence[Validated] = (),
) -> None:
    """Write a finished model; its `config.json` last, then what was there to resume is taken away."""
    write_whole(folder / WEIGHTS, save({k: v.detach().cpu().contiguous() for k, v in towers.state_dict().items()}))
    if adapter is not None:
        write_whole(folder / ADAPTER, save({k: v.detach().contiguous() for k, v in adapter.state_dict().items()}))
    table = io.BytesIO()
    pl.DataFrame({"id": list(nodes.ids), "kind": list(nodes.kinds)}).write_parquet(table)
    write_whole(folder / NODES, table.getvalue())
    write_rows(folder / LOG, LogRow, log)
    write_rows(folder / VALIDATION, Validated, validated)
    write_whole(folder / CARD, card.encode())
    write_whole(folder / CONFIG, json.dumps(config, indent=1, sort_keys=True).encode())
    (folder / RESUME).unlink(missing_ok=True)


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
    if not isinstance(config, dict) or "identity" not in config or "towers" not in config:
        raise ModelError("not a model of this program", where=path, next_step="run `generel-graph train`")
    return config


def write_pairs(path: Path, rows: Sequence[tuple[str, str, float]]) -> None:
    """Write pairs that training stopped at, as anchor, positive and weight."""
    lines = ["anchor\tpositive\tweight", *(f"{a}\t{b}\t{w!r}" for a, b, w in rows)]
    write_whole(path, ("\n".join(lines) + "\n").encode())
