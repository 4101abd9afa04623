"""Fine-tuning of the encoder: it starts at the encoder's vectors, can be resumed, and is used by the model."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from generel_etl.errors import ModelError
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.encode import Encoder, LanguageModel
from generel_graph.export.encoder import write_encoder
from generel_graph.learn import load_model, train
from generel_graph.model_folder import ENCODER
from generel_graph.stored_vectors import split_vectors

MODEL = ModelConfig(dimension=16, hidden=8)
TRAIN = TrainConfig(
    mode="full", steps=20, encoder_steps=25, batch_size=32, checkpoint_steps=10, held_out=0.0, adapter_steps=10,
    encoder_rate=1e-2, lora_rank=2, number_format="float32",
)  # fmt: skip
WEIGHTS = {"gwas": 12.0, "gene_trait": 2.0}
TEXTS = ["heart attack", "", "attack", "heart attack", "a b c d e f g h"]


@pytest.fixture
def encoder(tiny, tmp_path):
    return Encoder.open(str(tiny), cache=tmp_path / "cache")


@pytest.fixture(scope="module")
def trained(planted_corpus, tiny, tmp_path_factory):
    corpus, _ = planted_corpus
    folder = tmp_path_factory.mktemp("trained")
    encoder = Encoder.open(str(tiny), cache=folder / "cache")
    return {
        mode: train(corpus, encoder, MODEL, replace(TRAIN, mode=mode), WEIGHTS, folder / mode).folder
        for mode in ("frozen", "lora", "full")
    }


@pytest.mark.parametrize("rank", [0, 2])
def test_language_model_starts_at_the_vectors_of_the_encoder(encoder, rank):
    model = LanguageModel(encoder, rank).eval()
    vectors = model(TEXTS)
    np.testing.assert_allclose(vectors.detach().numpy(), encoder.encode(TEXTS), atol=2e-3)  # cached in half precision
    assert not vectors[1].any()
    vectors[0].sum().backward()
    trainable = [name for name, p in model.named_parameters() if p.requires_grad]
    assert all("lora_" in name for name in trainable) == bool(rank)
    assert any(p.grad is not None and p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("mode", ["lora", "full"])
def test_model_uses_its_fine_tuned_encoder(planted_corpus, encoder, trained, mode):
    corpus, _ = planted_corpus
    model, frozen = load_model(trained[mode]), load_model(trained["frozen"])
    finetuned = model.own_encoder(encoder)
    assert finetuned.digest != encoder.digest
    assert frozen.own_encoder(encoder) is encoder
    texts = [text for text in corpus.nodes.texts if text][:20]
    assert (finetuned.encode(texts) * encoder.encode(texts)).sum(axis=1).min() < 0.99
    concepts = np.array([i for i, text in enumerate(corpus.nodes.texts) if text])
    (z, b), (z0, b0) = (split_vectors(m.vectors(corpus, encoder)[concepts], 16) for m in (model, frozen))
    np.testing.assert_allclose(b, b0, atol=1e-5)  # text propagation uses the frozen encoder
    assert np.abs(z - z0).max() > 0.05
    text_z = split_vectors(model.text_vectors(texts, encoder), 16)[0]
    with torch.inference_mode():
        mapped = normalize(model.adapter(torch.from_numpy(finetuned.encode(texts))), dim=-1)
    np.testing.assert_allclose(text_z, mapped, atol=1e-5)


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("frozen", "; frozen (`mode` frozen)"),
        ("lora", "; fine-tuned, low-rank updates, rank 2 (`mode` lora)"),
        ("full", "; fine-tuned, all weights (`mode` full)"),
    ],
)
def test_model_card_states_the_trained_mode(trained, mode, text):
    card = (trained[mode] / "README.md").read_text()
    (line,) = [line for line in card.splitlines() if line.startswith("- text encoder: ")]
    assert line.endswith(text)
    assert f"| train.mode | {mode} |" in card


@pytest.mark.parametrize("mode", ["lora", "full"])
@pytest.mark.parametrize("stop", [15, 33])
def test_resumed_training_gives_identical_weights(planted_corpus, encoder, trained, tmp_path, mode, stop):
    corpus, _ = planted_corpus

    def stop_at(stage, done, total, note=""):
        if stage == "train" and done == stop:
            raise KeyboardInterrupt

    settings = replace(TRAIN, mode=mode)
    with pytest.raises(KeyboardInterrupt):
        train(corpus, encoder, MODEL, settings, WEIGHTS, tmp_path / "m", stop_at)
    train(corpus, encoder, MODEL, settings, WEIGHTS, tmp_path / "m")
    for name in ("model.safetensors", f"{ENCODER}/model.safetensors"):
        assert (tmp_path / "m" / name).read_bytes() == (trained[mode] / name).read_bytes(), name


def test_fine_tuned_encoder_is_dropped_if_the_best_step_is_earlier(planted_corpus, encoder, tmp_path):
    corpus, _ = planted_corpus
    wild = replace(TRAIN, held_out=0.1, validate_steps=10, encoder_rate=3.0)
    report = train(corpus, encoder, MODEL, wild, WEIGHTS, tmp_path / "m")
    assert report.kept_step <= TRAIN.steps  # fine-tuning at this rate makes the model worse
    assert not (report.folder / ENCODER).exists()
    assert "; not fine-tuned: the best step is before fine-tuning" in (report.folder / "README.md").read_text()


def test_sentence_transformers_loads_the_fine_tuned_encoder(planted_corpus, encoder, trained, tmp_path):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    model = load_model(trained["lora"])
    folder = write_encoder(model, encoder, tmp_path / "out")
    loaded = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    texts = ["heart attack", "attack"]
    expected = split_vectors(model.text_vectors(texts, encoder), 16)[0]
    assert (loaded.encode(texts) * expected).sum(axis=1).min() > 0.999
    assert ", fine-tuned, followed by" in " ".join((folder / "README.md").read_text().split())
    assert str(trained["lora"]) not in (folder / "README.md").read_text()


def test_low_rank_training_without_peft_states_what_to_install(encoder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    with pytest.raises(ModelError, match="peft") as error:
        LanguageModel(encoder, 4)
    assert "generel-graph[lora]" in str(error.value)
