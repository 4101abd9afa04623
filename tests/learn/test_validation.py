"""Validation: held-out pairs are in no input and no step, and the measures equal a plain loop."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.learn.features.adjacency import build_adjacency
from generel_graph.learn.features.features import Features
from generel_graph.learn.features.pair_hash import fold_bits, id_keys, pair_folds
from generel_graph.learn.features.splits import Split, make_split
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
    adjacency = build_adjacency(corpus, CONFIG.folds, make_split(corpus, CONFIG))
    return corpus, adjacency, task_groups(corpus, adjacency, WEIGHTS)


@pytest.fixture
def features(parts, words):
    corpus, adjacency, _ = parts
    return Features(corpus, adjacency, words.encode(corpus.nodes.texts))


def make_validation(parts, words):
    corpus, _, _ = parts
    data = training_data(corpus, words, ModelConfig(dimension=24, hidden=8), CONFIG, WEIGHTS)
    towers = make_towers(tuple(data.shapes.values()), 0.1, 0)
    return Validation(data, temperature=0.1, seed=0), towers, data.known


def test_split_by_pair_does_not_depend_on_the_order_of_a_pair_and_leaves_the_folds_unchanged():
    keys = id_keys([f"n{i}" for i in range(4000)])
    a, b = np.arange(2000), np.arange(2000, 4000)
    folds, held = pair_folds(a, b, keys, 5), Split.by_pair(keys, 0.1).folds(a, b, 5)
    assert (held == Split.by_pair(keys, 0.1).folds(b, a, 5)).all()
    assert 0.07 < (held == 5).mean() < 0.13
    assert (held[held < 5] == folds[held < 5]).all()
    assert not Split.by_pair(keys, 0.05).is_held_out(a, b)[held < 5].any()  # nested shares


def test_held_out_pair_is_excluded_from_all_folds():
    bits = fold_bits(np.array([0, 4, 5], dtype=np.uint8), 5)
    assert bits.tolist() == [0b1, 0b10000, 0b111111]


def test_held_out_edges_are_only_in_the_inputs_of_all_edges(parts, features, words, build):
    corpus, adjacency, _ = parts
    cl = corpus.nodes.clusters.astype(np.int64)
    a, b = cl[corpus.edges.starts], cl[corpus.edges.ends]
    held = adjacency.split.is_held_out(a, b)
    gwas = corpus.tasks["gwas"]
    used = ~adjacency.split.is_held_out(cl[gwas.anchors], cl[gwas.positives])
    pairs = replace(gwas, **{f: getattr(gwas, f)[used] for f in ("anchors", "positives", "weights", "effects")})
    without = replace(build.without(corpus, held), tasks={**corpus.tasks, "gwas": pairs})
    other = Features(without, build_adjacency(without, CONFIG.folds), words.encode(corpus.nodes.texts))
    every = np.arange(len(corpus.nodes))
    # Blocks differ slightly, because the mean weight of a relation depends on its edges.
    assert torch.allclose(features.rows(every, CONFIG.folds), other.rows(every, None), atol=0.15)
    assert not torch.allclose(features.rows(every, None), other.rows(every, None), atol=0.15)


def test_no_step_has_held_out_pairs(parts, features):
    _, _, groups = parts
    assert sum(len(group.held_out) for group in groups) > 50
    for number in range(20):
        for step in plan_round(groups, features.effects, CONFIG, number):
            assert not set(step.pairs) & set(groups[step.group].held_out)
            assert (features.effects.folds[step.effects] < CONFIG.folds).all()


def test_measures_equal_a_plain_loop(parts, features, words):
    validation, towers, _ = make_validation(parts, words)
    measured = {row.task: row for row in validation.measure(towers, 7)}
    assert {row.step for row in measured.values()} == {7}
    towers.eval()
    with torch.inference_mode():
        z = {tower: validation.run_tower(towers, tower, False).numpy() for tower in validation.tables.inputs}
    for group in validation.groups:
        if sum(g.task == group.task for g in validation.groups) > 1:
            continue
        u, v = z[group.towers[0]][group.anchors], z[group.towers[1]]
        wins, pairs, reciprocal = 0.0, 0, []
        positive = [float(u[i] @ v[group.positives[i]]) for i in range(len(u))]
        negative = [[float(u[i] @ v[o]) for o in group.negatives["degree"][i] if o >= 0] for i in range(len(u))]
        for own in positive:
            for row in negative:
                wins += sum((own > other) + 0.5 * (own == other) for other in row)
                pairs += len(row)
        for own, row in zip(positive, negative, strict=True):
            rank = 1 + sum((other > own) + 0.5 * (other == own) for other in row)
            reciprocal.append(1 / rank)
        assert measured[group.task].auc_degree == pytest.approx(wins / pairs, abs=1e-3)
        assert measured[group.task].mrr == pytest.approx(np.mean(reciprocal), abs=1e-3)


def test_negatives_are_not_known_positives(parts, features, words):
    corpus, _, groups = parts
    validation, _, known = make_validation(parts, words)
    by_task = {group.task: group for group in groups}
    nodes = validation.tables.nodes
    for group in validation.groups:
        if by_task[group.task].is_text:
            continue
        a = corpus.nodes.clusters[nodes[group.towers[0]][group.anchors]].astype(np.int64)
        for rows in group.negatives.values():
            assert rows.shape == (len(a), NEGATIVES)
            for anchor, drawn in zip(a, rows, strict=True):
                b = corpus.nodes.clusters[nodes[group.towers[1]][drawn[drawn >= 0]]].astype(np.int64)
                assert not known.contains(np.full(len(b), anchor), b).any()
