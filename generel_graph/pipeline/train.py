"""Train a model on the corpus with the configured encoder, tasks and settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from generel_etl.errors import ModelError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.config.fingerprint import recipe, recipe_digest
from generel_graph.corpus.read import sampling_digest
from generel_graph.corpus.schema import Corpus
from generel_graph.corpus.tasks import enabled_tasks
from generel_graph.model_folder import LOG, TaskReport, read_task_reports
from generel_graph.plots.libraries import missing

if TYPE_CHECKING:
    from generel_graph.encode import Encoder
    from generel_graph.learn import ProcessGroup


def recipe_of(config: Config) -> str:
    """Name everything but the data that a model of this configuration depends on (32 hexadecimal digits)."""
    tasks = enabled_tasks(config.tasks)
    return recipe_digest(recipe(config.model, config.train, tasks, sampling_digest(tasks)))


def open_encoder(config: Config) -> Encoder:
    """The configured text encoder, with its cache of vectors under the state folder."""
    from generel_graph.encode import Encoder

    return Encoder.open(config.model.encoder, config.model.max_tokens, config.encoded_folder)


def train_model(
    config: Config,
    corpus: Corpus,
    progress: Progress = silent,
    processes: ProcessGroup | None = None,
    continues: str = "",
) -> str:
    """Train on `corpus`, or find it trained already; the model's id. A killed training is resumed.

    All of `processes` train it together (None: this process alone). Training continues from the model `continues`, if
    it is named. Its logs are drawn where matplotlib is installed, and written for TensorBoard where the configuration
    says so.
    """
    from generel_graph import learn

    if config.train.tensorboard:
        learn.check_tensorboard()
    encoder = open_encoder(config)
    weights = enabled_tasks(config.tasks)
    id_ = learn.model_id(corpus, encoder, config.model, config.train, weights, continues)
    folder = config.model_folder(id_)
    processes = processes or learn.SINGLE_PROCESS
    start = learn.load_model(config.model_folder(continues)) if continues else None
    learn.train(corpus, encoder, config.model, config.train, weights, folder, progress, processes, start)
    if not processes.is_first:
        return id_
    if missing("matplotlib") is None and not (folder / learn.LOSS_PLOTS[0]).is_file():
        learn.plot_losses(folder)
    if config.train.tensorboard:
        learn.write_events(folder)
    return id_


def plot_model(config: Config, model_id: str | None = None, tensorboard: bool = False) -> tuple[Path, ...]:
    """Draw how a model's training went (None: the newest, or the one that is running) into its folder; the files.

    `tensorboard`: event files too. Raises ModelError where there is no such model, or what draws is not installed.
    """
    from generel_graph.learn import plot_losses, write_events

    logs = sorted(config.model_folder("any").parent.glob(f"*/{LOG}"), key=lambda log: log.stat().st_mtime)
    trained = {log.parent.name: log.parent for log in logs}
    if not trained or (model_id is not None and model_id not in trained):
        raise ModelError(
            "there is no such model here" if trained else "there is no model here",
            where=config.model_folder("any").parent,
            found=model_id,
            valid=trained,
            next_step="run `generel-graph train`",
        )
    folder = trained[model_id or logs[-1].parent.name]
    return (*plot_losses(folder), *([write_events(folder)] if tensorboard else []))


def read_tasks(config: Config, model_id: str) -> tuple[TaskReport, ...]:
    """The tasks of a trained model; empty where its folder is not on this machine."""
    return read_task_reports(config.model_folder(model_id))
