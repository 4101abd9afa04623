"""Splits: what is held out, told by plain loops; and that nothing of it is in any input, step or flag."""

from dataclasses import replace
from typing import get_args

import numpy as np
import polars as pl
import pytest

from generel_etl.errors import ConfigError
from generel_etl.fields import SplitName
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.learn import model_id, train
from generel_graph.learn.features.adjacency import build_adjacency
from generel_graph.learn.features.blocks import FLAGS, NEIGHBOUR_FLAGS
from generel_graph.learn.features.features import Features
from generel_graph.learn.features.pair_hash import id_keys, pair_folds
from generel_graph.learn.features.splits import LOCUS_WINDOW, Split, split_of
from generel_graph.learn.pairs.batches import plan_round
from generel_graph.learn.pairs.groups import snp_genes, task_groups

NAN = float("nan")
TRAIN = TrainConfig(steps=30, batch_size=32, held_out=0.1, adapter_steps=0, validate_steps=15, number_format="float32")
WEIGHTS = {"gwas": 12.0, "gene_trait": 2.0}
SETTINGS = {
    "pair": {},
    "locus": {"split": "locus"},
    "chromosome": {"split": "chromosome", "held_chromosomes": ("2",)},
    "concept": {"split": "concept", "held_out": 0.15},
}


@pytest.fixture(params=SETTINGS)
def settings(request):
    return replace(TRAIN, **SETTINGS[request.param])


def every_pair(corpus):
    n = len(corpus.nodes)
    a, b = np.divmod(np.arange(n * n), n)
    return a, b


def test_there_are_settings_for_all_splits():
    assert tuple(SETTINGS) == get_args(SplitName)[1].names


def test_mirrors_fall_together_and_the_folds_stay_as_they_were(planted_corpus, settings):
    corpus, _ = planted_corpus
    split, keys = split_of(corpus, settings), id_keys(corpus.nodes.ids)
    a, b = every_pair(corpus)
    held, folds = split.held(a, b), split.folds(a, b, 5)
    assert (held == split.held(b, a)).all()
    assert held.any() and not held.all()
    assert ((folds == 5) == held).all()
    assert (folds[~held] == pair_folds(a, b, keys, 5)[~held]).all()


def test_what_has_no_such_end_goes_by_itself(planted_corpus, settings):
    corpus, _ = planted_corpus
    split, keys = split_of(corpus, settings), id_keys(corpus.nodes.ids)
    snp = np.array([kind == "SNP" for kind in corpus.nodes.kinds])
    a, b = every_pair(corpus)
    ends = {"pair": snp & ~snp, "concept": ~snp}.get(settings.split, snp)
    by_itself = ~ends[a] & ~ends[b]
    assert by_itself.any()
    told = Split.by_pair(keys, settings.held_out).held(a, b)
    assert (split.held(a, b)[by_itself] == told[by_itself]).all()


def test_without_a_split_nothing_is_held_out(planted_corpus):
    corpus, _ = planted_corpus
    a, b = every_pair(corpus)
    assert not build_adjacency(corpus, 5).split.held(a, b).any()
    assert not split_of(corpus, replace(TRAIN, held_out=0.0)).held(a, b).any()


def loci(corpus):
    """Each SNP's locus, by a plain walk through LD of r² ≥ .2: the place of the first SNP of its block."""
    nodes, edges = corpus.nodes, corpus.edges
    near = {i: set() for i, kind in enumerate(nodes.kinds) if kind == "SNP"}
    for a, b, kind, r2 in zip(edges.starts, edges.ends, edges.type, edges.weights, strict=True):
        if edges.types[kind] == "IN_LD_WITH" and r2 >= np.float32(0.2):
            near[int(a)].add(int(b))
            near[int(b)].add(int(a))

    def place(i):
        known = nodes.positions[i] >= 0 and nodes.builds[i]
        return (0, f"{nodes.builds[i]}:{nodes.chromosomes[i]}", int(nodes.positions[i])) if known else (1, "", i)

    found = {}
    for snp in near:
        block, rest = {snp}, [snp]
        while rest:
            for other in near[rest.pop()] - block:
                block.add(other)
                rest.append(other)
        number, chromosome, position = min(place(i) for i in block)
        found[snp] = f"{chromosome}:{position // LOCUS_WINDOW}" if number == 0 else nodes.ids[position]
    return found


@pytest.fixture(scope="module")
def genome(build):
    """400 SNPs over two chromosomes, some without a place, some joined by LD across windows, one trait."""
    rng = np.random.default_rng(0)
    rows = [(f"rs{i:03d}", "SNP", str(1 + i % 2), int(rng.integers(60 * LOCUS_WINDOW))) for i in range(380)]
    rows += [(f"rs{i:03d}", "SNP", "", -1) for i in range(380, 400)]
    rows += [("MONDO:1", "Disease", "ague")]
    edges = [(f"rs{i:03d}", "ASSOCIATED_WITH", "MONDO:1") for i in range(400)]
    for _ in range(120):
        a, b = rng.choice(400, 2, replace=False)
        edges.append((f"rs{a:03d}", "IN_LD_WITH", f"rs{b:03d}", float(rng.choice([0.05, 0.19, 0.2, 0.6, 1.0]))))
    return build.corpus(rows, edges)


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_a_locus_is_held_out_whole_and_ld_blocks_with_it(genome, share):
    split = split_of(genome, replace(TRAIN, split="locus", held_out=share))
    found = loci(genome)
    trait = genome.nodes.ids.index("MONDO:1")
    snps = np.array(sorted(found))
    held = split.held(snps, np.full(len(snps), trait))
    names = np.array([found[snp] for snp in snps])
    expected = id_keys(names.tolist()) >> np.uint64(32)
    assert (held == (expected % np.uint64(10_000) < round(share * 10_000))).all()
    assert len(set(names[held]) & set(names[~held])) == 0
    assert share == pytest.approx(len(set(names[held])) / len(set(names)), abs=0.08)


def test_ld_that_is_cut_is_held_out(genome):
    """An edge of r² below .2 between a held-out and another locus is held out; one above joins no two sides."""
    split = split_of(genome, replace(TRAIN, split="locus", held_out=0.3))
    edges = genome.edges
    ld = edges.type == edges.types.index("IN_LD_WITH")
    a, b, r2 = edges.starts[ld], edges.ends[ld], edges.weights[ld]
    apart = split.apart[a] != split.apart[b]
    assert apart.any()
    assert (r2[apart] < np.float32(0.2)).all()
    assert split.held(a, b)[apart].all()


def test_a_chromosome_is_held_out(planted_corpus):
    corpus, _ = planted_corpus
    nodes = corpus.nodes
    split = split_of(corpus, replace(TRAIN, split="chromosome", held_chromosomes=("2", "5"), held_out=0.0))
    a, b = every_pair(corpus)
    on = np.array([kind == "SNP" and c in ("2", "5") for kind, c in zip(nodes.kinds, nodes.chromosomes, strict=True)])
    assert (split.held(a, b) == (on[a] | on[b])).all()


@pytest.mark.parametrize("split", ["chromosome", "locus"])
def test_chromosomes_that_cannot_be(planted_corpus, split):
    corpus, _ = planted_corpus
    named = replace(TRAIN, split=split, held_chromosomes=("1", "chr2"))
    with pytest.raises(ConfigError, match=r"on this chromosome|does not go by chromosomes"):
        split_of(corpus, named)


def test_chromosomes_that_are_not_named(planted_corpus):
    corpus, _ = planted_corpus
    with pytest.raises(ConfigError, match="none is named") as error:
        split_of(corpus, replace(TRAIN, split="chromosome"))
    assert error.value.valid == ("1", "2", "3", "4", "5", "6")


def test_a_split_that_there_is_not(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    with pytest.raises(ConfigError, match="did you mean 'locus'"):
        train(corpus, words, ModelConfig(dimension=24, hidden=8), replace(TRAIN, split="loci"), WEIGHTS, tmp_path)


def test_a_concept_is_held_out_with_all_its_names(planted_corpus, build):
    corpus, _ = planted_corpus
    nodes = corpus.nodes
    twins = {"MONDO:01": "MONDO:00", "MONDO:13": "MONDO:12"}
    clusters = np.array([nodes.ids.index(twins.get(id_, id_)) for id_ in nodes.ids], dtype=np.int32)
    corpus = replace(corpus, nodes=replace(nodes, clusters=clusters))
    settings = replace(TRAIN, split="concept", held_out=0.15)
    split = split_of(corpus, settings)
    concept = np.array([kind != "SNP" for kind in nodes.kinds])
    keys = id_keys(nodes.ids) >> np.uint64(32)
    out = concept & (keys % np.uint64(10_000) < 1500)
    assert 0 < out[clusters].sum() < concept.sum()
    groups = task_groups(corpus, build_adjacency(corpus, 5, split), WEIGHTS)
    for group in groups:
        a = clusters[group.anchors]
        b = a if group.is_text else clusters[group.positives]
        held = np.zeros(len(a), dtype=bool)
        held[group.held] = True
        assert (held == (out[a] | out[b])).all(), group.task
    assert any(len(group.held) for group in groups if group.is_text)


def test_what_is_held_out_is_in_no_input_effect_flag_or_step(planted_corpus, settings, words, build):
    corpus, _ = planted_corpus
    split = split_of(corpus, settings)
    adjacency = build_adjacency(corpus, 5, split)
    features = Features(corpus, adjacency, words.encode(corpus.nodes.texts))
    groups = task_groups(corpus, adjacency, WEIGHTS)
    cl, every = corpus.nodes.clusters.astype(np.int64), np.arange(len(corpus.nodes))
    # A corpus in which nobody ever said it.
    tasks = {}
    for name, pairs in corpus.tasks.items():
        ends = cl[pairs.anchors] if pairs.texts else cl[pairs.positives]
        kept = ~split.held(cl[pairs.anchors], ends)
        some = {f: getattr(pairs, f)[kept] for f in ("anchors", "positives", "weights", "effects")}
        tasks[name] = replace(pairs, **some)
    drop = split.held(cl[corpus.edges.starts], cl[corpus.edges.ends])
    assert drop.any()
    without = replace(build.without(corpus, drop), tasks=tasks)
    other = Features(without, build_adjacency(without, 5), words.encode(corpus.nodes.texts))
    seen, never, all_ = features.rows(every, 5), other.rows(every, None), features.rows(every, None)
    # Counts and effects to the digit; blocks but for the mean weight of a relation, which moves with its edges.
    assert np.array_equal(seen[:, -FLAGS:], never[:, -FLAGS:])
    assert (seen - never).abs().max() < 0.25
    assert not np.array_equal(all_[:, -FLAGS:], never[:, -FLAGS:])
    has = slice(-FLAGS, NEIGHBOUR_FLAGS // 2 - FLAGS)
    for fold in range(5):
        assert (features.rows(every, fold)[:, has] <= never[:, has]).all()
    drawn = 0
    for number in range(10):
        for step in plan_round(groups, features.effects, replace(settings, steps=1000), number):
            group = groups[step.group]
            a, b = group.anchor_clusters[step.pairs], group.positive_clusters[step.pairs]
            assert not split.held(a, b).any()
            e = features.effects
            assert not split.held(cl[e.anchors[step.effects]], cl[e.positives[step.effects]]).any()
            drawn += len(step.pairs)
    assert drawn > 1000


def test_a_composed_pair_is_trained_on_if_a_way_there_is(planted_corpus, settings):
    corpus, _ = planted_corpus
    split = split_of(corpus, settings)
    links, gwas = snp_genes(corpus), corpus.tasks["gwas"]

    def out(a, b):
        return bool(split.held(np.array([a]), np.array([b]))[0])

    ways = {}
    for snp, gene in zip(links.anchors.tolist(), links.positives.tolist(), strict=True):
        for other, trait, weight in zip(gwas.anchors, gwas.positives, gwas.weights, strict=True):
            if snp == other:
                ways.setdefault((gene, int(trait)), []).append((out(snp, gene) or out(snp, trait), float(weight)))
    expected = {}
    for pair, some in ways.items():
        open_ = [weight for held, weight in some if not held]
        expected[pair] = (not open_ or out(*pair), max(open_ or [weight for _, weight in some]))
    groups = task_groups(corpus, build_adjacency(corpus, 5, split), {"gene_trait": 2.0})
    found = {}
    for group in groups:
        if group.task == "gene_trait":
            for i, pair in enumerate(zip(group.anchors.tolist(), group.positives.tolist(), strict=True)):
                found[pair] = (i in set(group.held.tolist()), float(group.weights[i]))
                assert found[pair][0] != any(i in rows for rows in group.by_fold)
    assert found == expected
    assert any(held for held, _ in found.values())
    by_itself = sum(out(*pair) for pair in found)
    assert sum(held for held, _ in found.values()) >= by_itself


def test_the_file_of_held_out_pairs(planted_corpus, settings, words, tmp_path):
    corpus, _ = planted_corpus
    model = ModelConfig(dimension=24, hidden=8)
    report = train(corpus, words, model, settings, WEIGHTS, tmp_path / "m")
    table = pl.read_parquet(tmp_path / "m" / "held_out.parquet")
    assert table.columns == ["task", "anchor", "positive", "weight"]
    split, ids = split_of(corpus, settings), corpus.nodes.ids
    cl = corpus.nodes.clusters.astype(np.int64)
    expected = []
    for name, pairs in corpus.tasks.items():
        for a, b, weight in zip(pairs.anchors, pairs.positives, pairs.weights, strict=True):
            end = a if pairs.texts else b
            if split.held(cl[[a]], cl[[end]])[0]:
                expected.append((name, ids[a], pairs.texts[b] if pairs.texts else ids[b], float(weight)))
    assert sorted(row for row in table.rows() if row[0] != "gene_trait") == sorted(expected)
    assert "held_out.parquet" in (tmp_path / "m" / "README.md").read_text()
    trained = pl.read_parquet(tmp_path / "m" / "trained_pairs.parquet")
    assert trained.columns == ["task", "anchor", "positive"]
    groups = task_groups(corpus, build_adjacency(corpus, settings.folds, split), WEIGHTS)
    sampled = [
        (group.task, ids[group.anchors[i]], ids[group.positives[i]])
        for group in groups
        if not group.is_text
        for i in np.concatenate(group.by_fold)
    ]
    assert sampled and sorted(trained.rows()) == sorted(sampled)
    assert {"gwas", "gene_trait"} <= set(trained["task"])
    # The same settings find it, and other ones are another model.
    assert train(corpus, words, model, settings, WEIGHTS, tmp_path / "m") == report
    names = {model_id(corpus, words, model, replace(TRAIN, **own), WEIGHTS) for own in SETTINGS.values()}
    assert len(names) == len(SETTINGS)
    assert report.model_id in names
