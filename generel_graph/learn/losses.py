"""What is made small: contrastive losses of one signature, by name, and the effect-size term."""

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

EFFECT_FLOOR = 0.35  # cosine that a pair of no effect should have: still above the negatives
EFFECT_RISE = 0.6
EFFECT_BEND = 0.1  # of the Huber loss
ALPHA, BETA, BASE = 2.0, 50.0, 0.5  # multi-similarity: slopes of positives and negatives, the cosine between them
MARGIN = 0.1  # by which a negative may be further than the positive and still count


class Loss(Protocol):
    """A contrastive loss of n pairs (u_i, v_i), weighted by pair; the second number is what a guess would give.

    `u`, `v` [n, d] unit; `weights` [n], mean 1; `hidden` [n, n]: True where (u_i, v_j) is neither positive nor
    negative, the diagonal aside. `others` [k, d] unit: further negatives of the anchors u; `others_hidden` [n, k]:
    True where (u_i, others_j) is none. The positives v have no further negatives.
    """

    def __call__(
        self,
        u: Tensor,
        v: Tensor,
        weights: Tensor,
        hidden: Tensor,
        temperature: float,
        others: Tensor | None = None,
        others_hidden: Tensor | None = None,
    ) -> tuple[Tensor, float]: ...


def info_nce(
    u: Tensor,
    v: Tensor,
    weights: Tensor,
    hidden: Tensor,
    temperature: float,
    others: Tensor | None = None,
    others_hidden: Tensor | None = None,
) -> tuple[Tensor, float]:
    """Weighted symmetric InfoNCE of n pairs, and its value if all cosines were equal (chance); see `Loss`.

    `temperature`: .05–.2 are common. l_i = ½ (−log softmax_j(S_ij)_i − log softmax_j(S_ji)_i), S = u·v/τ; the first
    softmax is over the others too.
    """
    s, far, hidden, far_hidden = _cosines(u, v, hidden, others, others_hidden)
    s = (s / temperature).masked_fill(hidden, float("-inf"))  # [n, n]
    far = (far / temperature).masked_fill(far_hidden, float("-inf"))  # [n, k]
    each = 0.5 * (torch.logsumexp(torch.cat([s, far], dim=1), dim=1) + torch.logsumexp(s, dim=0)) - s.diagonal()
    seen, seen_far = (~hidden).float(), (~far_hidden).float()
    chance = 0.5 * ((seen.sum(1) + seen_far.sum(1)).log() + seen.sum(0).log())
    return (weights * each).mean(), float((weights * chance).mean())


def multi_similarity(
    u: Tensor,
    v: Tensor,
    weights: Tensor,
    hidden: Tensor,
    temperature: float,
    others: Tensor | None = None,
    others_hidden: Tensor | None = None,
) -> tuple[Tensor, float]:
    """Weighted multi-similarity loss of n pairs, half from each side, and its value if all cosines were .5; see `Loss`.

    l = log(1 + e^(−α (p − λ))) / α + log(1 + Σ e^(β (q − λ))) / β, p the pair's cosine, q those of its negatives with
    q > p − .1; without any such l = 0. α 2, β 50, λ .5; they stand for the temperature, which is not read. Its
    slope by a cosine is at most 1, InfoNCE's 1/τ: the effect-size term's weight is to be lowered as much.
    Source: Wang et al., CVPR 2019 (arXiv 1904.06627), with one positive; SapBERT and CODER train with it.
    """
    del temperature
    s, far, hidden, far_hidden = _cosines(u, v, hidden, others, others_hidden)
    own = s.diagonal()
    negative = ~(hidden | torch.eye(len(u), dtype=torch.bool, device=u.device))
    forth = _one_way(own, torch.cat([s, far], dim=1), torch.cat([negative, ~far_hidden], dim=1))
    each = 0.5 * (forth + _one_way(own, s.T, negative.T))
    many = torch.stack([negative.sum(1) + (~far_hidden).sum(1), negative.sum(0)]).float()  # [2, n]
    chance = torch.where(many > 0, softplus(torch.zeros_like(many)) / ALPHA + many.log1p() / BETA, 0.0).mean(0)
    return (weights * each).mean(), float((weights * chance).mean())


LOSSES: dict[str, Loss] = {"info_nce": info_nce, "multi_similarity": multi_similarity}


def _cosines(
    u: Tensor, v: Tensor, hidden: Tensor, others: Tensor | None, others_hidden: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cosines [n, n] and [n, k] and what is hidden of them, a pair itself never; k is 0 without others."""
    if others is None or others_hidden is None:
        others, others_hidden = v[:0], hidden[:, :0]
    return u @ v.T, u @ others.T, hidden & ~torch.eye(len(u), dtype=torch.bool, device=u.device), others_hidden


def _one_way(own: Tensor, cosines: Tensor, negative: Tensor) -> Tensor:
    """The multi-similarity loss of each row, [n]; `negative` [n, m]: which cosines are of negatives."""
    hard = negative & (cosines > own.unsqueeze(1) - MARGIN)
    pushed = torch.where(hard, BETA * (cosines - BASE), float("-inf"))
    zero = torch.zeros_like(own).unsqueeze(1)
    away = torch.logsumexp(torch.cat([zero, pushed], dim=1), dim=1) / BETA
    return torch.where(hard.any(1), softplus(-ALPHA * (own - BASE)) / ALPHA + away, 0.0)


def effect_loss(u: Tensor, v: Tensor, measure: Tensor) -> Tensor:
    """How far cosines are from what the odds ratios ask for; `measure` [n] = tanh(|log odds ratio| / .5).

    Mean of Huber(cos(u, v) − (.35 + .6 · measure)), Huber(x) = x² / .2 below .1, else |x| − .05.
    """
    cosine = (u * v).sum(-1)
    target = EFFECT_FLOOR + EFFECT_RISE * measure
    return huber_loss(cosine, target, delta=EFFECT_BEND) / EFFECT_BEND


def pair_weights(weights: Tensor, clip: float) -> Tensor:
    """Divide by the batch's mean and cut at `clip`, [n]."""
    return (weights / weights.mean()).clamp(max=clip)


@dataclass(frozen=True, slots=True)
class Objective:
    """The parts of a step's loss; `total` is what is descended."""

    total: Tensor
    loss: Tensor  # a pair, weighted; nats for info_nce
    chance: float  # what the loss would be for a guess, as the loss itself tells
    effect: Tensor | None  # None: the step has no pairs with an odds ratio


def objective(z: Mapping[str, Tensor], batch: Batch, train: TrainConfig, processes: ProcessGroup) -> Objective:
    """The loss of a whole batch, of which this process made the vectors `z` of its own pairs (tower → [k, d])."""

    def joint(side: Side, many: int) -> Tensor:
        return processes.gather_vectors(z[side.tower][side.rows], many)

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
