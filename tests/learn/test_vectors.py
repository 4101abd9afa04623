"""The algebra of stored vectors, and the agreement of the vectors of texts and of nodes."""

from dataclasses import replace

import numpy as np
import pytest

from generel_etl.errors import ModelError
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.learn import load_model, train
from generel_graph.learn.effects.table import propagated_vectors
from generel_graph.learn.features.features import node_features
from generel_graph.stored_vectors import query_vectors, split_vectors, to_stored

MODEL = ModelConfig(dimension=24, hidden=48)
TRAIN = TrainConfig(steps=40, batch_size=32, warmup=10, adapter_steps=40)


def unit(n, d, seed):
    v = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return v / np.linalg.norm(v, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def model(planted_corpus, tmp_path_factory, request, number_format):
    words = request.getfixturevalue("shared_words")
    folder = tmp_path_factory.mktemp("vectors") / "m"
    train(planted_corpus[0], words, MODEL, replace(TRAIN, number_format=number_format), {}, folder)
    return load_model(folder)


@pytest.mark.parametrize(
    ("query_kind", "hit_kind", "z_part", "b_part", "constant"),
    [
        ("SNP", "Disease", 0.7, 0.3, 1.0),
        ("Trait", "SNP", 0.7, 0.3, 1.0),
        ("SNP", "SNP", 0.7, 0.3, 1.0),
        ("Gene", "SNP", 0.5, 0.5, 2 * np.sqrt(0.21)),
        ("SNP", "Gene", 0.5, 0.5, 2 * np.sqrt(0.21)),
        ("Gene", "Drug", 1.0, 0.0, np.sqrt(0.7)),
        ("", "SNP", 1.0, 0.0, np.sqrt(0.7)),
        ("Disease", None, 1.0, 0.0, np.sqrt(0.7)),
    ],
)
def test_query_weighs_the_parts_by_the_kinds(query_kind, hit_kind, z_part, b_part, constant):
    z, b, z2, b2 = unit(4, 6, 0), unit(4, 5, 1), unit(4, 6, 2), unit(4, 5, 3)
    query, scale = query_vectors(to_stored(z, b, 0.7), query_kind, hit_kind, 0.7, 6)
    assert scale == pytest.approx(constant)
    other = to_stored(z2, b2, 0.7)
    np.testing.assert_allclose(np.linalg.norm(query, axis=1), 1, atol=1e-5)
    cosine = (query * other).sum(1) / np.linalg.norm(other, axis=1)
    expected = z_part * (z * z2).sum(1) + b_part * (b * b2).sum(1)
    np.testing.assert_allclose(cosine / scale, expected, atol=1e-5)


@pytest.mark.parametrize(("query_kind", "hit_kind"), [("SNP", "Gene"), ("SNP", "Disease"), ("Drug", "Gene")])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_score_of_a_vector_with_itself_is_one(query_kind, hit_kind, share):
    v = to_stored(unit(3, 6, 0), unit(3, 6, 1), share)
    query, constant = query_vectors(v, query_kind, hit_kind, share)
    np.testing.assert_allclose((query * v).sum(1) / constant, 1, atol=1e-5)


def test_split_vectors_returns_the_parts():
    z, b = unit(3, 6, 0), unit(3, 5, 1)
    for part, expected in zip(split_vectors(to_stored(z, b, 0.7), 6), (z, b), strict=True):
        np.testing.assert_allclose(part, expected, atol=1e-5)


def test_vector_of_a_node_without_text_propagation_has_unit_length():
    v = to_stored(unit(2, 6, 0), np.zeros((2, 6), dtype=np.float32), 0.7)
    np.testing.assert_allclose(np.linalg.norm(v, axis=1), 1, atol=1e-6)


def test_vectors_of_some_nodes_equal_those_of_all(model, planted_corpus, shared_words):
    corpus, _ = planted_corpus
    every = model.vectors(corpus, shared_words)
    nodes = np.array([200, 3, 77])
    np.testing.assert_allclose(model.vectors(corpus, shared_words, only=nodes), every[nodes], atol=1e-6)
    assert every.shape == (len(corpus.nodes), model.dimension) == (264, 48)


def test_text_and_node_without_neighbours_have_equal_vectors(model, build, shared_words):
    rows = [("MONDO:1", "Disease", "kaka fever"), ("HGNC:1", "Gene", "KA1: kazz factor")]
    assert model.adapter is not None
    corpus = build.corpus(rows, [])
    nodes = model.vectors(corpus, shared_words)
    for row, (_, kind, text) in zip(nodes, sorted(rows), strict=True):
        np.testing.assert_allclose(model.text_vectors([text], shared_words, kind)[0], row, atol=1e-5)


def test_second_part_of_a_stored_vector_is_text_propagation(model, planted_corpus, shared_words):
    corpus, _ = planted_corpus
    features = node_features(corpus, shared_words, model.folds, same_locus=model.same_locus)
    _, b = split_vectors(model.vectors(corpus, shared_words), model.learnt_dimension)
    snp = np.array([kind == "SNP" for kind in corpus.nodes.kinds])
    for name, nodes in (("snp", np.flatnonzero(snp)), ("concept", np.flatnonzero(~snp))):
        expected = propagated_vectors(features, model.towers[name].shape, nodes)[nodes]
        known = expected.any(axis=1)
        assert known.sum() > 100
        np.testing.assert_allclose(b[nodes][known], expected[known], atol=1e-5)


def test_another_encoder_is_rejected(model, planted_corpus):
    class Other:
        name, digest = "other", "other-1"

    with pytest.raises(ModelError, match="another encoder") as error:
        model.vectors(planted_corpus[0], Other())
    assert "words-24" in error.value.message
    assert "other-1" in error.value.message


def test_snp_has_no_text_vector(model, shared_words):
    with pytest.raises(ModelError, match="no text"):
        model.text_vectors(["rs1"], shared_words, "SNP")
