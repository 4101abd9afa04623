"""Training that goes on from a model after new data: what was learnt is kept, what is new begins as in a new model."""

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

RATE = 0.3  # of the learning rate: the old pairs are not to be forgotten for the new ones


def continuing(train: TrainConfig, start: Model | None) -> TrainConfig:
    """The settings of a training that goes on from a model: fewer steps, a lower rate; as they are for a new one.

    Where the start's language model has moved, it goes on moving from the first step.
    """
    if start is None:
        return train
    steps = train.continue_steps
    shorter = replace(train, steps=steps, learning_rate=RATE * train.learning_rate)
    if train.mode == "frozen":
        return shorter
    return replace(shorter, steps=0, encoder_steps=steps) if start.is_finetuned else shorter


def check_start(start: Model, wanted: Mapping[str, object], shapes: Mapping[str, TowerShape]) -> None:
    """Raise ModelError for a start of another encoder or recipe, or with inputs that the data no longer have."""
    told = start.config["identity"]
    for name, ours, theirs in (
        ("encoder", wanted["encoder"], told["encoder"]),
        ("recipe", recipe_digest(wanted), recipe_digest(told)),
    ):
        if ours != theirs:
            raise ModelError(
                f"the model to go on from has another {name}",
                where=start.folder,
                found=theirs,
                valid=[str(ours)],
                next_step="train anew, without --continue",
            )
    for name, tower in start.towers.items():
        gone = {block.name for block in tower.shape.blocks} - {block.name for block in shapes[name].blocks}  # type: ignore[union-attr]
        if gone:
            raise ModelError(
                "the model to go on from has inputs that the data no longer have",
                where=start.folder,
                found=sorted(gone),
                valid=[block.name for block in shapes[name].blocks],
                next_step="train anew, without --continue",
            )


@torch.no_grad()
def inherit(towers: nn.ModuleDict, start: Model, given: TrainingData) -> None:
    """Give new towers what a model has learnt.

    An input that the model did not have keeps its first weights. A node's own row goes with its id; new nodes' are new.
    """
    old_rows = torch.from_numpy(start.own_rows(given.corpus))  # none, where the model has no such rows
    for name, shape in given.shapes.items():
        old: Mapping[str, Tensor] = start.towers[name].state_dict()
        new = towers[name].state_dict()
        before: TowerShape = start.towers[name].shape  # type: ignore[assignment]
        for key, value in old.items():
            if key == "first.weight":
                for columns, place in zip(_columns(before), _places(before, shape), strict=True):
                    new[key][:, place] = value[:, columns]
            elif key == "identity.weight":
                there = _of_tower(name, given.features) & (old_rows >= 0)
                rows = torch.from_numpy(given.own_rows[:-1])[there]
                new[key][rows] = value[old_rows[there]]
            else:
                new[key].copy_(value)


def _columns(shape: TowerShape) -> list[slice]:
    """The first layer's columns of each block, and of the flags."""
    d, many = shape.text_dimension, len(shape.blocks)
    return [*(slice(at * d, (at + 1) * d) for at in range(many)), slice(many * d, None)]


def _places(before: TowerShape, shape: TowerShape) -> list[slice]:
    """Where the columns of an older shape stand in a newer one."""
    columns = _columns(shape)
    names = [block.name for block in shape.blocks]
    return [*(columns[names.index(block.name)] for block in before.blocks), columns[-1]]


def _of_tower(tower: str, features: Features) -> Tensor:
    """Which nodes go through a tower, [n]."""
    snp = torch.from_numpy(features.adjacency.groups == GROUPS.index("snp"))
    return snp if tower == "snp" else ~snp
