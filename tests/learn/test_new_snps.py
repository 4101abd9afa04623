"""An SNP that is not in the graph has the vector that it would have as a node, whatever else is queried."""

from dataclasses import replace

import numpy as np
import pytest

from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.corpus.schema import EdgeArrays
from generel_graph.learn import Neighbourhoods, SnpQuery, load_model, snp_neighbourhood, train

MODEL = ModelConfig(dimension=24, hidden=48)
TRAIN = TrainConfig(steps=40, batch_size=32, warmup=10, adapter_steps=0)
KB = 1_000

NODES = [
    ("MONDO:1", "Disease", "kaka fever"),
    ("MONDO:2", "Disease", "lolo sickness"),
    ("HP:1", "Phenotype", "mimi rash"),
    ("EFO:1", "Disease", "lolo sickness again"),  # of the cluster of MONDO:2
    ("HGNC:1", "Gene", "KA1: kazz factor"),
    ("HGNC:2", "Gene", "LO1: lozz factor"),
    ("HGNC:3", "Gene", "MI1: mizz factor"),
    ("rs1", "SNP", "1", 1_000 * KB),
    ("rs2", "SNP", "1", 1_010 * KB),
    ("rs3", "SNP", "1", 1_070 * KB),
    ("rs4", "SNP", "2", 1_005 * KB),
    ("rs5", "SNP", "1", 1_400 * KB),
    ("rs6", "SNP", "1", 1_500 * KB),
]
EDGES = [
    ("rs1", "ASSOCIATED_WITH", "MONDO:1", 0.6, 11.0),
    ("rs1", "LOCATED_IN", "HGNC:1"),
    ("rs2", "ASSOCIATED_WITH", "EFO:1", 0.5, 7.3),
    ("rs2", "ASSOCIATED_WITH", "HP:1", 0.7, 20.0),
    ("rs2", "NEAREST_TO", "HGNC:1"),
    ("rs3", "ASSOCIATED_WITH", "MONDO:2", 0.5, 7.3),
    ("rs3", "REPORTED_GENE", "HGNC:2"),
    ("rs4", "NEAREST_TO", "HGNC:2"),
    ("rs4", "ASSOCIATED_WITH", "HP:1", 0.5, 7.3),
    ("rs5", "NEAREST_TO", "HGNC:1"),
    ("rs5", "ASSOCIATED_WITH", "MONDO:1", 0.9, 60.0),
    ("rs5", "REGULATES", "HGNC:3", 0.9, 80.0),
    ("rs6", "REGULATES", "HGNC:2", 0.9, 90.0),
    ("HGNC:1", "GENE_ASSOCIATED_WITH", "MONDO:2"),
    ("HGNC:2", "GENE_ASSOCIATED_WITH", "MONDO:1"),
    ("HGNC:3", "GENE_ASSOCIATED_WITH", "HP:1"),
    ("MONDO:1", "HAS_PHENOTYPE", "HP:1"),
    ("MONDO:1", "IS_A", "MONDO:2"),
]
CLUSTERS = {"EFO:1": "MONDO:2"}


@pytest.fixture(scope="module")
def model(planted_corpus, tmp_path_factory, shared_words, number_format):
    folder = tmp_path_factory.mktemp("snp_neighbourhood") / "m"
    train(planted_corpus[0], shared_words, MODEL, replace(TRAIN, number_format=number_format), {}, folder)
    return load_model(folder)


def make_query(corpus, *snps, eqtl=()):
    """SNPs as (chromosome, position), and eQTL rows as (index of the SNP, id of the gene, −log10 p)."""
    index = {id_: i for i, id_ in enumerate(corpus.nodes.ids)}
    return SnpQuery(
        chromosomes=tuple(chromosome for chromosome, _ in snps),
        positions=np.array([position for _, position in snps], dtype=np.int64),
        eqtl=EdgeArrays(
            types=("REGULATES",),
            starts=np.array([row[0] for row in eqtl], dtype=np.int32),
            ends=np.array([index[row[1]] for row in eqtl], dtype=np.int32),
            type=np.zeros(len(eqtl), dtype=np.int16),
            weights=np.ones(len(eqtl), dtype=np.float32),
            log_odds=np.full(len(eqtl), np.nan, dtype=np.float32),
            neg_log10_p=np.array([row[2] for row in eqtl], dtype=np.float32),
        ),
    )


def snp_vectors(model, corpus, words, query):
    local = snp_neighbourhood(Neighbourhoods.from_corpus(corpus, model.same_locus), query)
    texts = ["" if i < 0 else corpus.nodes.texts[i] for i in local.nodes]
    vectors, known = model.snp_vectors(local, texts, words)
    return vectors, known, local


def test_new_snp_has_the_vector_that_it_has_as_a_node(model, build, shared_words):
    """As a node, rs9 is located in HGNC:1 like the SNPs around it, and counts in the degrees of its neighbours."""
    with_snp = build.corpus(
        [*NODES, ("rs9", "SNP", "1", 1_020 * KB)], [*EDGES, ("rs9", "LOCATED_IN", "HGNC:1")], None, CLUSTERS
    )
    as_node = model.vectors(with_snp, shared_words)[with_snp.nodes.ids.index("rs9")]
    without = build.corpus(NODES, EDGES, None, CLUSTERS)
    vectors, known, local = snp_vectors(model, without, shared_words, make_query(without, ("GRCh38:1", 1_020 * KB)))
    assert known.all()
    assert local.locus_snps.tolist() == [3]
    np.testing.assert_allclose(vectors[0], as_node, atol=1e-5)
    # A position 35 kb away is another locus.
    other, _, _ = snp_vectors(model, without, shared_words, make_query(without, ("GRCh38:1", 1_055 * KB)))
    assert np.abs(other[0] - as_node).max() > 1e-3


def test_new_snp_of_a_model_without_locus_neighbours_has_none(model, build, shared_words):
    other = replace(model, same_locus=False)
    rows = [*NODES, ("rs9", "SNP", "1", 1_020 * KB)]
    with_snp = build.corpus(rows, [*EDGES, ("rs9", "LOCATED_IN", "HGNC:1")], None, CLUSTERS)
    as_node = other.vectors(with_snp, shared_words)[with_snp.nodes.ids.index("rs9")]
    without = build.corpus(NODES, EDGES, None, CLUSTERS)
    vectors, _, _ = snp_vectors(other, without, shared_words, make_query(without, ("GRCh38:1", 1_020 * KB)))
    np.testing.assert_allclose(vectors[0], as_node, atol=1e-5)


def test_eqtl_rows_count_like_loaded_edges(model, build, shared_words):
    rows = [*NODES, ("rs9", "SNP", "3", 5_000 * KB)]
    loaded = [("rs9", "REGULATES", "HGNC:3", 0.9, 70.0), ("rs9", "REGULATES", "HGNC:2", 0.9, 300.0)]
    with_snp = build.corpus(rows, [*EDGES, *loaded], None, CLUSTERS)
    as_node = model.vectors(with_snp, shared_words)[with_snp.nodes.ids.index("rs9")]
    without = build.corpus(NODES, EDGES, None, CLUSTERS)
    # Two rows of one gene are one neighbour. A position without neighbours adds nothing.
    rows = [(0, "HGNC:3", 70.0), (0, "HGNC:2", 300.0), (0, "HGNC:2", 60.0)]
    for snp in (("GRCh38:3", 5_000 * KB), ("", -1)):
        vectors, known, local = snp_vectors(model, without, shared_words, make_query(without, snp, eqtl=rows))
        assert known.all()
        assert len(local.eqtl_genes[0]) == 2
        assert len(local.nearby_genes[0]) == 0
        np.testing.assert_allclose(vectors[0], as_node, atol=1e-5)


def test_other_snps_of_a_query_change_nothing(model, build, shared_words):
    corpus = build.corpus(NODES, EDGES, None, CLUSTERS)
    snps = [
        ("GRCh38:1", 1_020 * KB),
        ("GRCh38:1", 1_021 * KB),
        ("GRCh38:2", 1_000 * KB),
        ("", -1),
        ("GRCh37:1", 1_020 * KB),
    ]
    rows = [(1, "HGNC:2", 30.0), (3, "HGNC:1", 9.0)]
    together, known, local = snp_vectors(model, corpus, shared_words, make_query(corpus, *snps, eqtl=rows))
    assert known.tolist() == [True, True, True, True, False], (
        "positions of another build have no neighbours, because there is no liftover"
    )
    names = [[corpus.nodes.ids[i] for i in genes] for genes in local.nearby_genes]
    assert names == [["HGNC:1"], ["HGNC:1"], ["HGNC:2"], [], []]
    for at, snp in enumerate(snps):
        snp_rows = [(0, gene, p) for row, gene, p in rows if row == at]
        alone, _, _ = snp_vectors(model, corpus, shared_words, make_query(corpus, snp, eqtl=snp_rows))
        np.testing.assert_allclose(together[at], alone[0], atol=1e-6)


def test_weights_of_nearby_genes_decrease_with_distance(build):
    corpus = build.corpus(NODES, [*EDGES, ("rs3", "NEAREST_TO", "HGNC:3")], None, CLUSTERS)
    key, weight = Neighbourhoods.from_corpus(corpus).nearby_genes(make_query(corpus, ("GRCh38:1", 1_060 * KB)))
    weights = {corpus.nodes.ids[k]: w for k, w in zip(key, weight, strict=True)}
    assert weights == pytest.approx({"HGNC:1": np.exp(-50 / 25), "HGNC:3": np.exp(-10 / 25)})


def test_cached_neighbourhoods_are_read_again(build, tmp_path):
    written = Neighbourhoods.from_corpus(build.corpus(NODES, EDGES, None, CLUSTERS))
    path = tmp_path / "neighbours.npz"
    assert Neighbourhoods.read(path) is None
    written.write(path)
    cached = Neighbourhoods.read(path)
    assert cached is not None
    assert cached.builds() == {"GRCh38": 6}
    for name in written.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(written, name), getattr(cached, name))
    assert [p.name for p in tmp_path.iterdir()] == ["neighbours.npz"]


def test_snp_without_neighbours_is_reported(model, build, shared_words):
    corpus = build.corpus([row for row in NODES if row[1] != "SNP"], [e for e in EDGES if not e[0].startswith("rs")])
    vectors, known, _ = snp_vectors(
        model, corpus, shared_words, make_query(corpus, ("GRCh38:1", 10), eqtl=[(0, "HGNC:1", 5.0)])
    )
    assert known.all()
    assert np.isfinite(vectors).all()
    unlocated = replace(make_query(corpus, ("GRCh38:1", 10)), chromosomes=("",))
    assert not snp_vectors(model, corpus, shared_words, unlocated)[1].any()
