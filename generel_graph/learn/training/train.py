"""Train a model on a corpus: prepare the data, run the steps, fit the text adapter and write the model folder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from generel_etl.atomic import atomic_folder
from generel_etl.progress import Progress, silent
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.config.fingerprint import model_id_of, model_identity
from generel_graph.corpus.schema import Corpus
from generel_graph.encode import Encoder
from generel_graph.encode.device import best_device, check_dtype, format_name, torch_threads, training_dtype
from generel_graph.learn.distributed import SINGLE_PROCESS, ProcessGroup
from generel_graph.learn.effects.table import fit_and_write_effects
from generel_graph.learn.features.features import Features
from generel_graph.learn.model.model import Model
from generel_graph.learn.model.text_adapter import Adapter
from generel_graph.learn.model.towers import gate_values
from generel_graph.learn.pairs.held_out import write_held_out, write_trained_pairs
from generel_graph.learn.pairs.training_data import TrainingData, training_data
from generel_graph.learn.training.checkpoint import ResumeState, read_state, write_model
from generel_graph.learn.training.fit_adapter import fit_and_test_adapter
from generel_graph.learn.training.loop import TrainingRun, TrainingState, run_steps, start_training
from generel_graph.learn.training.model_card import model_card
from generel_graph.learn.training.report import TrainReport, make_report, stored_report
from generel_graph.learn.training.schedule import LANGUAGE, reencode_texts, total_steps
from generel_graph.learn.training.warm_start import continued_config
from generel_graph.model_folder import CONFIG, ENCODER, RESUME

logger = logging.getLogger(__name__)


def model_id(
    corpus: Corpus,
    encoder: Encoder,
    model: ModelConfig,
    train: TrainConfig,
    task_weights: Mapping[str, float],
    continues: str = "",
) -> str:
    """The id of the model that training with these arguments gives: 16 hex digits, equal for equal arguments."""
    return model_id_of(_identity(corpus, encoder, model, train, task_weights, continues))


def _identity(
    corpus: Corpus,
    encoder: Encoder,
    model: ModelConfig,
    train: TrainConfig,
    task_weights: Mapping[str, float],
    continues: str,
) -> dict[str, Any]:
    digests = {"sampling": corpus.sampling, "corpus": corpus.digest, "encoder": encoder.digest}
    return model_identity(model, train, task_weights, **digests, continues=continues)


def train(
    corpus: Corpus,
    encoder: Encoder,
    model: ModelConfig,
    train: TrainConfig,
    task_weights: Mapping[str, float],
    folder: Path,
    progress: Progress = silent,
    processes: ProcessGroup = SINGLE_PROCESS,
    start: Model | None = None,
) -> TrainReport:
    """Train both towers on the pairs of a corpus and write the model to `folder`.

    A finished model with the same id is not trained again. An unfinished training of the same corpus, encoder and
    settings is resumed, bit for bit on one CPU; an unfinished training of others is replaced. Ctrl-C completes the
    current step, saves the state and raises KeyboardInterrupt. All of `processes` train the model together; the first
    process validates and writes. With `start`, training continues from that model for `continue_steps` steps; new nodes
    and inputs begin with initial weights.

    Raises ConfigError for an invalid split, and for bfloat16 on a processor without it. Raises ModelError if the folder
    holds another finished model, if there are too few pairs, and if the loss is not a number (the pairs of the batch
    are then in `nan_pairs.tsv`).
    """
    identity = _identity(corpus, encoder, model, train, task_weights, start.id if start else "")
    if (folder / CONFIG).is_file():
        return stored_report(folder, identity)
    train = continued_config(train, start)
    progress = progress if processes.is_first else silent
    stored = read_state(folder, identity)
    # The same format in all processes, and in a resumed training.
    dtype = stored.dtype if stored else _agreed_dtype(train, processes)
    check_dtype(dtype, best_device(), folder / RESUME if stored else "train.number_format")
    data = training_data(corpus, encoder, model, train, task_weights, progress, dtype)
    run = TrainingRun(data, encoder, model, train, identity, folder, processes, start, progress)
    with torch_threads(train.threads):  # the texts above are encoded on all cores
        _log_start(run, stored)
        state = start_training(run, stored)
        run_steps(run, state)
        report = _finish(run, state) if processes.is_first else None
        processes.wait()
    return report or stored_report(folder, identity)


def _agreed_dtype(train: TrainConfig, processes: ProcessGroup) -> torch.dtype:
    """The number format of the first process, since timings can differ between processes."""
    own_dtype = training_dtype(train.number_format, best_device())
    return torch.bfloat16 if processes.broadcast_flag(own_dtype == torch.bfloat16) else torch.float32


def _log_start(run: TrainingRun, stored: ResumeState | None) -> None:
    steps, data = total_steps(run.train), run.data
    if stored is not None:
        logger.info("resuming the training of model %s after %d steps", model_id_of(run.identity), stored.step)
    logger.info(
        "training model %s: %d steps, %d pairs of %d groups, %s on %s, process %d of %d",
        model_id_of(run.identity),
        steps,
        sum(len(group.anchors) for group in data.groups),
        len(data.groups),
        format_name(data.features.dtype),
        best_device(),
        run.processes.rank + 1,
        run.processes.size,
    )


def _finish(run: TrainingRun, state: TrainingState) -> TrainReport:
    """Fit the text adapter to the best weights, and write the model folder."""
    kept_step = state.early_stopping.restore_best(state.towers, state.done)
    towers, data = state.towers.cpu(), run.data
    if state.language is not None:
        del towers[LANGUAGE]
        if kept_step > run.train.steps or (run.start and run.start.is_finetuned):
            with atomic_folder(run.folder / ENCODER) as new:
                state.language.save(new)
            data = reencode_texts(data, run.encoder.open_finetuned(run.folder / ENCODER), run.progress)
    adapter, recalls = fit_and_test_adapter(
        data, towers, steps=run.train.adapter_steps, seed=run.train.seed, progress=run.progress
    )
    validations = state.early_stopping.validations
    report = make_report(run.folder, model_id_of(run.identity), data.groups, state.log, validations, kept_step)
    report = replace(report, wordings=recalls, number_format=format_name(data.features.dtype))
    _write_folder(run, state, data, adapter, report)
    logger.info(
        "model %s finished: %d steps in %.0f s, weights of step %d",
        report.model_id,
        report.steps,
        report.seconds,
        kept_step,
    )
    return report


def _write_folder(
    run: TrainingRun, state: TrainingState, data: TrainingData, adapter: Adapter | None, report: TrainReport
) -> None:
    """Write all files of the model folder, config.json last."""
    corpus, shapes, folder = data.corpus, data.shapes, run.folder
    features = _float32_features(run, data)
    config = {
        "id": report.model_id,
        "identity": run.identity,
        "towers": [{**asdict(s), "blocks": [b.name for b in s.blocks]} for s in shapes.values()],
        "kinds": sorted(set(corpus.nodes.kinds)),
        "nodes": len(corpus.nodes),
        "edges": len(corpus.edges.starts),
        "gates": gate_values(state.towers),
        "data": asdict(corpus.provenance),
        "effects": fit_and_write_effects(corpus, features, shapes["concept"], folder),
        "report": {**asdict(report), "folder": ""},
    }
    write_held_out(folder, corpus, data.groups)
    write_trained_pairs(folder, corpus, data.groups)
    write_model(
        folder,
        state.towers,
        adapter,
        corpus.nodes,
        config=config,
        card=model_card(config, is_finetuned=(folder / ENCODER).is_dir()),
        log=state.log,
        validations=state.early_stopping.validations,
    )


def _float32_features(run: TrainingRun, data: TrainingData) -> Features:
    """The inputs in float32, from which vectors are written, whatever the number format of training."""
    if data.features.dtype == torch.float32:
        return data.features
    texts = run.encoder.encode(data.corpus.nodes.texts, run.progress)
    return Features(data.corpus, data.features.adjacency, texts)
