"""Training on a planted corpus: it learns, is reproducible, can be resumed, and reports errors."""

import importlib
import json
import logging
import threading
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from generel_etl.errors import ConfigError, ModelError
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.encode import device
from generel_graph.learn import load_model, model_id, train
from generel_graph.learn.training.schedule import learning_rates
from generel_graph.learn.training.validation import mean_auc
from generel_graph.model_folder import ValidationRow, read_rows
from generel_graph.stored_vectors import split_vectors

MODEL = ModelConfig(dimension=24, hidden=48)
TRAIN = TrainConfig(
    steps=120, batch_size=32, warmup=10, checkpoint_steps=50, learning_rate=3e-3, held_out=0.1, adapter_steps=0,
    number_format="float32",
)  # fmt: skip
SHORT = replace(TRAIN, steps=50, checkpoint_steps=20, validate_steps=15)
WEIGHTS = {"gwas": 12.0, "kg": 1.0, "gene_trait": 2.0}
LOOP = importlib.import_module("generel_graph.learn.training.loop")


def stop_at(step):
    """A progress callback that raises KeyboardInterrupt after a number of steps."""

    def progress(stage, done, total, note=""):
        if stage == "train" and done == step:
            raise KeyboardInterrupt

    return progress


def weights_of(folder):
    return load_file(folder / "model.safetensors")


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def auc(positive, negative):
    return (positive[:, None] > negative[None, :]).mean() + 0.5 * (positive[:, None] == negative[None, :]).mean()


def held_out_auc(vectors, corpus, held):
    """The AUC of held-out pairs against all pairs of an SNP and a disease that are not in the corpus."""
    gwas = corpus.tasks["gwas"]
    known = set(zip(gwas.anchors.tolist(), gwas.positives.tolist(), strict=True)) | set(held)
    snps = [i for i, kind in enumerate(corpus.nodes.kinds) if kind == "SNP"]
    diseases = [i for i, kind in enumerate(corpus.nodes.kinds) if kind == "Disease"]
    cosine = vectors @ vectors.T
    positive = np.array([cosine[a, b] for a, b in held])
    negative = np.array([cosine[a, b] for a in snps for b in diseases if (a, b) not in known])
    return auc(positive, negative)


def test_learns_the_planted_themes(planted_corpus, words, tmp_path, number_format):
    corpus, held = planted_corpus
    report = train(corpus, words, MODEL, replace(TRAIN, number_format=number_format), WEIGHTS, tmp_path / "m")
    assert {task.name for task in report.tasks} == {
        "gwas", "kg", "hierarchy", "synonym", "gene_trait", "snp_gene",
    }  # fmt: skip
    for task in report.tasks:
        assert task.loss is not None, task
        assert task.loss < 0.8 * task.chance, task
    model = load_model(report.folder)
    vectors = model.vectors(corpus, words)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    _, start = split_vectors(vectors, model.learnt_dimension)
    drugs = [i for i, k in enumerate(corpus.nodes.kinds) if k == "Drug"]
    snps = [i for i, k in enumerate(corpus.nodes.kinds) if k == "SNP"]
    # rs<theme>… and DRUG:<theme>… share no edge and no word, only genes between them
    theme = [id_.removeprefix("rs").removeprefix("DRUG:")[0] for id_ in corpus.nodes.ids]
    same_theme = np.array([[theme[a] == theme[b] for b in drugs] for a in snps])
    z = vectors[:, :24]
    learnt = auc(*((z[snps] @ z[drugs].T)[m] for m in (same_theme, ~same_theme)))
    untrained = auc(*((start[snps] @ start[drugs].T)[m] for m in (same_theme, ~same_theme)))
    assert learnt > 0.9
    assert learnt >= untrained - 0.02
    assert held_out_auc(vectors, corpus, held) > 0.9
    assert held_out_auc(z, corpus, held) > held_out_auc(words.encode(corpus.nodes.texts), corpus, held)


def test_equal_seeds_give_equal_weights_and_other_seeds_others(planted_corpus, words, tmp_path, number_format):
    corpus, _ = planted_corpus
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        settings = replace(SHORT, seed=seed, number_format=number_format)
        train(corpus, words, MODEL, settings, WEIGHTS, tmp_path / name)
    a, b, c = (weights_of(tmp_path / name) for name in "abc")
    assert same(a, b)
    assert not same(a, c)


def test_prefetched_batches_equal_direct_ones_and_their_thread_ends(planted_corpus, words, tmp_path, monkeypatch):
    corpus, _ = planted_corpus
    threads = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "prefetched", stop_at(20))
    assert set(threading.enumerate()) <= threads
    train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "prefetched")
    monkeypatch.setattr(LOOP, "prefetch", lambda batches, depth: batches)
    train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "direct")
    assert same(weights_of(tmp_path / "prefetched"), weights_of(tmp_path / "direct"))


@pytest.mark.parametrize("stop", [1, 20, 33, 41])
def test_resumed_training_gives_identical_weights(planted_corpus, words, tmp_path, stop, number_format):
    corpus, _ = planted_corpus
    settings = replace(SHORT, number_format=number_format)
    train(corpus, words, MODEL, settings, WEIGHTS, tmp_path / "complete")
    with pytest.raises(KeyboardInterrupt):
        train(corpus, words, MODEL, settings, WEIGHTS, tmp_path / "resumed", stop_at(stop))
    assert sorted(p.name for p in (tmp_path / "resumed").iterdir()) == [
        "log.csv", "resume.safetensors", "validation.csv",
    ]  # fmt: skip
    calls = []
    train(corpus, words, MODEL, settings, WEIGHTS, tmp_path / "resumed", lambda s, d, t, n="": calls.append((s, d)))
    assert min(d for s, d in calls if s == "train") == stop + 1
    assert same(weights_of(tmp_path / "complete"), weights_of(tmp_path / "resumed"))
    steps = [line.split(",")[0] for line in (tmp_path / "resumed" / "log.csv").read_text().splitlines()]
    assert steps == ["step", *map(str, range(SHORT.steps))]
    assert (tmp_path / "complete" / "validation.csv").read_text() == (
        tmp_path / "resumed" / "validation.csv"
    ).read_text()
    assert not (tmp_path / "resumed" / "resume.safetensors").exists()


@pytest.mark.usefixtures("bfloat16")
def test_resumed_training_uses_the_number_format_of_its_start(planted_corpus, words, tmp_path, monkeypatch):
    corpus, _ = planted_corpus
    auto = replace(SHORT, number_format="auto")
    for dtype, folder, stop in (
        (torch.bfloat16, "complete", 99),
        (torch.bfloat16, "resumed", 33),
        (torch.float32, "other", 99),
    ):
        monkeypatch.setattr(device, "fast_dtype", lambda device, dtype=dtype: dtype)
        with pytest.raises(KeyboardInterrupt) if stop < SHORT.steps else nullcontext():
            train(corpus, words, MODEL, auto, WEIGHTS, tmp_path / folder, stop_at(stop))
    report = train(corpus, words, MODEL, auto, WEIGHTS, tmp_path / "resumed")  # `auto` would now choose float32
    assert report.number_format == "bfloat16"
    assert same(weights_of(tmp_path / "complete"), weights_of(tmp_path / "resumed"))
    assert not same(weights_of(tmp_path / "complete"), weights_of(tmp_path / "other"))


def test_number_format_is_recorded_and_only_a_configured_one_is_part_of_the_id(
    planted_corpus, words, tmp_path, monkeypatch, number_format
):
    corpus, _ = planted_corpus
    short = replace(SHORT, steps=2)
    monkeypatch.setattr(device, "fast_dtype", lambda _: device.FORMATS[number_format])
    auto, pinned = (replace(short, number_format=name) for name in ("auto", number_format))
    reports = [train(corpus, words, MODEL, s, WEIGHTS, tmp_path / s.number_format) for s in (auto, pinned)]
    for settings, report in zip((auto, pinned), reports, strict=True):
        config = json.loads((report.folder / "config.json").read_text())
        assert config["report"]["number_format"] == report.number_format == number_format
        assert config["identity"]["train"]["number_format"] == settings.number_format
        line = f"- trained in {number_format} (`number_format` {settings.number_format}); vectors in float32"
        assert line in (report.folder / "README.md").read_text()
    assert same(weights_of(reports[0].folder), weights_of(reports[1].folder))
    other = device.FORMATS["float32" if number_format == "bfloat16" else "bfloat16"]
    monkeypatch.setattr(device, "fast_dtype", lambda device: other)
    assert model_id(corpus, words, MODEL, auto, WEIGHTS) == reports[0].model_id
    ids = {model_id(corpus, words, MODEL, replace(short, number_format=f), WEIGHTS) for f in ("auto", *device.FORMATS)}
    assert len(ids) == 3


@pytest.mark.usefixtures("bfloat16")
def test_bfloat16_is_rejected_if_it_would_be_emulated(planted_corpus, words, tmp_path, monkeypatch):
    corpus, _ = planted_corpus
    small = replace(SHORT, number_format="bfloat16")
    with pytest.raises(KeyboardInterrupt):
        train(corpus, words, MODEL, small, WEIGHTS, tmp_path / "m", stop_at(5))
    monkeypatch.setattr(device, "has_bfloat16", lambda device: False)
    for folder, where in (("new", "train.number_format"), ("m", tmp_path / "m" / "resume.safetensors")):
        with pytest.raises(ConfigError, match="this processor has no bfloat16") as error:
            train(corpus, words, MODEL, small, WEIGHTS, tmp_path / folder)
        assert error.value.where == str(where)
        assert 'number_format = "float32"' in error.value.next_step
    assert (tmp_path / "m" / "resume.safetensors").is_file()


def test_resumed_training_with_hard_negatives_gives_identical_weights(negated_corpus, words, tmp_path):
    hard = replace(SHORT, hard_negatives=2, hard_pool=30)
    train(negated_corpus, words, MODEL, hard, WEIGHTS, tmp_path / "complete")
    with pytest.raises(KeyboardInterrupt):
        train(negated_corpus, words, MODEL, hard, WEIGHTS, tmp_path / "resumed", stop_at(33))
    train(negated_corpus, words, MODEL, hard, WEIGHTS, tmp_path / "resumed")
    assert same(weights_of(tmp_path / "complete"), weights_of(tmp_path / "resumed"))
    train(negated_corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "without")
    assert not same(weights_of(tmp_path / "complete"), weights_of(tmp_path / "without"))


def test_learns_with_the_multi_similarity_loss(planted_corpus, words, tmp_path):
    corpus, held = planted_corpus
    # Its slope with respect to a cosine is at most 1, not 1 / temperature: the effect-size term would weigh ten times
    # more.
    other = replace(TRAIN, loss="multi_similarity", effect_weight=0.0)
    report = train(corpus, words, MODEL, other, WEIGHTS, tmp_path / "m")
    for task in report.tasks:
        assert task.loss < task.chance, task
        assert task.auc is None or task.auc > task.auc_start, task
    assert held_out_auc(load_model(report.folder).vectors(corpus, words)[:, :24], corpus, held) > 0.9


def test_model_has_the_weights_of_the_best_step(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    report = train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    rows = read_rows(tmp_path / "m" / "validation.csv", ValidationRow)
    steps = sorted({row.step for row in rows})
    assert steps == [0, 15, 30, 45, 50]
    means = {step: mean_auc([row for row in rows if row.step == step]) for step in steps}
    assert report.kept_step == max(steps, key=lambda step: (means[step], -step))
    for task in report.tasks:
        kept = next((r for r in rows if (r.step, r.task) == (report.kept_step, task.name)), None)
        assert (task.held_out, task.auc) == ((kept.pairs, kept.auc_degree) if kept else (0, None))
    gwas = next(task for task in report.tasks if task.name == "gwas")
    assert gwas.held_out > 20
    assert gwas.auc > 0.7


def test_patience_stops_a_training_that_does_not_improve(planted_corpus, words, tmp_path, caplog):
    corpus, _ = planted_corpus
    wild = replace(SHORT, steps=2000, validate_steps=10, patience=3, learning_rate=1.0)
    with caplog.at_level(logging.INFO, "generel_graph.learn"):
        report = train(corpus, words, MODEL, wild, WEIGHTS, tmp_path / "m")
    assert report.steps < 400
    assert report.kept_step <= report.steps - 3 * wild.validate_steps
    early = f"training stops early after {report.steps} of 2000 steps: 3 validations without improvement"
    assert early in caplog.messages


def test_training_logs_start_checkpoints_interruption_resume_and_end(planted_corpus, words, tmp_path, caplog):
    corpus, _ = planted_corpus
    name = model_id(corpus, words, MODEL, SHORT, WEIGHTS)
    with caplog.at_level(logging.INFO, "generel_graph.learn"):
        with pytest.raises(KeyboardInterrupt):
            train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m", stop_at(33))
        first = [message.partition(":")[0] for message in caplog.messages]
        caplog.clear()
        train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    folder = tmp_path / "m"
    assert first == [
        f"training model {name}",
        f"checkpoint of step 20 written to {folder}",
        f"checkpoint of step 33 written to {folder}",
        "training is interrupted after 33 of 50 steps",
    ]
    assert [message.partition(":")[0] for message in caplog.messages] == [
        f"resuming the training of model {name} after 33 steps",
        f"training model {name}",
        f"checkpoint of step 40 written to {folder}",
        f"model {name} finished",
    ]


def test_unfinished_training_of_other_settings_is_replaced(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    with pytest.raises(KeyboardInterrupt):
        train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m", stop_at(30))
    other = replace(SHORT, temperature=0.2)
    train(corpus, words, MODEL, other, WEIGHTS, tmp_path / "m")
    train(corpus, words, MODEL, other, WEIGHTS, tmp_path / "fresh")
    assert same(weights_of(tmp_path / "m"), weights_of(tmp_path / "fresh"))


def test_finished_model_is_not_trained_again(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    first = train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    before = (tmp_path / "m" / "model.safetensors").stat().st_mtime_ns
    # threads and checkpoint_steps are not part of the id
    again = train(corpus, words, MODEL, replace(SHORT, threads=1, checkpoint_steps=7), WEIGHTS, tmp_path / "m")
    assert again == first
    assert first.model_id == model_id(corpus, words, MODEL, SHORT, WEIGHTS)
    assert (tmp_path / "m" / "model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(ModelError, match="another corpus, encoder or settings") as error:
        train(replace(corpus, digest="other"), words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    assert error.value.found == first.model_id


def test_model_folder_has_configuration_and_card(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    report = train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert config["id"] == report.model_id
    assert config["identity"]["corpus"] == corpus.digest
    assert config["identity"]["encoder"] == words.digest
    assert sorted(config) == sorted(
        ["id", "identity", "towers", "kinds", "nodes", "edges", "gates", "data", "effects", "report"]
    )
    assert sorted(config["report"]) == sorted(
        [
            "model_id", "folder", "seconds", "steps", "tasks", "pairs_per_second", "wordings", "number_format",
            "kept_step",
        ]
    )  # fmt: skip
    assert sorted(config["report"]["tasks"][0]) == sorted(
        ["name", "pairs", "share", "loss", "chance", "held_out", "auc", "auc_start"]
    )
    assert sorted(config["effects"][0]) == sorted(["source", "pairs", "spearman", "slope", "predicted", "observed"])
    card = (tmp_path / "m" / "README.md").read_text()
    assert report.model_id in card
    assert "| gwas |" in card


@pytest.mark.parametrize("size", [20_000, 200, 5])
def test_damaged_checkpoint_is_rejected(planted_corpus, words, tmp_path, size):
    corpus, _ = planted_corpus
    with pytest.raises(KeyboardInterrupt):
        train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m", stop_at(10))
    state = tmp_path / "m" / "resume.safetensors"
    state.write_bytes(state.read_bytes()[:size])
    with pytest.raises(ModelError, match="unfinished training cannot be read") as error:
        train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    assert error.value.where == str(state)
    assert "delete the file" in error.value.message
    state.unlink()
    train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "fresh")
    assert same(weights_of(tmp_path / "m"), weights_of(tmp_path / "fresh"))


def test_unfinished_training_of_another_graph_or_dimension_is_replaced(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    wide = replace(MODEL, dimension=32)
    for name, other, model in (("graph", replace(corpus, digest="other"), MODEL), ("wide", corpus, wide)):
        with pytest.raises(KeyboardInterrupt):
            train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / name, stop_at(30))
        calls = []
        train(
            other,
            words,
            model,
            SHORT,
            WEIGHTS,
            tmp_path / name,
            lambda s, d, t, n="", calls=calls: calls.append((s, d)),
        )
        assert min(d for s, d in calls if s == "train") == 1
    with pytest.raises(ModelError, match="another corpus, encoder or settings"):
        train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "wide")


def test_weights_of_another_dimension_are_rejected(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    for name, model in (("m", MODEL), ("wide", replace(MODEL, dimension=32))):
        train(corpus, words, model, SHORT, WEIGHTS, tmp_path / name)
    (tmp_path / "wide" / "model.safetensors").replace(tmp_path / "m" / "model.safetensors")
    with pytest.raises(ModelError, match="do not match"):
        load_model(tmp_path / "m")


def test_task_without_pairs_is_left_out(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    none = {f: getattr(corpus.tasks["kg"], f)[:0] for f in ("anchors", "positives", "weights", "effects")}
    tasks = {**corpus.tasks, "kg": replace(corpus.tasks["kg"], **none)}
    report = train(replace(corpus, tasks=tasks), words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    assert {task.name for task in report.tasks} == {"gwas", "hierarchy", "synonym", "gene_trait", "snp_gene"}


def test_missing_and_unfinished_models_are_rejected(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    with pytest.raises(ModelError, match="no model here"):
        load_model(tmp_path / "none")
    with pytest.raises(KeyboardInterrupt):
        train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m", stop_at(10))
    with pytest.raises(ModelError, match="was interrupted"):
        load_model(tmp_path / "m")


def test_damaged_model_is_rejected(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    weights = tmp_path / "m" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="do not match"):
        load_model(tmp_path / "m")


def test_loss_that_is_not_a_number_stops_training_and_writes_the_pairs(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    hot = replace(SHORT, learning_rate=1e30)
    with pytest.raises(ModelError, match="not a number at step") as error:
        train(corpus, words, MODEL, hot, WEIGHTS, tmp_path / "m")
    lines = (tmp_path / "m" / "nan_pairs.tsv").read_text().splitlines()
    assert lines[0] == "anchor\tpositive\tweight"
    assert len(lines) > 2
    assert "nan_pairs.tsv" in error.value.where
    assert not (tmp_path / "m" / "config.json").exists()


def test_snp_embedding_has_a_row_for_each_snp(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    with_rows = replace(MODEL, snp_embedding=True)
    train(corpus, words, with_rows, SHORT, WEIGHTS, tmp_path / "m")
    model = load_model(tmp_path / "m")
    snps = sum(kind == "SNP" for kind in corpus.nodes.kinds)
    assert weights_of(tmp_path / "m")["snp.identity.weight"].shape == (snps, 24)
    vectors = model.vectors(corpus, words)
    assert np.isfinite(vectors).all()


def test_concept_embedding_has_a_row_for_each_concept(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    train(corpus, words, replace(MODEL, concept_embedding=True), SHORT, WEIGHTS, tmp_path / "m")
    concepts = sum(kind != "SNP" for kind in corpus.nodes.kinds)
    assert weights_of(tmp_path / "m")["concept.identity.weight"].shape == (concepts, 24)
    assert np.isfinite(load_model(tmp_path / "m").vectors(corpus, words)).all()


def test_inputs_can_be_excluded_from_one_tower_or_both(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    less = replace(MODEL, without=("drug", "concept.gene"))
    train(corpus, words, less, SHORT, WEIGHTS, tmp_path / "m")
    blocks = {t["tower"]: t["blocks"] for t in json.loads((tmp_path / "m" / "config.json").read_text())["towers"]}
    assert "drug" not in blocks["snp"] + blocks["concept"]
    assert "gene" in blocks["snp"]
    assert "gene" not in blocks["concept"]
    assert load_model(tmp_path / "m").vectors(corpus, words).shape == (len(corpus.nodes), 48)
    with pytest.raises(ConfigError, match="unknown input block") as error:
        train(corpus, words, replace(MODEL, without=("concept.gen",)), SHORT, WEIGHTS, tmp_path / "n")
    assert error.value.nearest == "concept.gene"


@pytest.mark.parametrize(
    "off",
    [
        {"weigh_pairs": False},
        {"mask_known": False},
        {"true_negatives": False},
        {"effect_weight": 0.0},
        {"mix_in": 1.0},
    ],
)
def test_each_part_of_the_objective_can_be_disabled_and_changes_the_weights(negated_corpus, words, tmp_path, off):
    corpus = negated_corpus
    train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "on")
    train(corpus, words, MODEL, replace(SHORT, **off), WEIGHTS, tmp_path / "off")
    assert not same(weights_of(tmp_path / "on"), weights_of(tmp_path / "off"))


def test_model_of_another_version_is_loaded_or_rejected(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    train(corpus, words, MODEL, SHORT, WEIGHTS, tmp_path / "m")
    path = tmp_path / "m" / "config.json"
    config = json.loads(path.read_text())
    del config["identity"]["model"]["without"]
    path.write_text(json.dumps(config))
    assert load_model(tmp_path / "m").vectors(corpus, words).shape == (len(corpus.nodes), 48)
    config["identity"]["model"]["wings"] = 2
    path.write_text(json.dumps(config))
    with pytest.raises(ModelError, match="does not support") as error:
        load_model(tmp_path / "m")
    assert "wings" in error.value.message


def test_learning_rates_warm_up_and_decrease_to_two_percent():
    config = TrainConfig(steps=1000, warmup=50, learning_rate=1.0, mode="full", encoder_steps=100)
    towers, language = np.array([learning_rates(step, config) for step in range(1100)]).T
    assert towers[0] == pytest.approx(1 / 50, rel=1e-3)
    assert towers[:1000].max() == pytest.approx(1.0, abs=0.01)
    assert towers[999] == pytest.approx(0.02, abs=1e-4)
    assert not language[:1000].any()
    assert towers[1000:].max() == pytest.approx(0.1, abs=0.01)
    assert language[1000] == pytest.approx(2e-6)
    assert language.max() == pytest.approx(2e-5, rel=0.03)
    assert language[-1] == pytest.approx(4e-7, rel=0.1)
    assert learning_rates(1050, replace(config, mode="lora"))[1] == pytest.approx(10 * language[1050])
    assert learning_rates(1050, replace(config, encoder_rate=2e-3))[1] == pytest.approx(100 * language[1050])
