"""The inputs of nodes, compared with a dense computation in plain loops, and the exclusion of a fold's pairs."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from generel_graph.learn.features.adjacency import build_adjacency
from generel_graph.learn.features.blocks import BLOCK_NAMES, BLOCKS, EFFECT_FLAGS, NEIGHBOUR_FLAGS, group_of
from generel_graph.learn.features.features import Features, used_blocks
from generel_graph.learn.features.pair_hash import id_keys, pair_folds
from generel_graph.learn.features.splits import Split

FOLDS = 5
P = 10.0
WEIGHT = P / (P + 7.3)


@pytest.fixture
def graph(build):
    """A corpus of all kinds of node, with random edges, a cluster of three and SNPs of one locus."""
    rng = np.random.default_rng(5)
    rows = [(f"MONDO:{i}", "Disease", f"disease {i} common") for i in range(6)]
    rows += [("EFO:1", "Trait", "disease one"), ("EFO:2", "Trait", "height"), ("DOID:1", "Disease", "one")]
    rows += [(f"HP:{i}", "Phenotype", f"sign {i}") for i in range(5)]
    rows += [(f"HGNC:{i}", "Gene", f"G{i}: factor {i}") for i in range(6)]
    rows += [(f"DRUG:{i}", "Drug", f"drug {i}") for i in range(3)] + [("PW:1", "Pathway", "way")]
    rows += [(f"rs{i}", "SNP", "1", 1_000 + 20_000 * i) for i in range(8)]
    genes, diseases = [f"HGNC:{i}" for i in range(6)], [f"MONDO:{i}" for i in range(6)] + ["EFO:1", "EFO:2"]
    edges = []
    for i in range(8):
        for d in rng.permutation(diseases)[:3]:
            edges.append((f"rs{i}", "ASSOCIATED_WITH", str(d), WEIGHT, P, 0.1 * (i + 1)))
        for g in rng.permutation(genes)[:2]:
            edges.append((f"rs{i}", "NEAREST_TO", str(g)))
    for d in diseases:
        edges += [(d, "HAS_PHENOTYPE", f"HP:{i}") for i in rng.permutation(5)[:2]]
    edges += [(g, "HAS_PHENOTYPE", f"HP:{rng.integers(5)}") for g in genes]
    edges += [(f"DRUG:{i}", "TARGETS", g) for i in range(3) for g in genes[i : i + 2]]
    edges += [("HGNC:1", "INTERACTS_WITH", "HGNC:2"), ("HGNC:3", "PARTICIPATES_IN", "PW:1")]
    edges += [("MONDO:1", "IS_A", "MONDO:2"), ("MONDO:2", "IS_A", "MONDO:3"), ("EFO:1", "IS_A", "MONDO:4")]
    edges += [("MONDO:1", "SAME_AS", "EFO:1"), ("MONDO:5", "XREF", "EFO:2", 0.5)]
    edges += [("DRUG:0", "NOT_TREATS", "MONDO:0"), ("MONDO:0", "CO_OCCURS_WITH", "MONDO:5", 0.0)]
    effects = [(a, b, w, e) for a, t, b, w, _, e in (x for x in edges if len(x) == 6)]
    return build.corpus(rows, edges, {"gwas": effects}, {"EFO:1": "MONDO:1", "DOID:1": "MONDO:1"})


def plain_inputs(corpus, texts, node, fold):
    """The blocks and flags of one node, in plain loops over dictionaries of neighbours."""
    nodes, edges, cl = corpus.nodes, corpus.edges, corpus.nodes.clusters
    keys, n, d = id_keys(corpus.nodes.ids), len(corpus.nodes), texts.shape[1]
    scale = 1.0 if fold is None else FOLDS / (FOLDS - 1)

    def out(a, b):
        return fold is not None and pair_folds(np.array([a]), np.array([b]), keys, FOLDS)[0] == fold

    links = {}  # (a, b, type) → (weight, ontology, left out)
    is_a = set()
    for start, end, t, w, p in zip(edges.starts, edges.ends, edges.type, edges.weights, edges.neg_log10_p, strict=True):
        name, a, b = edges.types[t], int(cl[start]), int(cl[end])
        if name.startswith("NOT_") or a == b or (name == "CO_OCCURS_WITH" and w <= 0):
            continue
        value = min(p, 50.0) if p > 0 else (w if w > 0 else 1.0)
        key = (min(a, b), max(a, b), name)
        value = max(value, links.get(key, (0, 0, 0))[0])
        links[key] = (value, name in ("IS_A", "XREF", "SAME_AS"), out(a, b))
        if name == "IS_A":
            is_a.add((a, b))
    for a, b in sorted(is_a):
        for b2, c in sorted(is_a):
            if b == b2 and a != c and (a, c) not in is_a and (c, a) not in is_a:
                links[min(a, c), max(a, c), "IS_A"] = (1.0, True, out(a, b) or out(b, c) or out(a, c))
    snps = [i for i in range(n) if nodes.kinds[i] == "SNP"]
    for a in snps:
        for b in snps:
            far = abs(int(nodes.positions[a]) - int(nodes.positions[b]))
            if a < b and far <= 50_000:
                links[a, b, "locus"] = (math.exp(-far / 25_000), False, False)
    means = {}
    for (_, _, name), (w, _, _) in links.items():
        means.setdefault(name, []).append(w)
    near = {}  # (cluster, family) → {neighbour: weight}
    for (a, b, name), (w, ontology, left_out) in links.items():
        if left_out:
            continue
        for x, y in ((a, b), (b, a)):
            family = "ontology" if ontology else group_of(nodes.kinds[y])
            row = near.setdefault((x, family), {})
            row[y] = row.get(y, 0.0) + w / np.mean(means[name])
    degree = {}
    for (x, _), row in near.items():
        degree.setdefault(x, set()).update(row)

    def weighed(x, family):
        return {y: w / math.log2(2 + len(degree[y]) * scale) for y, w in near.get((x, family), {}).items()}

    def mean(rows):
        mass = sum(w for w, _ in rows)
        return sum((w * v for w, v in rows), np.zeros(d)) / mass if mass else None

    def texts_of(x, *families):
        return [(w, texts[y]) for family in families for y, w in weighed(x, family).items()]

    def traits(x):
        return mean(texts_of(x, "condition", "phenotype"))

    def genes(x):
        return mean(texts_of(x, "gene"))

    def context(x):
        rows = texts_of(x, "condition", "phenotype")
        rows += [(w, traits(y)) for y, w in weighed(x, "snp").items() if traits(y) is not None]
        return mean(rows)

    me = int(cl[node])
    group = group_of(nodes.kinds[me])
    look = traits if group in ("gene", "snp") else genes
    via = {
        "snp_context": [(w, look(y)) for y, w in weighed(me, "snp").items() if look(y) is not None],
        "gene_context": [(w, context(y)) for y, w in weighed(me, "gene").items() if context(y) is not None],
    }
    blocks, counts = [], []
    for block in BLOCKS:
        rows = via[block.name] if block.through else texts_of(me, *block.families)
        value = texts[node] if block.text else mean(rows)
        value = np.zeros(d) if value is None else value
        length = np.linalg.norm(value)
        blocks.append(value / length * math.sqrt(d) if length > 0 else value)
        counts.append(len(rows))
    flags = [float(c > 0) for c in counts[1:]] + [math.log1p(c * scale) / 3 for c in counts[1:]]
    return np.concatenate(blocks), np.array(flags)


@pytest.mark.parametrize("fold", [None, 0, 1, 2, 3, 4])
def test_inputs_equal_a_plain_loop(graph, words, fold):
    texts = words.encode(graph.nodes.texts)
    features = Features(graph, build_adjacency(graph, FOLDS), texts)
    rows = features.rows(np.arange(len(graph.nodes)), fold).numpy()
    d = words.dimension
    for node in range(len(graph.nodes)):
        blocks, flags = plain_inputs(graph, texts, node, fold)
        for number, name in enumerate(BLOCK_NAMES):
            part = slice(number * d, (number + 1) * d)
            np.testing.assert_allclose(
                rows[node, part], blocks[part], atol=2e-4, err_msg=f"{graph.nodes.ids[node]} {name}"
            )
        np.testing.assert_allclose(rows[node, 9 * d : 9 * d + NEIGHBOUR_FLAGS], flags, atol=1e-5)


def test_pairs_of_a_fold_are_not_in_its_inputs(graph, words, build):
    """Removing an edge from the graph does not change the inputs of its nodes in the fold of the edge."""
    texts = words.encode(graph.nodes.texts)
    adjacency = build_adjacency(graph, FOLDS)
    features = Features(graph, adjacency, texts)
    cl = graph.nodes.clusters.astype(np.int64)
    checked = changed = 0
    for e in range(len(graph.edges.starts)):
        a, b = cl[graph.edges.starts[e]], cl[graph.edges.ends[e]]
        name = graph.edges.types[graph.edges.type[e]]
        if a == b or name == "XREF":  # the only XREF edge: without it, there is no mean to scale by
            continue
        fold = int(pair_folds(np.array([a]), np.array([b]), adjacency.split.keys, FOLDS)[0])
        low, high = cl[graph.edges.starts], cl[graph.edges.ends]
        same = ((low == a) & (high == b)) | ((low == b) & (high == a))
        gwas = graph.tasks["gwas"]
        keep = ~((cl[gwas.anchors] == a) & (cl[gwas.positives] == b))
        fields = ("anchors", "positives", "weights", "effects")
        pairs = replace(gwas, **{f: getattr(gwas, f)[keep] for f in fields})
        other = replace(build.without(graph, same), tasks={"gwas": pairs})
        without = Features(other, build_adjacency(other, FOLDS), texts)
        nodes = np.array([a, b])
        assert torch.allclose(features.rows(nodes, fold), without.rows(nodes, fold), atol=1e-4), name
        checked += 1
        changed += not torch.allclose(features.rows(nodes, None), without.rows(nodes, None), atol=1e-4)
    assert checked > 50
    assert changed > 0.9 * checked - 2  # NOT_ and depleted edges are in no input


def test_inputs_of_cluster_members_differ_only_in_their_text(graph, words):
    features = Features(graph, build_adjacency(graph, FOLDS), words.encode(graph.nodes.texts))
    ids = graph.nodes.ids
    rows = features.rows(np.array([ids.index("MONDO:1"), ids.index("EFO:1"), ids.index("DOID:1")]), None)
    d = words.dimension
    assert torch.equal(rows[0, d:], rows[1, d:])
    assert torch.equal(rows[0, d:], rows[2, d:])
    assert not torch.equal(rows[0, :d], rows[1, :d])


def test_fold_does_not_depend_on_the_order_of_a_pair_or_on_other_nodes(graph):
    keys = id_keys(graph.nodes.ids)
    n = len(graph.nodes)
    a, b = np.divmod(np.arange(n * n), n)
    folds = pair_folds(a, b, keys, FOLDS)
    assert (folds == pair_folds(b, a, keys, FOLDS)).all()
    many = id_keys([f"rs{i}" for i in range(2000)])
    share = np.bincount(pair_folds(np.arange(1000), np.arange(1000, 2000), many, FOLDS)) / 1000
    assert (abs(share - 1 / FOLDS) < 0.05).all()
    # the folds do not change with more ids
    more = id_keys(("AAA:0", *graph.nodes.ids))
    assert (pair_folds(a + 1, b + 1, more, FOLDS) == folds).all()


def test_negated_edges_make_no_neighbours(graph, words):
    features = Features(graph, build_adjacency(graph, FOLDS), words.encode(graph.nodes.texts))
    row = features.rows(np.array([graph.nodes.ids.index("MONDO:0")]), None)[0]
    d = words.dimension
    drug = BLOCK_NAMES.index("drug")
    assert not row[drug * d : (drug + 1) * d].any()


def test_effect_flags_exclude_the_pairs_of_the_fold(build, words):
    rows = [("rs1", "SNP", "1", 5), ("MONDO:1", "Disease", "one"), ("MONDO:2", "Disease", "two")]
    edges = [("rs1", "ASSOCIATED_WITH", "MONDO:1", WEIGHT, P, 0.4)]
    corpus = build.corpus(rows, edges, {"gwas": [("rs1", "MONDO:1", WEIGHT, 0.4)]})
    features = Features(corpus, build_adjacency(corpus, FOLDS), words.encode(corpus.nodes.texts))
    snp, fold = np.array([corpus.nodes.ids.index("rs1")]), int(features.effects.folds[0])
    assert not features.rows(snp, fold)[0, -EFFECT_FLAGS:].any()
    expected = [1.0, 4 * math.tanh(0.8), 4 * math.tanh(0.8)]
    assert features.rows(snp, None)[0, -EFFECT_FLAGS:].tolist() == pytest.approx(expected)
    assert features.rows(snp, (fold + 1) % FOLDS)[0, -EFFECT_FLAGS:].tolist() == pytest.approx(expected)


def test_tower_has_the_blocks_that_its_nodes_can_have(graph):
    adjacency = build_adjacency(graph, FOLDS)
    assert [b.name for b in used_blocks(adjacency, "snp")] == [
        "condition", "gene", "snp_context", "gene_context",
    ]  # fmt: skip
    assert [b.name for b in used_blocks(adjacency, "concept")] == list(BLOCK_NAMES)


def test_weight_of_a_shared_report_is_divided(build, words):
    """A report on two SNPs has half the weight: its −log10 p counts half."""
    rows = [("rs1", "SNP", "1", 5), ("MONDO:1", "Disease", "one"), ("MONDO:2", "Disease", "two")]
    edges = [("rs1", "ASSOCIATED_WITH", f"MONDO:{i}", WEIGHT / i, P, 0.4) for i in (1, 2)]
    corpus = build.corpus(rows, edges)
    adjacency = build_adjacency(corpus, FOLDS)
    at = corpus.nodes.ids.index("rs1") * 7
    some = slice(adjacency.pointers[at], adjacency.pointers[at + 7])
    weight = dict(zip(adjacency.columns[some], adjacency.weights[some], strict=True))
    one, two = (weight[corpus.nodes.ids.index(f"MONDO:{i}")] for i in (1, 2))
    assert one == pytest.approx(2 * two, rel=1e-5)


def test_degrees_equal_a_plain_loop(build):
    """A neighbour in the ontology and in its group's family counts once, and not in a fold that excludes either."""
    diseases = [f"MONDO:{i}" for i in range(12)]
    rng = np.random.default_rng(3)
    chain = [(a, "IS_A", b) for a, b in zip(diseases[1:], diseases, strict=False)]  # two levels: links of two folds
    pairs = [rng.permutation(12)[:2] for _ in range(40)]
    likes = [(diseases[a], "RESEMBLES", diseases[b]) for a, b in pairs]
    corpus = build.corpus([(d, "Disease", d) for d in diseases], chain + likes)
    a = build_adjacency(corpus, FOLDS, Split.by_pair(id_keys(corpus.nodes.ids), 0.1))
    families = (len(a.pointers) - 1) // a.size
    duplicates = 0
    for cluster in range(a.size):
        bits = {}
        rows = range(a.pointers[cluster * families], a.pointers[(cluster + 1) * families])
        for i in rows:
            bits[int(a.columns[i])] = bits.get(int(a.columns[i]), 0) | int(a.masks[i])
        duplicates += len(rows) - len(bits)
        for fold in range(FOLDS + 1):
            assert a.degrees[fold, cluster] == sum(not b >> fold & 1 for b in bits.values())
        assert a.degrees[-1, cluster] == len(bits)
    assert duplicates > 0
