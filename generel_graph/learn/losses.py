"""The training objective: contrastive losses with one signature, by name, and the effect-size term."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import huber_loss, softplus

from generel_graph.config import TrainConfig
from generel_graph.learn.distributed import ProcessGroup
from generel_graph.learn.pairs.batches import Batch, Side

EFFECT_FLOOR = 0.35  # target cosine of a pair without effect, above that of the negatives
EFFECT_RISE = 0.6  # increase of the target for the largest effect
EFFECT_BEND = 0.1  # delta of the Huber loss
ALPHA, BETA, BASE = 2.0, 50.0, 0.5  # multi-similarity: slopes of positives and negatives, and the threshold λ
MARGIN = 0.1  # negatives count if their cosine is larger than that of the positive minus this margin


class Loss(Protocol):
    """A contrastive loss of n pairs (u_i, v_i), weighted by pair; the second number is the loss at chance level.

    `u`, `v` [n, d] unit vectors; `weights` [n], mean 1. `mask` [n, n]: True for (u_i, v_j) that is neither positive nor
    negative; the diagonal is ignored. `extra_negatives` [k, d] unit vectors: more negatives of the anchors u.
    `extra_mask` [n, k]: True for (u_i, extra_negatives_j) that is not a negative. The positives v have no extra
    negatives.
    """

    def __call__(
        self,
        u: Tensor,
        v: Tensor,
        weights: Tensor,
        mask: Tensor,
        temperature: float,
        extra_negatives: Tensor | None = None,
        extra_mask: Tensor | None = None,
    ) -> tuple[Tensor, float]:
        """Return the mean loss of the pairs, a scalar tensor, and the chance level."""


def info_nce(
    u: Tensor,
    v: Tensor,
    weights: Tensor,
    mask: Tensor,
    temperature: float,
    extra_negatives: Tensor | None = None,
    extra_mask: Tensor | None = None,
) -> tuple[Tensor, float]:
    """Weighted symmetric InfoNCE of n pairs, and its value if all cosines were equal (chance level); see `Loss`.

    `temperature`: .05–.2 are common. l_i = ½ (−log softmax_j(S_ij)_i − log softmax_j(S_ji)_i), S = u·v/τ; the first
    softmax includes the extra negatives.
    """
    s, extra, mask, extra_mask = _cosines(u, v, mask, extra_negatives, extra_mask)
    s = (s / temperature).masked_fill(mask, float("-inf"))  # [n, n]
    extra = (extra / temperature).masked_fill(extra_mask, float("-inf"))  # [n, k]
    losses = 0.5 * (torch.logsumexp(torch.cat([s, extra], dim=1), dim=1) + torch.logsumexp(s, dim=0)) - s.diagonal()
    used, used_extra = (~mask).float(), (~extra_mask).float()
    chance = 0.5 * ((used.sum(1) + used_extra.sum(1)).log() + used.sum(0).log())
    return (weights * losses).mean(), float((weights * chance).mean())


def multi_similarity(
    u: Tensor,
    v: Tensor,
    weights: Tensor,
    mask: Tensor,
    temperature: float,
    extra_negatives: Tensor | None = None,
    extra_mask: Tensor | None = None,
) -> tuple[Tensor, float]:
    """Weighted multi-similarity loss of n pairs, half from each side, and its value if all cosines were .5; see `Loss`.

    l = log(1 + e^(−α (p − λ))) / α + log(1 + Σ e^(β (q − λ))) / β; p is the cosine of the pair, q are those of its
    negatives with q > p − .1; without such negatives, l = 0. α = 2, β = 50, λ = .5 replace the temperature, which is
    not used. The slope with respect to a cosine is at most 1, that of InfoNCE 1/τ: lower the weight of the effect-size
    term accordingly. Source: Wang et al., CVPR 2019 (arXiv 1904.06627), with one positive; used by SapBERT and CODER.
    """
    del temperature
    s, extra, mask, extra_mask = _cosines(u, v, mask, extra_negatives, extra_mask)
    own = s.diagonal()
    negative = ~(mask | torch.eye(len(u), dtype=torch.bool, device=u.device))
    by_anchor = _one_direction(own, torch.cat([s, extra], dim=1), torch.cat([negative, ~extra_mask], dim=1))
    losses = 0.5 * (by_anchor + _one_direction(own, s.T, negative.T))
    count = torch.stack([negative.sum(1) + (~extra_mask).sum(1), negative.sum(0)]).float()  # [2, n]
    chance = torch.where(count > 0, softplus(torch.zeros_like(count)) / ALPHA + count.log1p() / BETA, 0.0).mean(0)
    return (weights * losses).mean(), float((weights * chance).mean())


LOSSES: dict[str, Loss] = {"info_nce": info_nce, "multi_similarity": multi_similarity}


def _cosines(
    u: Tensor, v: Tensor, mask: Tensor, extra_negatives: Tensor | None, extra_mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cosines [n, n] and [n, k] and their masks; a pair itself is never masked; k is 0 without extra negatives."""
    if extra_negatives is None or extra_mask is None:
        extra_negatives, extra_mask = v[:0], mask[:, :0]
    return u @ v.T, u @ extra_negatives.T, mask & ~torch.eye(len(u), dtype=torch.bool, device=u.device), extra_mask


def _one_direction(own: Tensor, cosines: Tensor, negative: Tensor) -> Tensor:
    """The multi-similarity loss of each row, [n]; `negative` [n, m]: True for the cosine of a negative."""
    hard = negative & (cosines > own.unsqueeze(1) - MARGIN)
    exponents = torch.where(hard, BETA * (cosines - BASE), float("-inf"))
    zero = torch.zeros_like(own).unsqueeze(1)
    negative_loss = torch.logsumexp(torch.cat([zero, exponents], dim=1), dim=1) / BETA
    return torch.where(hard.any(1), softplus(-ALPHA * (own - BASE)) / ALPHA + negative_loss, 0.0)


def effect_loss(u: Tensor, v: Tensor, scaled_effects: Tensor) -> Tensor:
    """The distance of cosines from their targets; `scaled_effects` [n] = tanh(|log odds ratio| / .5).

    Mean of Huber(cos(u, v) − (.35 + .6 · scaled effect)), Huber(x) = x² / .2 for |x| < .1, otherwise |x| − .05.
    """
    cosine = (u * v).sum(-1)
    target = EFFECT_FLOOR + EFFECT_RISE * scaled_effects
    return huber_loss(cosine, target, delta=EFFECT_BEND) / EFFECT_BEND


def pair_weights(weights: Tensor, clip: float) -> Tensor:
    """Divide weights by their mean over the batch and clip them at `clip`, [n]."""
    return (weights / weights.mean()).clamp(max=clip)


@dataclass(frozen=True, slots=True)
class Objective:
    """The loss of a step and its parts; `total` is minimised."""

    total: Tensor
    loss: Tensor  # per pair, weighted; nats for info_nce
    chance: float  # the loss at chance level
    effect: Tensor | None  # None: the step has no effect pairs


def objective(z: Mapping[str, Tensor], batch: Batch, train: TrainConfig, processes: ProcessGroup) -> Objective:
    """The loss of a complete batch; `z`: the vectors of this process's own pairs (tower → [k, d])."""

    def gathered(side: Side, count: int) -> Tensor:
        return processes.gather_vectors(z[side.tower][side.rows], count)

    pairs, effects = len(batch.weights), len(batch.scaled_effects)
    weights = pair_weights(batch.weights, train.weight_clip) if train.weigh_pairs else torch.ones_like(batch.weights)
    loss, chance = LOSSES[train.loss](
        gathered(batch.anchors, pairs),
        gathered(batch.positives, pairs),
        weights,
        batch.mask,
        train.temperature,
        None if batch.extra_negatives is None else gathered(batch.extra_negatives, batch.extra_mask.shape[1]),
        batch.extra_mask,
    )
    effect: Tensor | None = None
    if batch.effect_anchors is not None and batch.effect_positives is not None:
        effect = effect_loss(
            gathered(batch.effect_anchors, effects), gathered(batch.effect_positives, effects), batch.scaled_effects
        )
    total = loss if effect is None else loss + train.effect_weight * effect
    return Objective(total, loss, chance, effect)
