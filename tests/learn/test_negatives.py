"""What must not serve as a negative, and what joins a batch as one: each against a plain loop."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.corpus.schema import LD_R2
from generel_graph.learn.distributed import SINGLE_PROCESS
from generel_graph.learn.features.adjacency import build_adjacency
from generel_graph.learn.features.splits import split_of
from generel_graph.learn.losses import objective
from generel_graph.learn.model.towers import make_towers
from generel_graph.learn.pairs.batches import RoundInputs, plan_round
from generel_graph.learn.pairs.groups import KnownPairs, ld_pairs, task_groups
from generel_graph.learn.pairs.hard_negatives import hard_negatives
from generel_graph.learn.pairs.negatives import denied, nearest
from generel_graph.learn.pairs.training_data import training_data

MODEL = ModelConfig(dimension=24, hidden=8)
TRAIN = TrainConfig(steps=400, batch_size=24, held_out=0.1, hard_negatives=2, hard_pool=16, number_format="float32")
WEIGHTS = {"gwas": 12.0, "gene_trait": 2.0}
SNPS, TRAITS, GENES = 9, 9, 9


@pytest.fixture(scope="module")
def linked(build):
    """SNPs rs0 … rs8, each with a trait and a gene of its number; rs0–rs1 and rs1–rs2 in LD, rs3–rs4 hardly."""
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


def known_of(corpus, ld=True, stated=True):
    adjacency = build_adjacency(corpus, 5)
    groups = task_groups(corpus, adjacency, {})
    return KnownPairs(adjacency, groups, ld_pairs(corpus) if ld else None, stated=stated)


def test_what_an_snp_in_ld_has_is_no_negative(linked):
    ids, known = linked.nodes.ids, known_of(linked)
    number = {id_: i for i, id_ in enumerate(ids)}
    r2 = {("rs0", "rs1"): 0.9, ("rs1", "rs2"): LD_R2, ("rs3", "rs4"): 0.19}
    own = {(f"rs{i}", f"{p}:{i}") for i in range(SNPS) for p in ("MONDO", "HGNC")}
    stated = own | set(r2)
    for (a, b), value in r2.items():
        if value >= LD_R2:
            stated |= {(x, end) for x, y in ((a, b), (b, a)) for snp, end in own if snp == y}
    stated |= {(b, a) for a, b in stated}
    every = [number[id_] for id_ in ids if id_ != "EFO:1"]
    a, b = np.repeat(every, len(every)), np.tile(every, len(every))
    expected = [(ids[x], ids[y]) in stated or x == y for x, y in zip(a, b, strict=True)]
    assert ("rs0", "MONDO:1") in stated and ("rs0", "MONDO:2") not in stated and ("rs0", "rs2") not in stated
    assert known.stated(a, b).tolist() == expected
    assert known.between(np.array(every), np.array(every)).ravel().tolist() == expected


@pytest.mark.parametrize("turned", [False, True])
def test_the_mask_of_a_batch_holds_ld_from_both_sides(linked, turned):
    gwas = linked.tasks["gwas"]
    ends = gwas.anchors.astype(np.int64), linked.nodes.clusters[gwas.positives].astype(np.int64)
    a, b = ends[::-1] if turned else ends
    with_ld, without = known_of(linked).hidden(a, b), known_of(linked, ld=False).hidden(a, b)
    more = {(i, j) for i, j in np.argwhere(with_ld & ~without).tolist()}
    assert more == {(0, 1), (1, 0), (1, 2), (2, 1)}  # the SNPs' order is that of the pairs
    assert not (without & ~with_ld).any()


def test_without_a_mask_ld_hides_nothing(linked):
    gwas = linked.tasks["gwas"]
    a, b = gwas.anchors.astype(np.int64), linked.nodes.clusters[gwas.positives].astype(np.int64)
    assert np.array_equal(known_of(linked, stated=False).hidden(a, b), np.eye(len(a), dtype=bool))


def test_denied_pairs_are_true_negatives_unless_stated_or_held_out(build):
    n = 60
    rows = [(f"MONDO:{i}", "Disease", f"m{i}") for i in range(n)] + [
        (f"DOID:{i}", "Disease", f"d{i}") for i in range(n)
    ]
    rows += [(f"HP:{i}", "Phenotype", f"h{i}") for i in range(n)] + [(f"HGNC:{i}", "Gene", f"g{i}") for i in range(n)]
    positive = [(f"MONDO:{i}", f"HP:{i}", 1.0, np.nan) for i in range(n)]
    edges = [(a, "HAS_PHENOTYPE", b) for a, b, *_ in positive]
    edges += [(f"DOID:{i}", "NOT_HAS_PHENOTYPE", f"HP:{(i + 1) % n}") for i in range(n)]
    edges += [(f"MONDO:{i}", "NOT_HAS_PHENOTYPE", f"HP:{i}") for i in range(4)]  # said and denied
    edges += [(f"HGNC:{i}", "NOT_GENE_ASSOCIATED_WITH", f"HP:{i}") for i in range(n)]
    edges += [("HGNC:0", "NOT_COEXPRESSED_WITH", "HGNC:1"), ("DOID:7", "NOT_RESEMBLES", "MONDO:7")]  # itself
    clusters = {f"DOID:{i}": f"MONDO:{i}" for i in range(n)}
    corpus = build.corpus(rows, edges, {"kg": positive}, clusters)
    adjacency = build_adjacency(corpus, 5, split_of(corpus, replace(TRAIN, held_out=0.2)))
    groups = task_groups(corpus, adjacency, {})
    found = denied(corpus, adjacency, KnownPairs(adjacency, groups))
    ids = corpus.nodes.ids
    expected, held = set(), 0
    for start, type_, end, *_ in edges:
        a, b = clusters.get(start, start), clusters.get(end, end)
        x, y = np.array([ids.index(a)]), np.array([ids.index(b)])
        if not type_.startswith("NOT_") or a == b or a.replace("MONDO", "HP") == b:
            continue
        if adjacency.split.held(x, y)[0]:
            held += 1
        else:
            expected |= {(a, b), (b, a)}
    assert held > 5
    assert {(ids[a], ids[b]) for a, b in zip(found.anchors, found.ends, strict=True)} == expected
    for anchor in ("HP:3", "MONDO:3", "HGNC:0"):
        for kind, prefixes in (("Gene", ("HGNC",)), ("Condition", ("MONDO", "HP")), ("Drug", ())):
            ends = [ids[e] for e in found.of(np.array([ids.index(anchor)]), kind)]
            assert sorted(ends) == sorted(b for a, b in expected if a == anchor and b.split(":")[0] in prefixes)


@pytest.fixture(scope="module")
def given(denying_corpus, words):
    return training_data(denying_corpus, words, MODEL, TRAIN, WEIGHTS)


def denials(corpus):
    """The NOT_ pairs of a corpus' clusters, both ways, written out."""
    cl, edges = corpus.nodes.clusters, corpus.edges
    named = zip(edges.starts, edges.type, edges.ends, strict=True)
    pairs = {(int(cl[a]), int(cl[b])) for a, t, b in named if edges.types[t].startswith("NOT_")}
    return pairs | {(b, a) for a, b in pairs}


def test_true_negatives_join_their_anchors_batches(given):
    corpus, adjacency = given.corpus, given.features.adjacency
    cl, kinds, all_denied = corpus.nodes.clusters, corpus.nodes.kinds, denials(corpus)
    joined = of_snps = 0
    for number in range(4):
        steps = plan_round(given.groups, given.features.effects, TRAIN, number)
        inputs = RoundInputs(given, steps)
        for step in steps:
            group, batch = given.groups[step.group], inputs.batch(step)
            a, b = group.anchor_clusters[step.pairs], group.positive_clusters[step.pairs]
            expected = set()
            for x, y in all_denied:
                kind = "Condition" if kinds[y] == "Disease" else kinds[y]
                held = adjacency.split.held(np.array([x]), np.array([y]))[0]
                if x in a and y not in b and kind == group.positive_kind and not held and not group.is_text:
                    expected.add(y)
            if not expected:
                assert batch.others is None
                continue
            assert batch.others.tower == group.towers[1]
            at = batch.nodes[batch.others.tower][batch.others.rows]
            assert sorted(cl[at].tolist()) == sorted(expected)
            fold = inputs.fold(step)
            rows = batch.inputs[batch.others.tower][batch.others.rows]
            blocks = given.shapes[batch.others.tower].blocks
            np.testing.assert_allclose(rows, given.features.rows(at, fold, blocks), atol=1e-5)
            for i, x in enumerate(a):
                for o, y in enumerate(cl[at]):
                    stated = bool(given.known.stated(np.array([x]), np.array([y]))[0])
                    assert bool(batch.others_hidden[i, o]) == stated
                    if (int(x), int(y)) in all_denied:
                        assert not batch.others_hidden[i, o]
            joined += len(expected)
            of_snps += group.task == "gwas"
    assert joined > 100 and of_snps > 20


def test_true_negatives_can_be_switched_off(given, denying_corpus, words):
    off = training_data(denying_corpus, words, MODEL, replace(TRAIN, true_negatives=False), WEIGHTS)
    assert len(given.denied.anchors) and not len(off.denied.anchors)
    steps = plan_round(off.groups, off.features.effects, TRAIN, 0)
    inputs = RoundInputs(off, steps)
    assert all(inputs.batch(step).others is None for step in steps)


def test_candidates_are_other_positives_of_the_fold_and_do_not_change_the_steps(given):
    off = replace(TRAIN, hard_negatives=0)
    many = 0
    for number in range(4):
        plans = (plan_round(given.groups, given.features.effects, config, number) for config in (TRAIN, off))
        for step, plain in zip(*plans, strict=True):
            group = given.groups[step.group]
            assert np.array_equal(step.pairs, plain.pairs) and np.array_equal(step.effects, plain.effects)
            assert not len(plain.candidates)
            ends = group.positive_clusters[step.candidates]
            assert len(set(ends)) == len(ends) <= TRAIN.hard_pool
            assert not set(ends) & set(group.positive_clusters[step.pairs])
            assert set(step.candidates) <= set(group.by_fold[step.fold])
            assert not (group.is_text and len(ends))
            many += len(ends)
    assert many > 100


def test_nearest_equals_a_plain_loop():
    u, v = (normalize(torch.randn(n, 4, generator=torch.Generator().manual_seed(n)), dim=-1) for n in (5, 12))
    hidden = torch.from_numpy(np.random.default_rng(0).random((5, 12)) < 0.5)
    hidden[0] = True  # knows all of them
    hidden[1], hidden[1, 3] = True, False  # all but one
    expected = set()
    for i in range(5):
        open_ = sorted((-float(u[i] @ v[j]), j) for j in range(12) if not hidden[i, j])
        expected |= {j for _, j in open_[:2]}
    assert set(nearest(u, v, hidden, 2).nonzero().flatten().tolist()) == expected
    assert nearest(u, v, hidden, 99).tolist() == (~hidden).any(0).tolist()
    assert not nearest(u, v[:0], hidden[:, :0], 2).numel()


def test_hard_negatives_are_the_nearest_under_the_towers_and_draw_nothing(given):
    towers = make_towers(tuple(given.shapes.values()), 0.5, 0).train()
    steps = plan_round(given.groups, given.features.effects, TRAIN, 0)
    inputs = RoundInputs(given, steps)
    looked = 0
    for step in steps:
        group, before = given.groups[step.group], torch.get_rng_state()
        found = hard_negatives(inputs, step, towers, TRAIN.hard_negatives, SINGLE_PROCESS)
        assert torch.equal(torch.get_rng_state(), before) and towers.training
        assert np.array_equal(found, hard_negatives(inputs, step, towers, TRAIN.hard_negatives, SINGLE_PROCESS))
        if not len(step.candidates):
            assert not len(found)
            continue
        towers.eval()
        blocks = [given.shapes[tower].blocks for tower in group.towers]
        ends = group.anchors[step.pairs], group.positives[step.candidates]
        with torch.no_grad():
            u, v = (
                towers[tower](given.features.rows(nodes, inputs.fold(step), some))
                for tower, nodes, some in zip(group.towers, ends, blocks, strict=True)
            )
        towers.train()
        expected = set()
        for i, pair in enumerate(step.pairs):
            a = group.anchor_clusters[[pair]]
            open_ = [
                (-float(u[i] @ v[j]), j)
                for j, row in enumerate(step.candidates)
                if not given.known.stated(a, group.positive_clusters[[row]])[0]
            ]
            expected |= {int(ends[1][j]) for _, j in sorted(open_)[: TRAIN.hard_negatives]}
        assert set(found.tolist()) == expected
        batch = inputs.batch(step, found)
        if len(found):
            at = batch.nodes[batch.others.tower][batch.others.rows]
            assert set(found.tolist()) <= set(at.tolist())
            hidden = given.masked.between(
                group.anchor_clusters[step.pairs], given.corpus.nodes.clusters[at].astype(int)
            )
            assert np.array_equal(batch.others_hidden.numpy(), hidden)
        looked += len(found)
    assert looked > 50


def test_the_loss_of_a_step_has_its_further_negatives(given):
    """InfoNCE of a batch from its vectors, each pair by hand."""
    config = replace(TRAIN, weigh_pairs=False, effect_weight=0.0)
    steps = plan_round(given.groups, given.features.effects, config, 0)
    inputs, looked = RoundInputs(given, steps), 0
    for step in steps:
        batch = inputs.batch(step)
        if batch.others is None or not batch.others_hidden.any():
            continue
        random = torch.Generator().manual_seed(step.number)
        z = {t: normalize(torch.randn(len(x), 8, generator=random), dim=-1) for t, x in batch.inputs.items()}
        u, v, o = (z[side.tower][side.rows] / 0.1 for side in (batch.anchors, batch.positives, batch.others))
        total = 0.0
        for i in range(len(u)):
            own = float(u[i] @ v[i]) * 0.1
            row = [float(u[i] @ v[j]) * 0.1 for j in range(len(v)) if j == i or not batch.hidden[i, j]]
            row += [float(u[i] @ o[k]) * 0.1 for k in range(len(o)) if not batch.others_hidden[i, k]]
            column = [float(u[j] @ v[i]) * 0.1 for j in range(len(u)) if j == i or not batch.hidden[j, i]]
            total += 0.5 * sum(np.log(np.exp(some).sum()) - own for some in (row, column)) / len(u)
        assert objective(z, batch, config, SINGLE_PROCESS).loss.item() == pytest.approx(total, rel=1e-4)
        looked += 1
    assert looked > 3


def test_a_trainings_masks_hold_ld(linked, words):
    given = training_data(linked, words, MODEL, TRAIN, {})
    ids = linked.nodes.ids
    a, b = (np.array([ids.index(id_)]) for id_ in ("rs0", "MONDO:1"))
    assert given.known.stated(a, b)[0] and given.masked.between(a, b)[0, 0]
    off = training_data(linked, words, MODEL, replace(TRAIN, mask_known=False), {})
    assert off.known.stated(a, b)[0] and not off.masked.between(a, b)[0, 0]
