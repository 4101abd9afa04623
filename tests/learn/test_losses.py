"""Losses against the same thing written out in plain loops."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from generel_graph.learn.losses import effect_loss, info_nce, pair_weights


def unit(n, d, seed):
    return normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=-1)


def test_info_nce_equals_a_plain_loop():
    n, tau = 7, 0.1
    u, v = unit(n, 5, 1), unit(n, 5, 2)
    rng = np.random.default_rng(3)
    hidden = rng.random((n, n)) < 0.3
    weights = rng.random(n) + 0.1
    weights /= weights.mean()
    total = chance = 0.0
    for i in range(n):
        row = [float(u[i] @ v[j]) / tau for j in range(n) if j == i or not hidden[i, j]]
        column = [float(u[j] @ v[i]) / tau for j in range(n) if j == i or not hidden[j, i]]
        own = float(u[i] @ v[i]) / tau
        each = 0.5 * (-own + math.log(sum(map(math.exp, row)))) + 0.5 * (-own + math.log(sum(map(math.exp, column))))
        total += weights[i] * each / n
        chance += weights[i] * 0.5 * (math.log(len(row)) + math.log(len(column))) / n
    loss, by_chance = info_nce(u, v, torch.tensor(weights).float(), torch.tensor(hidden), tau)
    assert loss.item() == pytest.approx(total, rel=1e-5)
    assert by_chance == pytest.approx(chance, rel=1e-5)


def test_info_nce_is_chance_where_all_cosines_are_equal():
    u = unit(1, 5, 1).repeat(6, 1)
    loss, chance = info_nce(u, u, torch.ones(6), torch.zeros(6, 6, dtype=torch.bool), 0.1)
    assert loss.item() == pytest.approx(chance) == pytest.approx(math.log(6))


def test_hidden_pairs_do_not_matter():
    u, v = unit(4, 5, 1), unit(4, 5, 2)
    hidden = torch.zeros(4, 4, dtype=torch.bool)
    hidden[0, 2] = True
    before, _ = info_nce(u, v, torch.ones(4), hidden, 0.1)
    # only the pair (0, 2) is changed: v_2 turned within what all other anchors see would change more
    s = u @ v.T / 0.1
    s[0, 2] = 99.0
    s = s.masked_fill(hidden, float("-inf"))
    after = (0.5 * (torch.logsumexp(s, 1) + torch.logsumexp(s, 0)) - s.diagonal()).mean()
    assert before.item() == pytest.approx(after.item(), rel=1e-6)


def test_effect_loss_equals_a_plain_loop():
    u, v = unit(9, 4, 1), unit(9, 4, 2)
    measure = torch.rand(9, generator=torch.Generator().manual_seed(0))
    total = 0.0
    for i in range(9):
        away = float(u[i] @ v[i]) - (0.35 + 0.6 * float(measure[i]))
        total += away**2 / 0.2 if abs(away) < 0.1 else abs(away) - 0.05
    assert effect_loss(u, v, measure).item() == pytest.approx(total / 9, rel=1e-5)


def test_pair_weights_have_mean_one_and_are_cut():
    weights = pair_weights(torch.tensor([1.0, 1.0, 2.0]), 10.0)
    assert weights.mean().item() == pytest.approx(1.0)
    assert pair_weights(torch.tensor([0.001] * 99 + [1.0]), 10.0).max().item() == 10.0
