"""What a step makes small: the contrastive loss of a task's pairs, and the effect-size term."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from generel_graph.config import TrainConfig
from generel_graph.learn.loop.losses import LOSSES, effect_loss, pair_weights
from generel_graph.learn.loop.world import World
from generel_graph.learn.pairs.batches import Batch, Side


@dataclass(frozen=True, slots=True)
class Objective:
    """The parts of a step's loss; `total` is what is descended."""

    total: Tensor
    loss: Tensor  # a pair, weighted; nats for info_nce
    chance: float  # what the loss would be for a guess, as the loss itself tells
    effect: Tensor | None  # None: the step has no pairs with an odds ratio


def objective(z: Mapping[str, Tensor], batch: Batch, train: TrainConfig, world: World) -> Objective:
    """The loss of a whole batch, of which this process made the vectors `z` of its own pairs (tower → [k, d])."""

    def joint(side: Side, many: int) -> Tensor:
        return world.joint(z[side.tower][side.rows], many)

    pairs, effects = len(batch.weights), len(batch.measure)
    weights = pair_weights(batch.weights, train.weight_clip) if train.weigh_pairs else torch.ones_like(batch.weights)
    loss, chance = LOSSES[train.loss](
        joint(batch.anchors, pairs),
        joint(batch.positives, pairs),
        weights,
        batch.hidden,
        train.temperature,
        None if batch.others is None else joint(batch.others, batch.others_hidden.shape[1]),
        batch.others_hidden,
    )
    effect: Tensor | None = None
    if batch.effect_anchors is not None and batch.effect_positives is not None:
        effect = effect_loss(
            joint(batch.effect_anchors, effects), joint(batch.effect_positives, effects), batch.measure
        )
    total = loss if effect is None else loss + train.effect_weight * effect
    return Objective(total, loss, chance, effect)
