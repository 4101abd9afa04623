"""Batches: folds, anchors, kinds, masks, composed tasks and inputs."""

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


def test_batches_have_one_fold_and_distinct_anchors(parts, features):
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


def test_batch_larger_than_a_task_has_all_its_anchors_in_the_fold(parts, features):
    _, _, groups = parts
    drawn = 0
    for number in range(6):
        for step in plan_round(groups, features.effects, replace(CONFIG, batch_size=10**6), number):
            group = groups[step.group]
            pool = group.by_fold[step.fold]
            assert len(step.pairs) == len(set(group.anchor_clusters[pool]))  # each anchor once
            assert set(step.pairs) <= set(pool)
            drawn += 1
    assert drawn == 6 * ROUND_STEPS


def test_rounds_cycle_through_the_folds(parts, features):
    _, _, groups = parts
    folds = [plan_round(groups, features.effects, CONFIG, number)[0].fold for number in range(10)]
    assert sorted(folds[:5]) == sorted(folds[5:]) == list(range(5))


def test_groups_have_one_kind_of_anchor_and_one_of_positive(build):
    rows = [(f"DRUG:{i}", "Drug", f"d{i}") for i in range(9)] + [(f"HGNC:{i}", "Gene", f"g{i}") for i in range(9)]
    rows += [(f"MONDO:{i}", "Disease", f"m{i}") for i in range(9)]
    kg = [(f"DRUG:{i}", f"{p}:{i}", 1.0, np.nan) for i in range(9) for p in ("HGNC", "MONDO")]
    kg += [(f"HP:{i}", f"HGNC:{i}", 1.0, np.nan) for i in range(3)]
    rows += [(f"HP:{i}", "Phenotype", f"h{i}") for i in range(3)]
    corpus = build.corpus(rows, [(a, "AFFECTS", b) for a, b, _, _ in kg], {"kg": kg})
    groups = task_groups(corpus, build_adjacency(corpus, 5), {})
    sizes = {(g.task, g.anchor_kind, g.positive_kind): len(g.anchors) for g in groups}
    assert sizes == {("kg", "Drug", "Gene"): 9, ("kg", "Drug", "Condition"): 9}  # three pairs are too few


def test_inputs_of_snp_gene_pairs_include_all_folds(parts, features):
    _, _, groups = parts
    all_folds = {
        groups[s.group].task: set() for n in range(10) for s in plan_round(groups, features.effects, CONFIG, n)
    }
    for number in range(10):
        for step in plan_round(groups, features.effects, CONFIG, number):
            all_folds[groups[step.group].task].add(step.all_folds)
    assert all_folds["snp_gene"] == {True}
    assert all_folds["gwas"] == {True, False}


def test_known_pairs_are_masked(parts):
    corpus, adjacency, groups = parts
    known = KnownPairs(adjacency, groups)
    cl = corpus.nodes.clusters
    known_pairs = {
        frozenset((int(cl[a]), int(cl[b]))) for a, b in zip(corpus.edges.starts, corpus.edges.ends, strict=True)
    }
    for group in groups:
        if not group.is_text:
            ends = zip(group.anchor_clusters, group.positive_clusters, strict=True)
            known_pairs |= {frozenset(map(int, pair)) for pair in ends}
    is_a = corpus.edges.types.index("IS_A")
    assert not (corpus.edges.type == is_a).all()
    group = next(g for g in groups if g.task == "gwas")
    a, b = group.anchor_clusters[:40], group.positive_clusters[:40]
    mask = known.batch_mask(a, b)
    for i in range(40):
        for j in range(40):
            shares = a[i] == a[j] or b[i] == b[j] or a[i] == b[j]
            assert mask[i, j] == (shares or frozenset((int(a[i]), int(b[j]))) in known_pairs)


def test_without_known_pairs_only_shared_nodes_are_masked(parts):
    _, adjacency, groups = parts
    group = next(g for g in groups if g.task == "gwas")
    a, b = group.anchor_clusters[:40], group.positive_clusters[:40]
    mask = KnownPairs(adjacency, groups, mask_known=False).batch_mask(a, b)
    assert np.array_equal(mask, (a[:, None] == a[None, :]) | (b[:, None] == b[None, :]))
    assert mask.sum() < KnownPairs(adjacency, groups).batch_mask(a, b).sum()


def test_gene_trait_is_composed_of_two_hops(parts):
    corpus, _, groups = parts
    composed = {
        (int(a), int(b)) for g in groups if g.task == "gene_trait" for a, b in zip(g.anchors, g.positives, strict=True)
    }
    links, gwas = snp_genes(corpus), corpus.tasks["gwas"]
    genes = {}
    for s, g in zip(links.anchors, links.positives, strict=True):
        genes.setdefault(int(s), set()).add(int(g))
    expected = {(g, int(t)) for s, t in zip(gwas.anchors, gwas.positives, strict=True) for g in genes.get(int(s), ())}
    assert composed == expected


def test_composed_task_can_be_disabled(parts):
    corpus, adjacency, _ = parts
    groups = task_groups(corpus, adjacency, {"gene_trait": 0, "snp_gene": 0})
    assert not {"gene_trait", "snp_gene"} & {g.task for g in groups}


def test_batch_has_the_inputs_of_its_nodes(parts, features, words):
    corpus, _, groups = parts
    config = replace(CONFIG, held_out=0.0)
    data = training_data(corpus, words, ModelConfig(dimension=24, hidden=8), config, {"gwas": 12.0, "gene_trait": 2.0})
    shapes, synonyms = data.shapes, data.synonyms
    steps = plan_round(groups, features.effects, CONFIG, 0)
    inputs = RoundInputs(data, steps)
    tasks = set()
    for step in steps:
        group = groups[step.group]
        tasks.add(group.task)
        batch = inputs.batch(step)
        fold = None if step.all_folds else step.fold
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
            snps = features.effects.anchors[step.effects]
            np.testing.assert_allclose(rows, features.rows(snps, step.fold, shapes["snp"].blocks), atol=1e-5)
    assert {"gwas", "synonym"} <= tasks


@pytest.mark.parametrize("weights", [[-1.0], [np.nan], [np.inf], [0.0], [0.5, np.nan], [0.5, 0.5, -0.1]])
def test_invalid_pair_weights_are_rejected(parts, weights):
    corpus, adjacency, _ = parts
    gwas = corpus.tasks["gwas"]
    bad = replace(gwas, weights=np.resize(np.array(weights, dtype=np.float32), len(gwas)))
    with pytest.raises(ModelError, match="numbers in") as error:
        task_groups(replace(corpus, tasks={"gwas": bad}), adjacency, {})
    assert "gwas" in error.value.where


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_invalid_task_weights_are_rejected(parts, weight):
    corpus, adjacency, _ = parts
    with pytest.raises(ModelError, match="must be a number ≥ 0") as error:
        task_groups(corpus, adjacency, {"gwas": weight})
    assert error.value.where == "tasks.gwas.weight"


def test_corpus_without_pairs_is_rejected(parts):
    corpus, adjacency, _ = parts
    with pytest.raises(ModelError, match="no task has 8 pairs"):
        task_groups(replace(corpus, tasks={}), adjacency, {"snp_gene": 0})
