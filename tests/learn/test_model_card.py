"""The model card: a header that Hugging Face reads, data sources and licences, training, settings and limits."""

from dataclasses import replace

import pytest
from huggingface_hub import ModelCard

from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.corpus.schema import Provenance, SourceInfo
from generel_graph.learn import train
from generel_graph.learn.training.model_card import model_card
from generel_graph.model_folder import read_config

PROVENANCE = Provenance(
    sources=(
        SourceInfo("gwas", "2015-07-08", "CC BY 4.0", "https://example.org", "a" * 64, "b" * 32, 12_345, 11_111, 9_999),
        SourceInfo("hapmap", "", "", "", "", "", 5, 5, 0),
    ),
    associations=200,
    ancestries=(("European", 150), ("East Asian", 70)),
)


@pytest.fixture(scope="module")
def config(planted_corpus, words, tmp_path_factory):
    corpus, _ = planted_corpus
    folder = tmp_path_factory.mktemp("card") / "m"
    settings = TrainConfig(
        steps=40, batch_size=32, held_out=0.1, validate_steps=20, adapter_steps=20, number_format="float32"
    )
    weights = {"gwas": 12.0, "kg": 1.0, "synonym": 1.0}
    train(
        replace(corpus, provenance=PROVENANCE), words, ModelConfig(dimension=24, hidden=48), settings, weights, folder
    )
    return read_config(folder), (folder / "README.md").read_text(encoding="utf-8")


def test_hugging_face_reads_the_header(config):
    _, text = config
    data = ModelCard(text).data.to_dict()
    assert (data["license"], data["library_name"]) == ("other", "generel-graph")
    assert {"gwas", "knowledge-graph"} <= set(data["tags"])


def test_card_lists_data_tasks_settings_and_limits(config):
    values, text = config
    assert "| gwas | 2015-07-08 | CC BY 4.0 | https://example.org | 12,345 | 11,111 | 9,999 | bbbbbbbbbbbb |" in text
    assert f"| gwas | {'a' * 64} |" in text
    assert "| hapmap | – | – | – | 5 | 5 | 0 | – |" in text
    assert "Of 200 associations" in text
    assert "European 75.0%, East Asian 35.0%" in text
    for task in values["report"]["tasks"]:
        (line,) = [row for row in text.splitlines() if row.startswith(f"| {task['name']} | {task['pairs']:,} |")]
        assert all(f"| {task[key]:.3f} |" in line for key in ("loss", "chance") if task[key] is not None)
    gwas = next(task for task in values["report"]["tasks"] if task["name"] == "gwas")
    assert f"| {gwas['held_out']} | {gwas['auc_start']:.3f} | {gwas['auc']:.3f} |" in text
    assert "| train.batch_size | 32 |" in text
    assert "| model.dimension | 24 |" in text
    assert "gwas 12" in text
    assert "Not for clinical use" in text


def test_card_compares_predicted_and_observed_effects(config):
    values, text = config
    (catalogue,) = values["effects"]
    assert catalogue["source"] == "ASSOCIATED_WITH"
    assert catalogue["pairs"] > 400
    for third, predicted, observed in zip(
        ("lowest", "middle", "highest"), catalogue["predicted"], catalogue["observed"], strict=True
    ):
        assert f"| {third} | {predicted:.3f} | {observed:.3f} | {catalogue['slope']:.3f} |" in text
    assert "Effect sizes" not in model_card({**values, "effects": []}, is_finetuned=False)


def test_card_names_tasks_that_are_not_above_the_start(config):
    values, _ = config
    tasks = [{**t, "auc": 0.5, "auc_start": 0.6} for t in values["report"]["tasks"]]
    text = model_card({**values, "report": {**values["report"], "tasks": tasks}}, is_finetuned=False)
    assert f"Not above the start: {', '.join(t['name'] for t in tasks)}." in text
    better = [{**t, "auc": 0.7} for t in tasks]
    text = model_card({**values, "report": {**values["report"], "tasks": better}}, is_finetuned=False)
    assert "All are above the start." in text


def test_card_of_a_graph_without_provenance(config):
    values, _ = config
    text = model_card({k: v for k, v in values.items() if k != "data"}, is_finetuned=False)
    assert "no record of its sources" in text
    assert "Not for clinical use" in text
    assert "associations, these shares" not in text


@pytest.mark.parametrize(
    ("mode", "is_finetuned", "text"),
    [
        ("frozen", False, "; frozen (`mode` frozen)"),
        ("lora", True, "; fine-tuned, low-rank updates, rank 8 (`mode` lora)"),
        ("full", True, "; fine-tuned, all weights (`mode` full)"),
        (
            "lora",
            False,
            "; not fine-tuned: the best step is before fine-tuning of low-rank updates, rank 8 (`mode` lora)",
        ),
        ("full", False, "; not fine-tuned: the best step is before fine-tuning of all weights (`mode` full)"),
    ],
)
def test_card_states_the_trained_mode(config, mode, is_finetuned, text):
    values, _ = config
    train = {**values["identity"]["train"], "mode": mode, "lora_rank": 8}
    identity = {**values["identity"], "train": train}
    card = model_card({**values, "identity": identity}, is_finetuned=is_finetuned)
    (line,) = [line for line in card.splitlines() if line.startswith("- text encoder: ")]
    assert line.endswith(text)
