"""Validation: what is held out is in no input and no step, and its figures are those of a plain loop."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.learn.features.adjacency import build_adjacency
from generel_graph.learn.features.features import Features
from generel_graph.learn.features.pair_hash import fold_bits, id_keys, pair_folds
from generel_graph.learn.features.splits import Split, split_of
from generel_graph.learn.model.towers import make_towers
from generel_graph.learn.pairs.batches import plan_round
from generel_graph.learn.pairs.groups import task_groups
from generel_graph.learn.pairs.training_data import training_data
from generel_graph.learn.training.validation import NEGATIVES, Validation

CONFIG = TrainConfig(steps=400, batch_size=32, held_out=0.1)
WEIGHTS = {"gwas": 12.0, "gene_trait": 2.0}


@pytest.fixture(scope="module")
def parts(planted_corpus):
    corpus, _ = planted_corpus
    adjacency = build_adjacency(corpus, CONFIG.folds, split_of(corpus, CONFIG))
    return corpus, adjacency, task_groups(corpus, adjacency, WEIGHTS)


@pytest.fixture
def features(parts, words):
    corpus, adjacency, _ = parts
    return Features(corpus, adjacency, words.encode(corpus.nodes.texts))


def made(parts, words):
    corpus, _, _ = parts
    given = training_data(corpus, words, ModelConfig(dimension=24, hidden=8), CONFIG, WEIGHTS)
    towers = make_towers(tuple(given.shapes.values()), 0.1, 0)
    return Validation(given, temperature=0.1, seed=0), towers, given.known


def test_the_held_out_share_is_the_same_for_mirrors_and_leaves_the_folds_as_they_were():
    keys = id_keys([f"n{i}" for i in range(4000)])
    a, b = np.arange(2000), np.arange(2000, 4000)
    folds, held = pair_folds(a, b, keys, 5), Split.by_pair(keys, 0.1).folds(a, b, 5)
    assert (held == Split.by_pair(keys, 0.1).folds(b, a, 5)).all()
    assert 0.07 < (held == 5).mean() < 0.13
    assert (held[held < 5] == folds[held < 5]).all()
    assert not Split.by_pair(keys, 0.05).held(a, b)[held < 5].any()  # a larger share holds out more, not others


def test_a_held_out_pair_is_in_no_fold():
    bits = fold_bits(np.array([0, 4, 5], dtype=np.uint8), 5)
    assert bits.tolist() == [0b1, 0b10000, 0b111111]


def test_held_out_edges_are_in_no_input_but_that_of_all(parts, features, words, build):
    corpus, adjacency, _ = parts
    cl = corpus.nodes.clusters.astype(np.int64)
    a, b = cl[corpus.edges.starts], cl[corpus.edges.ends]
    held = adjacency.split.held(a, b)
    gwas = corpus.tasks["gwas"]
    kept = ~adjacency.split.held(cl[gwas.anchors], cl[gwas.positives])
    pairs = replace(gwas, **{f: getattr(gwas, f)[kept] for f in ("anchors", "positives", "weights", "effects")})
    without = replace(build.without(corpus, held), tasks={**corpus.tasks, "gwas": pairs})
    other = Features(without, build_adjacency(without, CONFIG.folds), words.encode(corpus.nodes.texts))
    every = np.arange(len(corpus.nodes))
    # The mean weight of a relation moves a little with its edges; it scales nothing but whole blocks' parts.
    assert torch.allclose(features.rows(every, CONFIG.folds), other.rows(every, None), atol=0.15)
    assert not torch.allclose(features.rows(every, None), other.rows(every, None), atol=0.15)


def test_no_step_is_drawn_from_what_is_held_out(parts, features):
    _, _, groups = parts
    assert sum(len(group.held) for group in groups) > 50
    for number in range(20):
        for step in plan_round(groups, features.effects, CONFIG, number):
            assert not set(step.pairs) & set(groups[step.group].held)
            assert (features.effects.folds[step.effects] < CONFIG.folds).all()


def test_figures_are_those_of_a_plain_loop(parts, features, words):
    validation, towers, _ = made(parts, words)
    told = {row.task: row for row in validation.measure(towers, 7)}
    assert {row.step for row in told.values()} == {7}
    towers.eval()
    with torch.inference_mode():
        z = {tower: validation._run(towers, tower, False).numpy() for tower in validation._inputs}
    for held in validation.held:
        if sum(h.task == held.task for h in validation.held) > 1:
            continue
        u, v = z[held.towers[0]][held.anchors], z[held.towers[1]]
        wins, pairs, reciprocal = 0.0, 0, []
        own = [float(u[i] @ v[held.positives[i]]) for i in range(len(u))]
        others = [[float(u[i] @ v[o]) for o in held.others["degree"][i] if o >= 0] for i in range(len(u))]
        for mine in own:
            for row in others:
                wins += sum((mine > other) + 0.5 * (mine == other) for other in row)
                pairs += len(row)
        for mine, row in zip(own, others, strict=True):
            rank = 1 + sum((other > mine) + 0.5 * (other == mine) for other in row)
            reciprocal.append(1 / rank)
        assert told[held.task].auc_degree == pytest.approx(wins / pairs, abs=1e-3)
        assert told[held.task].mrr == pytest.approx(np.mean(reciprocal), abs=1e-3)


def test_what_it_is_told_from_is_stated_nowhere(parts, features, words):
    corpus, _, groups = parts
    validation, _, known = made(parts, words)
    by_task = {group.task: group for group in groups}
    nodes = validation._nodes
    for held in validation.held:
        group = by_task[held.task]
        if group.is_text:
            continue
        a = corpus.nodes.clusters[nodes[held.towers[0]][held.anchors]].astype(np.int64)
        for places in held.others.values():
            assert places.shape == (len(a), NEGATIVES)
            for row, some in zip(a, places, strict=True):
                b = corpus.nodes.clusters[nodes[held.towers[1]][some[some >= 0]]].astype(np.int64)
                assert not known.stated(np.full(len(b), row), b).any()
