"""Continue training from a model after new data: its weights are reused, new nodes and inputs get initial weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from generel_etl.errors import ModelError
from generel_graph.config import TrainConfig
from generel_graph.config.fingerprint import recipe_digest
from generel_graph.learn.features.blocks import GROUPS
from generel_graph.learn.features.features import Features
from generel_graph.learn.model.model import Model
from generel_graph.learn.model.towers import TowerShape
from generel_graph.learn.pairs.training_data import TrainingData

RATE = 0.3  # fraction of the learning rate, so that the old pairs are not forgotten


def continued_config(train: TrainConfig, start: Model | None) -> TrainConfig:
    """The settings for continuing from a model: fewer steps and a lower rate; unchanged without a start model.

    If the encoder of the start model is fine-tuned, fine-tuning continues from the first step.
    """
    if start is None:
        return train
    steps = train.continue_steps
    shorter = replace(train, steps=steps, learning_rate=RATE * train.learning_rate)
    if train.mode == "frozen":
        return shorter
    return replace(shorter, steps=0, encoder_steps=steps) if start.is_finetuned else shorter


def check_start(start: Model, identity: Mapping[str, object], shapes: Mapping[str, TowerShape]) -> None:
    """Raise ModelError if the start model has another encoder or recipe, or inputs that the data no longer have."""
    start_identity = start.config["identity"]
    for name, expected, actual in (
        ("encoder", identity["encoder"], start_identity["encoder"]),
        ("recipe", recipe_digest(identity), recipe_digest(start_identity)),
    ):
        if expected != actual:
            raise ModelError(
                f"the model to continue from has another {name}",
                where=start.folder,
                found=actual,
                valid=[str(expected)],
                next_step="train a new model, without --continue",
            )
    for name, tower in start.towers.items():
        missing = {block.name for block in tower.shape.blocks} - {block.name for block in shapes[name].blocks}  # type: ignore[union-attr]
        if missing:
            raise ModelError(
                "the model to continue from has inputs that the data no longer have",
                where=start.folder,
                found=sorted(missing),
                valid=[block.name for block in shapes[name].blocks],
                next_step="train a new model, without --continue",
            )


@torch.no_grad()
def copy_weights(towers: nn.ModuleDict, start: Model, data: TrainingData) -> None:
    """Copy the weights of the start model into new towers.

    The weights of a new input, and the rows of new nodes, keep their initial values. Rows are matched by node id.
    """
    old_rows = torch.from_numpy(start.own_rows(data.corpus))  # empty if the model has no rows of nodes
    for name, shape in data.shapes.items():
        old: Mapping[str, Tensor] = start.towers[name].state_dict()
        new = towers[name].state_dict()
        old_shape: TowerShape = start.towers[name].shape  # type: ignore[assignment]
        for key, value in old.items():
            if key == "first.weight":
                for old_columns, columns in zip(_columns(old_shape), _new_columns(old_shape, shape), strict=True):
                    new[key][:, columns] = value[:, old_columns]
            elif key == "identity.weight":
                is_known = _is_of_tower(name, data.features) & (old_rows >= 0)
                rows = torch.from_numpy(data.own_rows[:-1])[is_known]
                new[key][rows] = value[old_rows[is_known]]
            else:
                new[key].copy_(value)


def _columns(shape: TowerShape) -> list[slice]:
    """The columns of the first layer for each block, and for the flags."""
    d, blocks = shape.text_dimension, len(shape.blocks)
    return [*(slice(block * d, (block + 1) * d) for block in range(blocks)), slice(blocks * d, None)]


def _new_columns(old_shape: TowerShape, shape: TowerShape) -> list[slice]:
    """The columns in a new shape of the blocks and the flags of an old shape."""
    columns = _columns(shape)
    names = [block.name for block in shape.blocks]
    return [*(columns[names.index(block.name)] for block in old_shape.blocks), columns[-1]]


def _is_of_tower(tower: str, features: Features) -> Tensor:
    """Whether each node belongs to a tower, [n]."""
    snp = torch.from_numpy(features.adjacency.groups == GROUPS.index("snp"))
    return snp if tower == "snp" else ~snp
