"""Write the state of an unfinished training, resume it, and write the files of a finished model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from generel_etl.atomic import atomic_file, write_atomically
from generel_etl.errors import ModelError
from generel_graph.corpus.schema import Nodes
from generel_graph.model_folder import (
    ADAPTER,
    CARD,
    CONFIG,
    LOG,
    NODES,
    RESUME,
    VALIDATION,
    WEIGHTS,
    LogRow,
    ValidationRow,
    read_rows,
    write_rows,
)


@dataclass(frozen=True, slots=True)
class ResumeState:
    """The stored state of an unfinished training."""

    step: int  # the next step
    seconds: float
    dtype: torch.dtype  # of the matrix products
    tensors: Mapping[str, Tensor]
    log: tuple[LogRow, ...]
    validations: tuple[ValidationRow, ...]
    best: BestWeights | None


@dataclass(frozen=True, slots=True)
class BestWeights:
    """The weights of the step with the best validation."""

    step: int
    score: float
    weights: Mapping[str, Tensor]


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
    validations: Sequence[ValidationRow] = (),
    best: BestWeights | None = None,
) -> None:
    """Write the state that resuming needs; if the process is killed, the folder has this state or the previous one."""
    write_rows(folder / LOG, LogRow, log)  # first: rows of the log beyond the state are dropped when it is read
    write_rows(folder / VALIDATION, ValidationRow, validations)
    tensors = {f"model.{key}": value for key, value in trained_weights(towers).items()}
    names = {id(parameter): key for key, parameter in towers.named_parameters()}
    for parameter, values in optimizer.state.items():
        tensors |= {f"adam.{names[id(parameter)]}|{key}": value for key, value in values.items()}
    identity_json = json.dumps(identity, sort_keys=True)
    header = {"identity": identity_json, "step": str(step), "seconds": repr(seconds), "dtype": str(dtype)}
    if best is not None:
        tensors |= {f"best.{key}": value for key, value in best.weights.items()}
        header |= {"best_step": str(best.step), "best_score": repr(best.score)}
    write_atomically(folder / RESUME, save({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, header))


def read_state(folder: Path, identity: Mapping[str, Any]) -> ResumeState | None:
    """Read the state of an unfinished training with this identity; None if there is none."""
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
            next_step="delete the file to start the training again",
        ) from error
    step = int(header["step"])
    log = tuple(row for row in read_rows(folder / LOG, LogRow) if row.step < step)
    validations = tuple(row for row in read_rows(folder / VALIDATION, ValidationRow) if row.step <= step)
    best = None
    if "best_step" in header:
        weights = {key[5:]: value for key, value in tensors.items() if key.startswith("best.")}
        best = BestWeights(int(header["best_step"]), float(header["best_score"]), weights)
    dtype = torch.bfloat16 if header.get("dtype") == str(torch.bfloat16) else torch.float32
    return ResumeState(step, float(header["seconds"]), dtype, tensors, log, validations, best)


def restore_state(state: ResumeState, towers: nn.ModuleDict, optimizer: torch.optim.Optimizer) -> None:
    """Load the weights and the moments of a stored state, bit for bit."""
    load_trained_weights(towers, {k[6:]: v for k, v in state.tensors.items() if k.startswith("model.")})
    parameters = dict(towers.named_parameters())
    for key, value in state.tensors.items():
        if key.startswith("adam."):
            name, slot = key[5:].split("|")
            parameter = parameters[name]
            optimizer.state[parameter][slot] = value.to(parameter.device) if slot != "step" else value


def trained_weights(modules: nn.Module) -> dict[str, Tensor]:
    """The state without the frozen weights of a language model."""
    frozen = {name for name, parameter in modules.named_parameters() if not parameter.requires_grad}
    return {key: value for key, value in modules.state_dict().items() if key not in frozen}


def load_trained_weights(modules: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load the state that `trained_weights` returned; frozen weights do not change."""
    modules.load_state_dict({**modules.state_dict(), **state})


def write_model(
    folder: Path,
    towers: nn.ModuleDict,
    adapter: nn.Module | None,
    nodes: Nodes,
    config: Mapping[str, Any],
    card: str,
    log: Sequence[LogRow],
    validations: Sequence[ValidationRow] = (),
) -> None:
    """Write a finished model, its `config.json` last, and delete the state for resuming."""
    write_atomically(folder / WEIGHTS, save({k: v.detach().cpu().contiguous() for k, v in towers.state_dict().items()}))
    if adapter is not None:
        write_atomically(folder / ADAPTER, save({k: v.detach().contiguous() for k, v in adapter.state_dict().items()}))
    with atomic_file(folder / NODES) as new:
        pl.DataFrame({"id": list(nodes.ids), "kind": list(nodes.kinds)}).write_parquet(new)
    write_rows(folder / LOG, LogRow, log)
    write_rows(folder / VALIDATION, ValidationRow, validations)
    write_atomically(folder / CARD, card.encode())
    write_atomically(folder / CONFIG, json.dumps(config, indent=1, sort_keys=True).encode())
    (folder / RESUME).unlink(missing_ok=True)
