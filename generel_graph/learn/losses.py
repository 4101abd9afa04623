"""What is made small: weighted symmetric InfoNCE, and the effect-size term."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import huber_loss

EFFECT_FLOOR = 0.35  # cosine that a pair of no effect should have: still above the negatives
EFFECT_RISE = 0.6
EFFECT_BEND = 0.1  # of the Huber loss


def info_nce(u: Tensor, v: Tensor, weights: Tensor, hidden: Tensor, temperature: float) -> tuple[Tensor, float]:
    """Weighted symmetric InfoNCE of n pairs (u_i, v_i), and its value if all cosines were equal (chance).

    `u`, `v` [n, d] unit; `weights` [n], mean 1; `hidden` [n, n]: True where (u_i, v_j) is no negative.
    `temperature`: .05–.2 are common. l_i = ½ (−log softmax_j(S_ij)_i − log softmax_j(S_ji)_i), S = u·v/τ.
    """
    n = len(u)
    hidden = hidden & ~torch.eye(n, dtype=torch.bool, device=u.device)
    s = (u @ v.T / temperature).masked_fill(hidden, float("-inf"))  # [n, n]
    own = s.diagonal()
    each = 0.5 * (torch.logsumexp(s, dim=1) + torch.logsumexp(s, dim=0)) - own  # [n]
    seen = (~hidden).float()
    chance = 0.5 * (seen.sum(1).log() + seen.sum(0).log())
    return (weights * each).mean(), float((weights * chance).mean())


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
