"""The exported text encoder: sentence-transformers gives the same vectors as this package."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from generel_etl.errors import ModelError, UsageError
from generel_graph.encode import Encoder
from generel_graph.export.encoder import write_encoder
from generel_graph.export.layers import GELU, HARDSWISH, IDENTITY, plain_layers
from generel_graph.learn import Model
from generel_graph.learn.features.blocks import BLOCKS
from generel_graph.learn.model.text_adapter import Adapter
from generel_graph.learn.model.towers import TowerShape, make_towers
from generel_graph.stored_vectors import split_vectors

TEXTS = ["heart attack", "Heart  attack", "bad heart", "x", "attack " * 30, "naïve β-heart"]
ACTIVATIONS = {GELU: torch.nn.GELU(), HARDSWISH: torch.nn.Hardswish(), IDENTITY: torch.nn.Identity()}


def random_adapter(text_dimension, dimension, seed, spread=0.3):
    """An adapter with random weights, norm and biases."""
    adapter = Adapter(text_dimension, dimension).eval()
    random = torch.Generator().manual_seed(seed)
    for parameter in adapter.parameters():
        torch.nn.init.normal_(parameter, std=spread, generator=random)
    return adapter


def apply_layers(layers, x):
    for layer in layers:
        x = normalize(x, dim=-1) if layer is None else ACTIVATIONS[layer.activation](x @ layer.weight.T + layer.bias)
    return x


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), spread=st.floats(1e-3, 1), d=st.integers(8, 40), dimension=st.integers(8, 40))
def test_plain_layers_equal_the_adapter(seed, spread, d, dimension):
    adapter = random_adapter(d, dimension, seed, spread)
    x = normalize(torch.randn(16, d, generator=torch.Generator().manual_seed(seed)), dim=-1)
    with torch.inference_mode():
        # Vectors that nearly cancel before scaling to unit length have fewer significant digits.
        torch.testing.assert_close(apply_layers(plain_layers(adapter.state_dict()), x), adapter(x), atol=3e-3, rtol=0)


@pytest.fixture(scope="module", params=["mean", "cls"])
def encoder(request, tmp_path_factory):
    """A BERT with random weights in Hugging Face's layout, truncating at eight tokens, in float32."""
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("bert")
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, "heart", "attack", *("##" + w for w in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(**sizes, intermediate_size=32, initializer_range=0.5)
    BertModel(config).save_pretrained(folder)
    if request.param == "cls":
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    return Encoder.open(str(folder), max_tokens=8)


@pytest.fixture
def model(encoder, tmp_path):
    blocks = tuple(b for b in BLOCKS if b.name == "text")
    shapes = [TowerShape("concept", blocks, encoder.dimension, 8, 12)]
    return Model(
        id="m",
        folder=tmp_path / "m",
        share=0.7,
        dimension=12 + encoder.dimension,
        learnt_dimension=12,
        encoder_digest=encoder.digest,
        corpus_digest="c",
        folds=5,
        same_locus=True,
        config={},
        towers=make_towers(shapes, 0.1, 0).eval(),
        adapter=random_adapter(encoder.dimension, 12, 1),
    )


def test_sentence_transformers_gives_the_vectors_of_free_texts(encoder, model, tmp_path):
    from sentence_transformers import SentenceTransformer

    folder = write_encoder(model, encoder, tmp_path / "out")
    loaded = SentenceTransformer(str(folder), device="cpu")
    vectors = loaded.encode(TEXTS)
    learnt, _ = split_vectors(model.text_vectors(TEXTS, encoder), model.learnt_dimension)
    np.testing.assert_allclose(vectors, learnt, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.ptp(vectors, axis=0).max() > 0.01  # texts differ
    assert loaded.max_seq_length == 8
    np.testing.assert_allclose(loaded.encode(["attack " * 6]), loaded.encode(["attack " * 6 + "heart"]), atol=1e-6)
    assert "m" in (folder / "README.md").read_text()


def test_folder_that_is_not_empty_is_rejected(encoder, model, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("keep")
    with pytest.raises(UsageError, match="not empty"):
        write_encoder(model, encoder, tmp_path / "mine")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes"]
    (tmp_path / "empty").mkdir()
    assert (write_encoder(model, encoder, tmp_path / "empty") / "modules.json").is_file()


def test_model_without_an_adapter_is_rejected_with_the_setting(encoder, model, tmp_path):
    with pytest.raises(ModelError, match="adapter_steps"):
        write_encoder(replace(model, adapter=None), encoder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
