"""Masked pairs, true negatives and hard negatives, compared with plain loops."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.corpus.schema import LD_R2
from generel_graph.learn.distributed import SINGLE_PROCESS
from generel_graph.learn.features.adjacency import build_adjacency
from generel_graph.learn.features.splits import make_split
from generel_graph.learn.losses import objective
from generel_graph.learn.model.towers import make_towers
from generel_graph.learn.pairs.batches import RoundInputs, plan_round
from generel_graph.learn.pairs.groups import KnownPairs, ld_pairs, task_groups
from generel_graph.learn.pairs.hard_negatives import hard_negatives
from generel_graph.learn.pairs.negatives import nearest, negated_pairs
from generel_graph.learn.pairs.training_data import training_data

MODEL = ModelConfig(dimension=24, hidden=8)
TRAIN = TrainConfig(steps=400, batch_size=24, held_out=0.1, hard_negatives=2, hard_pool=16, number_format="float32")
WEIGHTS = {"gwas": 12.0, "gene_trait": 2.0}
SNPS, TRAITS, GENES = 9, 9, 9


@pytest.fixture(scope="module")
def linked(build):
    """SNPs rs0 … rs8, each with the trait and the gene of its number; r² ≥ LD_R2 for rs0–rs1 and rs1–rs2 only."""
    rows = [(f"rs{i}", "SNP", str(i + 1), 1000) for i in range(SNPS)]
    rows += [(f"MONDO:{i}", "Disease", f"m{i}") for i in range(TRAITS)] + [("EFO:1", "Disease", "m1 again")]
    rows += [(f"HGNC:{i}", "Gene", f"g{i}") for i in range(GENES)]
    gwas = [(f"rs{i}", f"MONDO:{i}" if i != 1 else "EFO:1", 0.5, np.nan) for i in range(SNPS)]
    eqtl = [(f"rs{i}", f"HGNC:{i}", 0.5, np.nan) for i in range(SNPS)]
    edges = [(a, "ASSOCIATED_WITH", b) for a, b, *_ in gwas] + [(a, "REGULATES", b) for a, b, *_ in eqtl]
    edges += [
        ("rs0", "IN_LD_WITH", "rs1", 0.9),
        ("rs1", "IN_LD_WITH", "rs2", LD_R2),
        ("rs3", "IN_LD_WITH", "rs4", 0.19),
    ]
    return build.corpus(rows, edges, {"gwas": gwas, "eqtl": eqtl}, clusters={"EFO:1": "MONDO:1"})


def known_pairs(corpus, ld=True, mask_known=True):
    adjacency = build_adjacency(corpus, 5)
    groups = task_groups(corpus, adjacency, {})
    return KnownPairs(adjacency, groups, ld_pairs(corpus) if ld else None, mask_known=mask_known)


def test_traits_and_genes_of_snps_in_ld_are_known(linked):
    ids, known = linked.nodes.ids, known_pairs(linked)
    number = {id_: i for i, id_ in enumerate(ids)}
    r2 = {("rs0", "rs1"): 0.9, ("rs1", "rs2"): LD_R2, ("rs3", "rs4"): 0.19}
    own = {(f"rs{i}", f"{p}:{i}") for i in range(SNPS) for p in ("MONDO", "HGNC")}
    expected_pairs = own | set(r2)
    for (a, b), value in r2.items():
        if value >= LD_R2:
            expected_pairs |= {(x, end) for x, y in ((a, b), (b, a)) for snp, end in own if snp == y}
    expected_pairs |= {(b, a) for a, b in expected_pairs}
    every = [number[id_] for id_ in ids if id_ != "EFO:1"]
    left, right = np.repeat(every, len(every)), np.tile(every, len(every))
    expected = [(ids[x], ids[y]) in expected_pairs or x == y for x, y in zip(left, right, strict=True)]
    assert ("rs0", "MONDO:1") in expected_pairs
    assert ("rs0", "MONDO:2") not in expected_pairs
    assert ("rs0", "rs2") not in expected_pairs
    assert known.contains(left, right).tolist() == expected
    assert known.mask(np.array(every), np.array(every)).ravel().tolist() == expected


@pytest.mark.parametrize("reverse", [False, True])
def test_batch_mask_includes_ld_in_both_directions(linked, reverse):
    gwas = linked.tasks["gwas"]
    sides = gwas.anchors.astype(np.int64), linked.nodes.clusters[gwas.positives].astype(np.int64)
    a, b = sides[::-1] if reverse else sides
    with_ld, without = known_pairs(linked).batch_mask(a, b), known_pairs(linked, ld=False).batch_mask(a, b)
    by_ld = {(i, j) for i, j in np.argwhere(with_ld & ~without).tolist()}
    assert by_ld == {(0, 1), (1, 0), (1, 2), (2, 1)}  # pair i is that of SNP i
    assert not (without & ~with_ld).any()


def test_without_known_pairs_ld_is_not_masked(linked):
    gwas = linked.tasks["gwas"]
    a, b = gwas.anchors.astype(np.int64), linked.nodes.clusters[gwas.positives].astype(np.int64)
    assert np.array_equal(known_pairs(linked, mask_known=False).batch_mask(a, b), np.eye(len(a), dtype=bool))


def test_negated_pairs_are_true_negatives_unless_known_or_held_out(build):
    n = 60
    rows = [(f"MONDO:{i}", "Disease", f"m{i}") for i in range(n)] + [
        (f"DOID:{i}", "Disease", f"d{i}") for i in range(n)
    ]
    rows += [(f"HP:{i}", "Phenotype", f"h{i}") for i in range(n)] + [(f"HGNC:{i}", "Gene", f"g{i}") for i in range(n)]
    positive = [(f"MONDO:{i}", f"HP:{i}", 1.0, np.nan) for i in range(n)]
    edges = [(a, "HAS_PHENOTYPE", b) for a, b, *_ in positive]
    edges += [(f"DOID:{i}", "NOT_HAS_PHENOTYPE", f"HP:{(i + 1) % n}") for i in range(n)]
    edges += [(f"MONDO:{i}", "NOT_HAS_PHENOTYPE", f"HP:{i}") for i in range(4)]  # known and negated
    edges += [(f"HGNC:{i}", "NOT_GENE_ASSOCIATED_WITH", f"HP:{i}") for i in range(n)]
    edges += [("HGNC:0", "NOT_COEXPRESSED_WITH", "HGNC:1"), ("DOID:7", "NOT_RESEMBLES", "MONDO:7")]  # one cluster
    clusters = {f"DOID:{i}": f"MONDO:{i}" for i in range(n)}
    corpus = build.corpus(rows, edges, {"kg": positive}, clusters)
    adjacency = build_adjacency(corpus, 5, make_split(corpus, replace(TRAIN, held_out=0.2)))
    groups = task_groups(corpus, adjacency, {})
    pairs = negated_pairs(corpus, adjacency, KnownPairs(adjacency, groups))
    ids = corpus.nodes.ids
    expected, held = set(), 0
    for start, type_, end, *_ in edges:
        a, b = clusters.get(start, start), clusters.get(end, end)
        x, y = np.array([ids.index(a)]), np.array([ids.index(b)])
        if not type_.startswith("NOT_") or a == b or a.replace("MONDO", "HP") == b:
            continue
        if adjacency.split.is_held_out(x, y)[0]:
            held += 1
        else:
            expected |= {(a, b), (b, a)}
    assert held > 5
    assert {(ids[a], ids[b]) for a, b in zip(pairs.anchors, pairs.negatives, strict=True)} == expected
    for anchor in ("HP:3", "MONDO:3", "HGNC:0"):
        for kind, prefixes in (("Gene", ("HGNC",)), ("Condition", ("MONDO", "HP")), ("Drug", ())):
            negatives = [ids[i] for i in pairs.negatives_of(np.array([ids.index(anchor)]), kind)]
            assert sorted(negatives) == sorted(b for a, b in expected if a == anchor and b.split(":")[0] in prefixes)


@pytest.fixture(scope="module")
def data(negated_corpus, words):
    return training_data(negated_corpus, words, MODEL, TRAIN, WEIGHTS)


def plain_negated_pairs(corpus):
    """The pairs of clusters of NOT_ edges, in both orders, by a plain loop."""
    cl, edges = corpus.nodes.clusters, corpus.edges
    named = zip(edges.starts, edges.type, edges.ends, strict=True)
    pairs = {(int(cl[a]), int(cl[b])) for a, t, b in named if edges.types[t].startswith("NOT_")}
    return pairs | {(b, a) for a, b in pairs}


def test_true_negatives_are_extra_negatives_of_their_batches(data):
    corpus, adjacency = data.corpus, data.features.adjacency
    cl, kinds, all_negated = corpus.nodes.clusters, corpus.nodes.kinds, plain_negated_pairs(corpus)
    negatives = gwas_batches = 0
    for number in range(4):
        steps = plan_round(data.groups, data.features.effects, TRAIN, number)
        inputs = RoundInputs(data, steps)
        for step in steps:
            group, batch = data.groups[step.group], inputs.batch(step)
            a, b = group.anchor_clusters[step.pairs], group.positive_clusters[step.pairs]
            expected = set()
            for x, y in all_negated:
                kind = "Condition" if kinds[y] == "Disease" else kinds[y]
                held = adjacency.split.is_held_out(np.array([x]), np.array([y]))[0]
                if x in a and y not in b and kind == group.positive_kind and not held and not group.is_text:
                    expected.add(y)
            if not expected:
                assert batch.extra_negatives is None
                continue
            assert batch.extra_negatives.tower == group.towers[1]
            at = batch.nodes[batch.extra_negatives.tower][batch.extra_negatives.rows]
            assert sorted(cl[at].tolist()) == sorted(expected)
            fold = inputs.fold(step)
            rows = batch.inputs[batch.extra_negatives.tower][batch.extra_negatives.rows]
            blocks = data.shapes[batch.extra_negatives.tower].blocks
            np.testing.assert_allclose(rows, data.features.rows(at, fold, blocks), atol=1e-5)
            for i, x in enumerate(a):
                for o, y in enumerate(cl[at]):
                    is_known = bool(data.known.contains(np.array([x]), np.array([y]))[0])
                    assert bool(batch.extra_mask[i, o]) == is_known
                    if (int(x), int(y)) in all_negated:
                        assert not batch.extra_mask[i, o]
            negatives += len(expected)
            gwas_batches += group.task == "gwas"
    assert negatives > 100
    assert gwas_batches > 20


def test_true_negatives_can_be_disabled(data, negated_corpus, words):
    off = training_data(negated_corpus, words, MODEL, replace(TRAIN, true_negatives=False), WEIGHTS)
    assert len(data.negated.anchors)
    assert not len(off.negated.anchors)
    steps = plan_round(off.groups, off.features.effects, TRAIN, 0)
    inputs = RoundInputs(off, steps)
    assert all(inputs.batch(step).extra_negatives is None for step in steps)


def test_candidates_are_other_positives_of_the_fold_and_leave_the_steps_unchanged(data):
    off = replace(TRAIN, hard_negatives=0)
    candidates = 0
    for number in range(4):
        plans = (plan_round(data.groups, data.features.effects, config, number) for config in (TRAIN, off))
        for step, plain in zip(*plans, strict=True):
            group = data.groups[step.group]
            assert np.array_equal(step.pairs, plain.pairs)
            assert np.array_equal(step.effects, plain.effects)
            assert not len(plain.candidates)
            clusters = group.positive_clusters[step.candidates]
            assert len(set(clusters)) == len(clusters) <= TRAIN.hard_pool
            assert not set(clusters) & set(group.positive_clusters[step.pairs])
            assert set(step.candidates) <= set(group.by_fold[step.fold])
            assert not (group.is_text and len(clusters))
            candidates += len(clusters)
    assert candidates > 100


def test_nearest_equals_a_plain_loop():
    u, v = (normalize(torch.randn(n, 4, generator=torch.Generator().manual_seed(n)), dim=-1) for n in (5, 12))
    mask = torch.from_numpy(np.random.default_rng(0).random((5, 12)) < 0.5)
    mask[0] = True  # no negatives
    mask[1], mask[1, 3] = True, False  # one negative
    expected = set()
    for i in range(5):
        negatives = sorted((-float(u[i] @ v[j]), j) for j in range(12) if not mask[i, j])
        expected |= {j for _, j in negatives[:2]}
    assert set(nearest(u, v, mask, 2).nonzero().flatten().tolist()) == expected
    assert nearest(u, v, mask, 99).tolist() == (~mask).any(0).tolist()
    assert not nearest(u, v[:0], mask[:, :0], 2).numel()


def test_hard_negatives_are_the_nearest_candidates_and_use_no_random_numbers(data):
    towers = make_towers(tuple(data.shapes.values()), 0.5, 0).train()
    steps = plan_round(data.groups, data.features.effects, TRAIN, 0)
    inputs = RoundInputs(data, steps)
    total = 0
    for step in steps:
        group, before = data.groups[step.group], torch.get_rng_state()
        negatives = hard_negatives(inputs, step, towers, TRAIN.hard_negatives, SINGLE_PROCESS)
        assert torch.equal(torch.get_rng_state(), before)
        assert towers.training
        assert np.array_equal(negatives, hard_negatives(inputs, step, towers, TRAIN.hard_negatives, SINGLE_PROCESS))
        if not len(step.candidates):
            assert not len(negatives)
            continue
        towers.eval()
        blocks = [data.shapes[tower].blocks for tower in group.towers]
        side_nodes = group.anchors[step.pairs], group.positives[step.candidates]
        with torch.no_grad():
            u, v = (
                towers[tower](data.features.rows(nodes, inputs.fold(step), tower_blocks))
                for tower, nodes, tower_blocks in zip(group.towers, side_nodes, blocks, strict=True)
            )
        towers.train()
        expected = set()
        for i, pair in enumerate(step.pairs):
            a = group.anchor_clusters[[pair]]
            unmasked = [
                (-float(u[i] @ v[j]), j)
                for j, row in enumerate(step.candidates)
                if not data.known.contains(a, group.positive_clusters[[row]])[0]
            ]
            expected |= {int(side_nodes[1][j]) for _, j in sorted(unmasked)[: TRAIN.hard_negatives]}
        assert set(negatives.tolist()) == expected
        batch = inputs.batch(step, negatives)
        if len(negatives):
            at = batch.nodes[batch.extra_negatives.tower][batch.extra_negatives.rows]
            assert set(negatives.tolist()) <= set(at.tolist())
            mask = data.masked.mask(group.anchor_clusters[step.pairs], data.corpus.nodes.clusters[at].astype(int))
            assert np.array_equal(batch.extra_mask.numpy(), mask)
        total += len(negatives)
    assert total > 50


def test_loss_of_a_step_includes_its_extra_negatives(data):
    """InfoNCE of a batch equals a plain loop over its vectors."""
    config = replace(TRAIN, weigh_pairs=False, effect_weight=0.0)
    steps = plan_round(data.groups, data.features.effects, config, 0)
    inputs, checked = RoundInputs(data, steps), 0
    for step in steps:
        batch = inputs.batch(step)
        if batch.extra_negatives is None or not batch.extra_mask.any():
            continue
        random = torch.Generator().manual_seed(step.number)
        z = {t: normalize(torch.randn(len(x), 8, generator=random), dim=-1) for t, x in batch.inputs.items()}
        u, v, o = (z[side.tower][side.rows] / 0.1 for side in (batch.anchors, batch.positives, batch.extra_negatives))
        total = 0.0
        for i in range(len(u)):
            own = float(u[i] @ v[i]) * 0.1
            row = [float(u[i] @ v[j]) * 0.1 for j in range(len(v)) if j == i or not batch.mask[i, j]]
            row += [float(u[i] @ o[k]) * 0.1 for k in range(len(o)) if not batch.extra_mask[i, k]]
            column = [float(u[j] @ v[i]) * 0.1 for j in range(len(u)) if j == i or not batch.mask[j, i]]
            total += 0.5 * sum(np.log(np.exp(some).sum()) - own for some in (row, column)) / len(u)
        assert objective(z, batch, config, SINGLE_PROCESS).loss.item() == pytest.approx(total, rel=1e-4)
        checked += 1
    assert checked > 3


def test_training_data_masks_pairs_known_by_ld(linked, words):
    data = training_data(linked, words, MODEL, TRAIN, {})
    ids = linked.nodes.ids
    a, b = (np.array([ids.index(id_)]) for id_ in ("rs0", "MONDO:1"))
    assert data.known.contains(a, b)[0]
    assert data.masked.mask(a, b)[0, 0]
    off = training_data(linked, words, MODEL, replace(TRAIN, mask_known=False), {})
    assert off.known.contains(a, b)[0]
    assert not off.masked.mask(a, b)[0, 0]
