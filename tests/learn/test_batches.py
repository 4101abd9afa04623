"""What a batch may hold."""

from dataclasses import replace

import numpy as np
import pytest

from generel_etl.errors import ModelError
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.learn.features.adjacency import build_adjacency
from generel_graph.learn.features.features import Features
from generel_graph.learn.features.pair_hash import pair_folds
from generel_graph.learn.pairs.batches import ROUND_STEPS, RoundInputs, plan_round
from generel_graph.learn.pairs.groups import KnownPairs, snp_genes, task_groups
from generel_graph.learn.pairs.training_data import training_data

CONFIG = TrainConfig(steps=400, batch_size=32)


@pytest.fixture(scope="module")
def parts(planted_corpus):
    corpus, _ = planted_corpus
    adjacency = build_adjacency(corpus, CONFIG.folds)
    return corpus, adjacency, task_groups(corpus, adjacency, {"gwas": 12.0, "gene_trait": 2.0})


@pytest.fixture
def features(parts, words):
    corpus, adjacency, _ = parts
    return Features(corpus, adjacency, words.encode(corpus.nodes.texts))


def test_batches_are_of_one_fold_and_name_no_anchor_twice(parts, features):
    _, adjacency, groups = parts
    for number in range(6):
        steps = plan_round(groups, features.effects, CONFIG, number)
        assert len(steps) == ROUND_STEPS
        assert len({step.fold for step in steps}) == 1
        for step in steps:
            group = groups[step.group]
            a, b = group.anchor_clusters[step.pairs], group.positive_clusters[step.pairs]
            assert len(set(a)) == len(a) <= CONFIG.batch_size
            assert (pair_folds(a, b, adjacency.split.keys, CONFIG.folds) == step.fold).all()
            assert (features.effects.folds[step.effects] == step.fold).all()


def test_a_batch_larger_than_a_task_is_all_of_its_pairs_in_the_fold(parts, features):
    _, _, groups = parts
    drawn = 0
    for number in range(6):
        for step in plan_round(groups, features.effects, replace(CONFIG, batch_size=10**6), number):
            group = groups[step.group]
            pool = group.by_fold[step.fold]
            assert len(step.pairs) == len(set(group.anchor_clusters[pool]))  # no anchor twice
            assert set(step.pairs) <= set(pool)
            drawn += 1
    assert drawn == 6 * ROUND_STEPS


def test_folds_take_turns(parts, features):
    _, _, groups = parts
    folds = [plan_round(groups, features.effects, CONFIG, number)[0].fold for number in range(10)]
    assert sorted(folds[:5]) == sorted(folds[5:]) == list(range(5))


def test_ends_of_a_batch_are_of_one_kind(build):
    rows = [(f"DRUG:{i}", "Drug", f"d{i}") for i in range(9)] + [(f"HGNC:{i}", "Gene", f"g{i}") for i in range(9)]
    rows += [(f"MONDO:{i}", "Disease", f"m{i}") for i in range(9)]
    kg = [(f"DRUG:{i}", f"{p}:{i}", 1.0, np.nan) for i in range(9) for p in ("HGNC", "MONDO")]
    kg += [(f"HP:{i}", f"HGNC:{i}", 1.0, np.nan) for i in range(3)]
    rows += [(f"HP:{i}", "Phenotype", f"h{i}") for i in range(3)]
    corpus = build.corpus(rows, [(a, "AFFECTS", b) for a, b, _, _ in kg], {"kg": kg})
    groups = task_groups(corpus, build_adjacency(corpus, 5), {})
    found = {(g.task, g.anchor_kind, g.positive_kind): len(g.anchors) for g in groups}
    assert found == {("kg", "Drug", "Gene"): 9, ("kg", "Drug", "Condition"): 9}  # three pairs are too few


def test_snp_and_gene_read_all_edges(parts, features):
    _, _, groups = parts
    whole = {groups[s.group].task: set() for n in range(10) for s in plan_round(groups, features.effects, CONFIG, n)}
    for number in range(10):
        for step in plan_round(groups, features.effects, CONFIG, number):
            whole[groups[step.group].task].add(step.whole)
    assert whole["snp_gene"] == {True}
    assert whole["gwas"] == {True, False}


def test_known_pairs_are_no_negatives(parts):
    corpus, adjacency, groups = parts
    known = KnownPairs(adjacency, groups)
    cl = corpus.nodes.clusters
    stated = {frozenset((int(cl[a]), int(cl[b]))) for a, b in zip(corpus.edges.starts, corpus.edges.ends, strict=True)}
    for group in groups:
        if not group.is_text:
            ends = zip(group.anchor_clusters, group.positive_clusters, strict=True)
            stated |= {frozenset(map(int, pair)) for pair in ends}
    is_a = corpus.edges.types.index("IS_A")
    assert not (corpus.edges.type == is_a).all()
    group = next(g for g in groups if g.task == "gwas")
    a, b = group.anchor_clusters[:40], group.positive_clusters[:40]
    hidden = known.hidden(a, b)
    for i in range(40):
        for j in range(40):
            shares = a[i] == a[j] or b[i] == b[j] or a[i] == b[j]
            assert hidden[i, j] == (shares or frozenset((int(a[i]), int(b[j]))) in stated)


def test_without_a_mask_only_equal_ends_are_no_negatives(parts):
    _, adjacency, groups = parts
    group = next(g for g in groups if g.task == "gwas")
    a, b = group.anchor_clusters[:40], group.positive_clusters[:40]
    hidden = KnownPairs(adjacency, groups, stated=False).hidden(a, b)
    assert np.array_equal(hidden, (a[:, None] == a[None, :]) | (b[:, None] == b[None, :]))
    assert hidden.sum() < KnownPairs(adjacency, groups).hidden(a, b).sum()


def test_gene_trait_is_composed_of_two_hops(parts):
    corpus, _, groups = parts
    found = {
        (int(a), int(b)) for g in groups if g.task == "gene_trait" for a, b in zip(g.anchors, g.positives, strict=True)
    }
    links, gwas = snp_genes(corpus), corpus.tasks["gwas"]
    genes = {}
    for s, g in zip(links.anchors, links.positives, strict=True):
        genes.setdefault(int(s), set()).add(int(g))
    expected = {(g, int(t)) for s, t in zip(gwas.anchors, gwas.positives, strict=True) for g in genes.get(int(s), ())}
    assert found == expected


def test_a_composed_task_can_be_switched_off(parts):
    corpus, adjacency, _ = parts
    groups = task_groups(corpus, adjacency, {"gene_trait": 0, "snp_gene": 0})
    assert not {"gene_trait", "snp_gene"} & {g.task for g in groups}


def test_inputs_of_a_batch_are_those_of_its_nodes(parts, features, words):
    corpus, _, groups = parts
    config = replace(CONFIG, held_out=0.0)
    given = training_data(corpus, words, ModelConfig(dimension=24, hidden=8), config, {"gwas": 12.0, "gene_trait": 2.0})
    shapes, synonyms = given.shapes, given.synonyms
    steps = plan_round(groups, features.effects, CONFIG, 0)
    inputs = RoundInputs(given, steps)
    tasks = set()
    for step in steps:
        group = groups[step.group]
        tasks.add(group.task)
        batch = inputs.batch(step)
        fold = None if step.whole else step.fold
        tower = group.towers[0]
        rows = batch.inputs[tower][batch.anchors.rows]
        expected = features.rows(group.anchors[step.pairs], fold, shapes[tower].blocks)
        np.testing.assert_allclose(rows, expected, atol=1e-5)
        rows = batch.inputs[batch.positives.tower][batch.positives.rows]
        if group.is_text:
            text = synonyms["synonym"][group.positives[step.pairs]] * 24**0.5
            np.testing.assert_allclose(rows[:, :24], text, atol=1e-5)
            assert not rows[:, 24 : 24 * len(shapes["concept"].blocks)].any()
        else:
            expected = features.rows(group.positives[step.pairs], fold, shapes[group.towers[1]].blocks)
            np.testing.assert_allclose(rows, expected, atol=1e-5)
        if len(step.effects):
            assert batch.effect_anchors is not None
            rows = batch.inputs["snp"][batch.effect_anchors.rows]
            ends = features.effects.anchors[step.effects]
            np.testing.assert_allclose(rows, features.rows(ends, step.fold, shapes["snp"].blocks), atol=1e-5)
    assert {"gwas", "synonym"} <= tasks


@pytest.mark.parametrize("weights", [[-1.0], [np.nan], [np.inf], [0.0], [0.5, np.nan], [0.5, 0.5, -0.1]])
def test_pair_weights_that_cannot_be(parts, weights):
    corpus, adjacency, _ = parts
    gwas = corpus.tasks["gwas"]
    bad = replace(gwas, weights=np.resize(np.array(weights, dtype=np.float32), len(gwas)))
    with pytest.raises(ModelError, match="numbers in") as error:
        task_groups(replace(corpus, tasks={"gwas": bad}), adjacency, {})
    assert "gwas" in error.value.where


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_a_weight_of_a_task_that_cannot_be(parts, weight):
    corpus, adjacency, _ = parts
    with pytest.raises(ModelError, match="a number from 0 on") as error:
        task_groups(corpus, adjacency, {"gwas": weight})
    assert error.value.where == "tasks.gwas.weight"


def test_no_pairs_at_all(parts):
    corpus, adjacency, _ = parts
    with pytest.raises(ModelError, match="no task has 8 pairs"):
        task_groups(replace(corpus, tasks={}), adjacency, {"snp_gene": 0})
