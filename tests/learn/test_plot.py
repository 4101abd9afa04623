"""The plot and the TensorBoard files of a training show its logs."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from generel_etl.errors import ModelError
from generel_graph.config import Config, ModelConfig, TrainConfig
from generel_graph.learn import train
from generel_graph.learn.training.plot import LOSS_PLOTS, Curve, plot_losses, read_curves
from generel_graph.learn.training.tensorboard import check_tensorboard, write_events
from generel_graph.model_folder import LogRow, ValidationRow, read_rows, write_rows
from generel_graph.pipeline.train import plot_model

WEIGHTS = {"gwas": 12.0, "kg": 1.0, "synonym": 1.0}
SETTINGS = TrainConfig(
    steps=30, batch_size=32, held_out=0.1, validate_steps=10, adapter_steps=0, number_format="float32"
)


@pytest.fixture
def trained(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    folder = tmp_path / ".generel" / "models" / "m"
    return train(corpus, words, ModelConfig(dimension=24, hidden=48), SETTINGS, WEIGHTS, folder)


def test_curves_are_the_finite_values_of_the_logs(trained):
    rows = read_rows(trained.folder / "validation.csv", ValidationRow)
    write_rows(
        trained.folder / "validation.csv",
        ValidationRow,
        [replace(r, auc_degree=float("nan")) if (r.task, r.step) == ("gwas", 10) else r for r in rows],
    )
    curves = read_curves(trained.folder)
    log = read_rows(trained.folder / "log.csv", LogRow)
    assert curves.tasks[0].name == "gwas"
    assert curves.kept_step == trained.kept_step
    gwas = [row for row in log if row.task == "gwas"]
    assert curves.tasks[0].loss.steps.tolist() == [row.step for row in gwas]
    assert curves.tasks[0].loss.values == pytest.approx([row.loss / row.chance for row in gwas])
    assert curves.tasks[0].auc.steps.tolist() == [0, 20, 30]
    assert all(np.isfinite(c.values).all() for t in curves.tasks for c in (t.loss, t.auc, curves.mean_auc))


def test_smoothing_preserves_the_level_and_reduces_noise():
    noise = np.random.default_rng(0).normal(size=400)
    curve = Curve.of(list(range(400)), (2 + noise).tolist())
    smooth = curve.smoothed(20)
    assert smooth.values == pytest.approx(np.full(400, 2), abs=0.6)
    assert smooth.values.std() < 0.3 * noise.std()
    assert Curve.of([5], [1.0]).smoothed(20).values.tolist() == [1.0]
    assert len(Curve.of([], []).smoothed(20).values) == 0


def test_plot_has_a_panel_for_every_task(trained):
    png, svg = plot_losses(trained.folder)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert [png.name, svg.name] == list(LOSS_PLOTS)
    before = svg.read_bytes()
    text = svg.read_text(encoding="utf-8")
    words = {node.text for node in ElementTree.fromstring(text).iter() if node.tag.endswith("text")}
    drawn = {task.name for task in trained.tasks if task.loss is not None}
    assert {"gwas", "mean of the tasks", f"Model {trained.model_id}", *drawn} <= words
    assert len(drawn) >= 2
    assert "nan" not in " ".join(node.get("d", "") for node in ElementTree.fromstring(text).iter())
    plot_losses(trained.folder)
    assert svg.read_bytes() == before


def test_many_tasks_and_a_task_without_batches_have_panels(trained):
    log = read_rows(trained.folder / "log.csv", LogRow)
    more = [replace(row, task=f"task{row.step}") for row in log]
    write_rows(trained.folder / "log.csv", LogRow, more)
    _, svg = plot_losses(trained.folder)
    words = {node.text for node in ElementTree.fromstring(svg.read_text(encoding="utf-8")).iter()}
    assert {"gwas", *(row.task for row in more)} <= words


def test_tensorboard_files_have_the_values_of_the_logs(trained):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def read():
        accumulator = EventAccumulator(str(write_events(trained.folder)), size_guidance={"scalars": 0})
        accumulator.Reload()
        return {tag: accumulator.Scalars(tag) for tag in accumulator.Tags()["scalars"]}

    scalars = read()
    log = [row for row in read_rows(trained.folder / "log.csv", LogRow) if row.task == "gwas"]
    assert [e.step for e in scalars["train/gwas"]] == [row.step for row in log]
    assert [e.value for e in scalars["train/gwas"]] == pytest.approx([row.loss / row.chance for row in log])
    held = [row for row in read_rows(trained.folder / "validation.csv", ValidationRow) if row.task == "gwas"]
    assert [e.step for e in scalars["validation/auc_degree/gwas"]] == [row.step for row in held]
    assert [e.value for e in scalars["validation/auc_degree/gwas"]] == pytest.approx([row.auc_degree for row in held])
    assert {tag: len(events) for tag, events in read().items()} == {tag: len(events) for tag, events in scalars.items()}


def test_newest_or_named_model_is_plotted(trained, tmp_path):
    config = Config(folder=tmp_path)
    assert plot_model(config) == plot_model(config, "m")
    with pytest.raises(ModelError, match="no such model") as error:
        plot_model(config, "n")
    assert error.value.nearest is None
    assert error.value.valid == ("m",)
    with pytest.raises(ModelError, match="no model in this folder"):
        plot_model(Config(folder=tmp_path / "elsewhere"))


def test_missing_libraries_are_errors_that_state_what_to_install(trained, monkeypatch):
    monkeypatch.setattr("generel_graph.plots.libraries.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"generel-graph\[plot\]"):
        plot_losses(trained.folder)
    monkeypatch.setattr("generel_graph.learn.training.tensorboard.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"generel-graph\[tensorboard\]"):
        check_tensorboard()
