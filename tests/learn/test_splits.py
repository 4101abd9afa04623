"""Splits, compared with plain loops; held-out pairs are in no input, step or flag."""

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
from generel_graph.learn.features.splits import LOCUS_WINDOW, Split, make_split
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


def test_all_splits_are_tested():
    assert tuple(SETTINGS) == get_args(SplitName)[1].names


def test_split_does_not_depend_on_the_order_of_a_pair_and_leaves_the_folds_unchanged(planted_corpus, settings):
    corpus, _ = planted_corpus
    split, keys = make_split(corpus, settings), id_keys(corpus.nodes.ids)
    a, b = every_pair(corpus)
    held, folds = split.is_held_out(a, b), split.folds(a, b, 5)
    assert (held == split.is_held_out(b, a)).all()
    assert held.any()
    assert not held.all()
    assert ((folds == 5) == held).all()
    assert (folds[~held] == pair_folds(a, b, keys, 5)[~held]).all()


def test_pairs_without_a_deciding_node_are_split_by_pair(planted_corpus, settings):
    corpus, _ = planted_corpus
    split, keys = make_split(corpus, settings), id_keys(corpus.nodes.ids)
    snp = np.array([kind == "SNP" for kind in corpus.nodes.kinds])
    a, b = every_pair(corpus)
    decides = {"pair": snp & ~snp, "concept": ~snp}.get(settings.split, snp)
    by_pair = ~decides[a] & ~decides[b]
    assert by_pair.any()
    expected = Split.by_pair(keys, settings.held_out).is_held_out(a, b)
    assert (split.is_held_out(a, b)[by_pair] == expected[by_pair]).all()


def test_without_a_split_no_pair_is_held_out(planted_corpus):
    corpus, _ = planted_corpus
    a, b = every_pair(corpus)
    assert not build_adjacency(corpus, 5).split.is_held_out(a, b).any()
    assert not make_split(corpus, replace(TRAIN, held_out=0.0)).is_held_out(a, b).any()


def loci(corpus):
    """The locus of each SNP, by a plain search through LD of r² ≥ .2: the window of the first SNP of its block."""
    nodes, edges = corpus.nodes, corpus.edges
    near = {i: set() for i, kind in enumerate(nodes.kinds) if kind == "SNP"}
    for a, b, kind, r2 in zip(edges.starts, edges.ends, edges.type, edges.weights, strict=True):
        if edges.types[kind] == "IN_LD_WITH" and r2 >= np.float32(0.2):
            near[int(a)].add(int(b))
            near[int(b)].add(int(a))

    def position_of(i):
        known = nodes.positions[i] >= 0 and nodes.builds[i]
        return (0, f"{nodes.builds[i]}:{nodes.chromosomes[i]}", int(nodes.positions[i])) if known else (1, "", i)

    locus_of = {}
    for snp in near:
        block, rest = {snp}, [snp]
        while rest:
            for other in near[rest.pop()] - block:
                block.add(other)
                rest.append(other)
        number, chromosome, position = min(position_of(i) for i in block)
        locus_of[snp] = f"{chromosome}:{position // LOCUS_WINDOW}" if number == 0 else nodes.ids[position]
    return locus_of


@pytest.fixture(scope="module")
def genome(build):
    """400 SNPs on two chromosomes, some without a position, some in LD across windows, and one trait."""
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
def test_loci_are_held_out_completely_with_their_ld_blocks(genome, share):
    split = make_split(genome, replace(TRAIN, split="locus", held_out=share))
    locus_of = loci(genome)
    trait = genome.nodes.ids.index("MONDO:1")
    snps = np.array(sorted(locus_of))
    held = split.is_held_out(snps, np.full(len(snps), trait))
    names = np.array([locus_of[snp] for snp in snps])
    expected = id_keys(names.tolist()) >> np.uint64(32)
    assert (held == (expected % np.uint64(10_000) < round(share * 10_000))).all()
    assert len(set(names[held]) & set(names[~held])) == 0
    assert share == pytest.approx(len(set(names[held])) / len(set(names)), abs=0.08)


def test_ld_edges_of_held_out_loci_are_held_out(genome):
    """An edge between a held-out and another locus is held out; it has r² < .2."""
    split = make_split(genome, replace(TRAIN, split="locus", held_out=0.3))
    edges = genome.edges
    ld = edges.type == edges.types.index("IN_LD_WITH")
    a, b, r2 = edges.starts[ld], edges.ends[ld], edges.weights[ld]
    crosses = split.held_out_nodes[a] != split.held_out_nodes[b]
    assert crosses.any()
    assert (r2[crosses] < np.float32(0.2)).all()
    assert split.is_held_out(a, b)[crosses].all()


def test_chromosomes_are_held_out(planted_corpus):
    corpus, _ = planted_corpus
    nodes = corpus.nodes
    split = make_split(corpus, replace(TRAIN, split="chromosome", held_chromosomes=("2", "5"), held_out=0.0))
    a, b = every_pair(corpus)
    on = np.array([kind == "SNP" and c in ("2", "5") for kind, c in zip(nodes.kinds, nodes.chromosomes, strict=True)])
    assert (split.is_held_out(a, b) == (on[a] | on[b])).all()


@pytest.mark.parametrize("split", ["chromosome", "locus"])
def test_invalid_chromosomes_are_rejected(planted_corpus, split):
    corpus, _ = planted_corpus
    named = replace(TRAIN, split=split, held_chromosomes=("1", "chr2"))
    with pytest.raises(ConfigError, match=r"on this chromosome|needs the split by chromosome"):
        make_split(corpus, named)


def test_split_by_chromosome_needs_chromosomes(planted_corpus):
    corpus, _ = planted_corpus
    with pytest.raises(ConfigError, match="needs the chromosomes to hold out") as error:
        make_split(corpus, replace(TRAIN, split="chromosome"))
    assert error.value.valid == ("1", "2", "3", "4", "5", "6")


def test_unknown_split_suggests_the_nearest_name(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    with pytest.raises(ConfigError, match="did you mean 'locus'"):
        train(corpus, words, ModelConfig(dimension=24, hidden=8), replace(TRAIN, split="loci"), WEIGHTS, tmp_path)


def test_concepts_are_held_out_with_all_their_names(planted_corpus, build):
    corpus, _ = planted_corpus
    nodes = corpus.nodes
    twins = {"MONDO:01": "MONDO:00", "MONDO:13": "MONDO:12"}
    clusters = np.array([nodes.ids.index(twins.get(id_, id_)) for id_ in nodes.ids], dtype=np.int32)
    corpus = replace(corpus, nodes=replace(nodes, clusters=clusters))
    settings = replace(TRAIN, split="concept", held_out=0.15)
    split = make_split(corpus, settings)
    concept = np.array([kind != "SNP" for kind in nodes.kinds])
    keys = id_keys(nodes.ids) >> np.uint64(32)
    out = concept & (keys % np.uint64(10_000) < 1500)
    assert 0 < out[clusters].sum() < concept.sum()
    groups = task_groups(corpus, build_adjacency(corpus, 5, split), WEIGHTS)
    for group in groups:
        a = clusters[group.anchors]
        b = a if group.is_text else clusters[group.positives]
        held = np.zeros(len(a), dtype=bool)
        held[group.held_out] = True
        assert (held == (out[a] | out[b])).all(), group.task
    assert any(len(group.held_out) for group in groups if group.is_text)


def test_held_out_pairs_are_in_no_input_effect_flag_or_step(planted_corpus, settings, words, build):
    corpus, _ = planted_corpus
    split = make_split(corpus, settings)
    adjacency = build_adjacency(corpus, 5, split)
    features = Features(corpus, adjacency, words.encode(corpus.nodes.texts))
    groups = task_groups(corpus, adjacency, WEIGHTS)
    cl, every = corpus.nodes.clusters.astype(np.int64), np.arange(len(corpus.nodes))
    # The corpus without the held-out pairs.
    tasks = {}
    for name, pairs in corpus.tasks.items():
        positives = cl[pairs.anchors] if pairs.texts else cl[pairs.positives]
        used = ~split.is_held_out(cl[pairs.anchors], positives)
        arrays = {f: getattr(pairs, f)[used] for f in ("anchors", "positives", "weights", "effects")}
        tasks[name] = replace(pairs, **arrays)
    drop = split.is_held_out(cl[corpus.edges.starts], cl[corpus.edges.ends])
    assert drop.any()
    without = replace(build.without(corpus, drop), tasks=tasks)
    other = Features(without, build_adjacency(without, 5), words.encode(corpus.nodes.texts))
    training, expected, complete = features.rows(every, 5), other.rows(every, None), features.rows(every, None)
    # Flags are equal. Blocks differ slightly, because the mean weight of a relation depends on its edges.
    assert np.array_equal(training[:, -FLAGS:], expected[:, -FLAGS:])
    assert (training - expected).abs().max() < 0.25
    assert not np.array_equal(complete[:, -FLAGS:], expected[:, -FLAGS:])
    has = slice(-FLAGS, NEIGHBOUR_FLAGS // 2 - FLAGS)
    for fold in range(5):
        assert (features.rows(every, fold)[:, has] <= expected[:, has]).all()
    drawn = 0
    for number in range(10):
        for step in plan_round(groups, features.effects, replace(settings, steps=1000), number):
            group = groups[step.group]
            a, b = group.anchor_clusters[step.pairs], group.positive_clusters[step.pairs]
            assert not split.is_held_out(a, b).any()
            e = features.effects
            assert not split.is_held_out(cl[e.anchors[step.effects]], cl[e.positives[step.effects]]).any()
            drawn += len(step.pairs)
    assert drawn > 1000


def test_composed_pair_is_trained_on_if_one_of_its_paths_is(planted_corpus, settings):
    corpus, _ = planted_corpus
    split = make_split(corpus, settings)
    links, gwas = snp_genes(corpus), corpus.tasks["gwas"]

    def out(a, b):
        return bool(split.is_held_out(np.array([a]), np.array([b]))[0])

    paths = {}
    for snp, gene in zip(links.anchors.tolist(), links.positives.tolist(), strict=True):
        for other, trait, weight in zip(gwas.anchors, gwas.positives, gwas.weights, strict=True):
            if snp == other:
                paths.setdefault((gene, int(trait)), []).append((out(snp, gene) or out(snp, trait), float(weight)))
    expected = {}
    for pair, its_paths in paths.items():
        trained = [weight for held, weight in its_paths if not held]
        expected[pair] = (not trained or out(*pair), max(trained or [weight for _, weight in its_paths]))
    groups = task_groups(corpus, build_adjacency(corpus, 5, split), {"gene_trait": 2.0})
    composed = {}
    for group in groups:
        if group.task == "gene_trait":
            for i, pair in enumerate(zip(group.anchors.tolist(), group.positives.tolist(), strict=True)):
                composed[pair] = (i in set(group.held_out.tolist()), float(group.weights[i]))
                assert composed[pair][0] != any(i in rows for rows in group.by_fold)
    assert composed == expected
    assert any(held for held, _ in composed.values())
    by_pair = sum(out(*pair) for pair in composed)
    assert sum(held for held, _ in composed.values()) >= by_pair


def test_file_lists_all_held_out_pairs(planted_corpus, settings, words, tmp_path):
    corpus, _ = planted_corpus
    model = ModelConfig(dimension=24, hidden=8)
    report = train(corpus, words, model, settings, WEIGHTS, tmp_path / "m")
    table = pl.read_parquet(tmp_path / "m" / "held_out.parquet")
    assert table.columns == ["task", "anchor", "positive", "weight"]
    split, ids = make_split(corpus, settings), corpus.nodes.ids
    cl = corpus.nodes.clusters.astype(np.int64)
    expected = []
    for name, pairs in corpus.tasks.items():
        for a, b, weight in zip(pairs.anchors, pairs.positives, pairs.weights, strict=True):
            positive = a if pairs.texts else b
            if split.is_held_out(cl[[a]], cl[[positive]])[0]:
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
    assert sampled
    assert sorted(trained.rows()) == sorted(sampled)
    assert {"gwas", "gene_trait"} <= set(trained["task"])
    # The same settings give the same model, other settings another one.
    assert train(corpus, words, model, settings, WEIGHTS, tmp_path / "m") == report
    names = {model_id(corpus, words, model, replace(TRAIN, **own), WEIGHTS) for own in SETTINGS.values()}
    assert len(names) == len(SETTINGS)
    assert report.model_id in names
