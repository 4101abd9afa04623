"""Train a model on the corpus with the configured encoder, tasks and settings."""

from __future__ import annotations

import logging
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


logger = logging.getLogger(__name__)


def recipe_of(config: Config) -> str:
    """The digest of everything except the data that a model of this configuration depends on (32 hex digits)."""
    tasks = enabled_tasks(config.tasks)
    return recipe_digest(recipe(config.model, config.train, tasks, sampling_digest(tasks)))


def open_encoder(config: Config) -> Encoder:
    """Open the configured text encoder, with its cache of vectors in the state folder."""
    from generel_graph.encode import Encoder

    return Encoder.open(config.model.encoder, config.model.max_tokens, config.encoded_folder)


def train_model(
    config: Config,
    corpus: Corpus,
    progress: Progress = silent,
    processes: ProcessGroup | None = None,
    continues: str = "",
) -> str:
    """Train a model on `corpus` unless it exists already, and return its id. An interrupted training is resumed.

    All of `processes` (None: only this process) train the model together. If `continues` is the id of a model,
    training starts from that model. The log is plotted if matplotlib is installed, and written for TensorBoard if the
    configuration asks for it.
    """
    from generel_graph import learn

    if config.train.tensorboard:
        learn.check_tensorboard()
    encoder = open_encoder(config)
    weights = enabled_tasks(config.tasks)
    model_id = learn.model_id(corpus, encoder, config.model, config.train, weights, continues)
    folder = config.model_folder(model_id)
    processes = processes or learn.SINGLE_PROCESS
    start = learn.load_model(config.model_folder(continues)) if continues else None
    logger.info("Training model %s%s", model_id, f" from model {continues}" if continues else "")
    learn.train(corpus, encoder, config.model, config.train, weights, folder, progress, processes, start)
    if not processes.is_first:
        return model_id
    if missing("matplotlib") is None and not (folder / learn.LOSS_PLOTS[0]).is_file():
        learn.plot_losses(folder)
    if config.train.tensorboard:
        learn.write_events(folder)
    return model_id


def plot_model(config: Config, model_id: str | None = None, tensorboard: bool = False) -> tuple[Path, ...]:
    """Plot the training log of a model (None: the newest one, finished or running) into its folder; return the files.

    With `tensorboard`, also write event files. Raises ModelError if there is no such model or the library that plots
    is not installed.
    """
    from generel_graph.learn import plot_losses, write_events

    logs = sorted(config.models_folder.glob(f"*/{LOG}"), key=lambda log: log.stat().st_mtime)
    folders = {log.parent.name: log.parent for log in logs}
    if not folders or (model_id is not None and model_id not in folders):
        raise ModelError(
            "there is no such model in this folder" if folders else "there is no model in this folder",
            where=config.models_folder,
            found=model_id,
            valid=folders,
            next_step="run `generel-graph train`",
        )
    folder = folders[model_id or logs[-1].parent.name]
    return (*plot_losses(folder), *([write_events(folder)] if tensorboard else []))


def read_tasks(config: Config, model_id: str) -> tuple[TaskReport, ...]:
    """The task reports of a trained model; empty if its folder is not on this machine."""
    return read_task_reports(config.model_folder(model_id))
