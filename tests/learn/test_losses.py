"""The losses, compared with plain loops."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from generel_etl.fields import LossName
from generel_graph.learn.losses import LOSSES, effect_loss, info_nce, multi_similarity, pair_weights


def unit(n, d, seed):
    return normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=-1)


def test_info_nce_equals_a_plain_loop():
    n, tau = 7, 0.1
    u, v = unit(n, 5, 1), unit(n, 5, 2)
    rng = np.random.default_rng(3)
    mask = rng.random((n, n)) < 0.3
    weights = rng.random(n) + 0.1
    weights /= weights.mean()
    total = chance = 0.0
    for i in range(n):
        row = [float(u[i] @ v[j]) / tau for j in range(n) if j == i or not mask[i, j]]
        column = [float(u[j] @ v[i]) / tau for j in range(n) if j == i or not mask[j, i]]
        own = float(u[i] @ v[i]) / tau
        of_pair = 0.5 * (-own + math.log(sum(map(math.exp, row)))) + 0.5 * (-own + math.log(sum(map(math.exp, column))))
        total += weights[i] * of_pair / n
        chance += weights[i] * 0.5 * (math.log(len(row)) + math.log(len(column))) / n
    loss, by_chance = info_nce(u, v, torch.tensor(weights).float(), torch.tensor(mask), tau)
    assert loss.item() == pytest.approx(total, rel=1e-5)
    assert by_chance == pytest.approx(chance, rel=1e-5)


def test_info_nce_is_chance_where_all_cosines_are_equal():
    u = unit(1, 5, 1).repeat(6, 1)
    loss, chance = info_nce(u, u, torch.ones(6), torch.zeros(6, 6, dtype=torch.bool), 0.1)
    assert loss.item() == pytest.approx(chance) == pytest.approx(math.log(6))


def test_masked_pairs_do_not_change_the_loss():
    u, v = unit(4, 5, 1), unit(4, 5, 2)
    mask = torch.zeros(4, 4, dtype=torch.bool)
    mask[0, 2] = True
    before, _ = info_nce(u, v, torch.ones(4), mask, 0.1)
    # changes only the cosine of the masked pair (0, 2)
    s = u @ v.T / 0.1
    s[0, 2] = 99.0
    s = s.masked_fill(mask, float("-inf"))
    after = (0.5 * (torch.logsumexp(s, 1) + torch.logsumexp(s, 0)) - s.diagonal()).mean()
    assert before.item() == pytest.approx(after.item(), rel=1e-6)


def test_effect_loss_equals_a_plain_loop():
    u, v = unit(9, 4, 1), unit(9, 4, 2)
    scaled = torch.rand(9, generator=torch.Generator().manual_seed(0))
    total = 0.0
    for i in range(9):
        difference = float(u[i] @ v[i]) - (0.35 + 0.6 * float(scaled[i]))
        total += difference**2 / 0.2 if abs(difference) < 0.1 else abs(difference) - 0.05
    assert effect_loss(u, v, scaled).item() == pytest.approx(total / 9, rel=1e-5)


def test_pair_weights_have_mean_one_and_are_clipped():
    weights = pair_weights(torch.tensor([1.0, 1.0, 2.0]), 10.0)
    assert weights.mean().item() == pytest.approx(1.0)
    assert pair_weights(torch.tensor([0.001] * 99 + [1.0]), 10.0).max().item() == 10.0


def loss_arguments(n=6, k=4, near=False):
    """Arguments of a loss: pairs, weights of mean 1, masks, extra negatives; `near`: all cosines within the margin."""
    u, v, extra = (unit(x, 5, s) for x, s in ((n, 1), (n, 2), (k, 3)))
    if near:
        u, v, extra = (normalize(x + 4.0, dim=-1) for x in (u, v, extra))
    rng = np.random.default_rng(4)
    weights = rng.random(n) + 0.1
    mask, extra_mask = rng.random((n, n)) < 0.3, rng.random((n, k)) < 0.3
    mask[2], mask[:, 2], extra_mask[2] = True, True, True  # a pair without negatives
    return (
        u,
        v,
        torch.tensor(weights / weights.mean()).float(),
        torch.tensor(mask),
        extra,
        torch.tensor(extra_mask),
    )


def test_info_nce_with_extra_negatives_equals_a_plain_loop():
    u, v, weights, mask, extra, extra_mask = loss_arguments()
    tau, n, k = 0.1, len(u), len(extra)
    total = chance = 0.0
    for i in range(n):
        row = [float(u[i] @ v[j]) / tau for j in range(n) if j == i or not mask[i, j]]
        row += [float(u[i] @ extra[o]) / tau for o in range(k) if not extra_mask[i, o]]
        column = [float(u[j] @ v[i]) / tau for j in range(n) if j == i or not mask[j, i]]
        own = float(u[i] @ v[i]) / tau
        of_pair = 0.5 * (-own + math.log(sum(map(math.exp, row)))) + 0.5 * (-own + math.log(sum(map(math.exp, column))))
        total += float(weights[i]) * of_pair / n
        chance += float(weights[i]) * 0.5 * (math.log(len(row)) + math.log(len(column))) / n
    loss, by_chance = info_nce(u, v, weights, mask, tau, extra, extra_mask)
    assert loss.item() == pytest.approx(total, rel=1e-5)
    assert by_chance == pytest.approx(chance, rel=1e-5)


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("with_extra", [False, True])
def test_multi_similarity_equals_a_plain_loop(near, with_extra):
    u, v, weights, mask, extra, extra_mask = loss_arguments(near=near)
    n, total, chance, mined = len(u), 0.0, 0.0, 0
    for i in range(n):
        own = float(u[i] @ v[i])
        row = [float(u[i] @ v[j]) for j in range(n) if j != i and not mask[i, j]]
        if with_extra:
            row += [float(u[i] @ extra[o]) for o in range(len(extra)) if not extra_mask[i, o]]
        column = [float(u[j] @ v[i]) for j in range(n) if j != i and not mask[j, i]]
        for negatives in (row, column):
            hard = [q for q in negatives if q > own - 0.1]
            easy = not negatives or own >= max(negatives) + 0.1  # the rule of the paper for positives
            assert easy == (not hard)
            mined += len(hard)
            if hard:
                pulled = math.log(1 + math.exp(-2 * (own - 0.5))) / 2
                pushed = math.log(1 + sum(math.exp(50 * (q - 0.5)) for q in hard)) / 50
                total += float(weights[i]) * 0.5 * (pulled + pushed) / n
            if negatives:
                chance += float(weights[i]) * 0.5 * (math.log(2) / 2 + math.log(1 + len(negatives)) / 50) / n
    assert mined > 5
    arguments = (extra, extra_mask) if with_extra else ()
    loss, by_chance = multi_similarity(u, v, weights, mask, 0.1, *arguments)
    assert loss.item() == pytest.approx(total, rel=1e-5)
    assert by_chance == pytest.approx(chance, rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_common_properties_of_all_losses(name):
    """Finite gradients; masked pairs do not matter; empty extra negatives equal none; equal cosines give chance."""
    u, v, weights, mask, extra, extra_mask = loss_arguments()
    loss = LOSSES[name]
    leaves = [x.clone().requires_grad_() for x in (u, v, extra)]
    value, _ = loss(leaves[0], leaves[1], weights, mask, 0.1, leaves[2], extra_mask)
    value.backward()
    assert all(torch.isfinite(x.grad).all() for x in leaves)
    assert leaves[2].grad.abs().sum() > 0
    changed = extra.clone()
    changed[1] = unit(1, 5, 9)[0]
    masked = extra_mask.clone()
    masked[:, 1] = True
    before, after = (loss(u, v, weights, mask, 0.1, negatives, masked) for negatives in (extra, changed))
    assert before[0].item() == after[0].item()
    assert before[1] == after[1]
    none, empty = loss(u, v, weights, mask, 0.1), loss(u, v, weights, mask, 0.1, extra[:0], extra_mask[:, :0])
    assert none[0].item() == empty[0].item()
    assert none[1] == empty[1]
    half = torch.tensor([[1.0, 0.0], [0.5, 0.75**0.5]])  # a cosine of .5
    a, b = half[:1].repeat(6, 1), half[1:].repeat(6, 1)
    value, chance = loss(a, b, weights, mask, 0.1, b[:4], extra_mask)
    assert value.item() == pytest.approx(chance, rel=1e-5)


def test_configuration_offers_every_loss():
    assert get_args(LossName)[1].names == tuple(LOSSES)
