"""The training loop: the steps of both towers, in the order of the maths."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from generel_etl.errors import ModelError
from generel_etl.progress import Progress
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.encode import Encoder, LanguageModel
from generel_graph.encode.device import best_device
from generel_graph.learn.distributed import ProcessGroup
from generel_graph.learn.losses import objective
from generel_graph.learn.model.model import Model
from generel_graph.learn.model.towers import input_dropout, make_towers, replace_text
from generel_graph.learn.pairs.batches import ROUND_STEPS, Batch, RoundInputs, TrainingStep, plan_round
from generel_graph.learn.pairs.hard_negatives import hard_negatives
from generel_graph.learn.pairs.training_data import TrainingData
from generel_graph.learn.training.checkpoint import ResumeState, restore_state, save_state
from generel_graph.learn.training.early_stopping import EarlyStopping
from generel_graph.learn.training.schedule import (
    LANGUAGE,
    concept_texts,
    learning_rates,
    make_language_model,
    total_steps,
)
from generel_graph.learn.training.validation import Validation
from generel_graph.learn.training.warm_start import check_start, copy_weights
from generel_graph.model_folder import BAD_PAIRS, LogRow, write_bad_pairs
from generel_graph.prefetch import prefetch

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """The data, settings and processes of one training."""

    data: TrainingData
    encoder: Encoder
    model: ModelConfig
    train: TrainConfig
    identity: Mapping[str, Any]
    folder: Path
    processes: ProcessGroup
    start: Model | None  # the model that training continues from
    progress: Progress


@dataclass(slots=True)
class TrainingState:
    """The parts of a training that change with its steps."""

    towers: nn.ModuleDict
    language: LanguageModel | None  # also in `towers`; None: the encoder is frozen
    parameters: Sequence[Tensor]  # the trained ones
    optimizer: torch.optim.Optimizer
    early_stopping: EarlyStopping
    done: int = 0  # steps
    seconds: float = 0.0
    log: list[LogRow] = field(default_factory=list)


def start_training(run: TrainingRun, stored: ResumeState | None) -> TrainingState:
    """Create the towers and the optimizer, from the start model if there is one, or from a stored state."""
    train, data, start, device = run.train, run.data, run.start, best_device()
    towers = make_towers(tuple(data.shapes.values()), run.model.dropout, train.seed).to(device).train()
    if start is not None:
        check_start(start, run.identity, data.shapes)
        copy_weights(towers, start, data)
    parameter_groups = [{"params": list(towers.parameters())}]
    language = make_language_model(start.own_encoder(run.encoder) if start else run.encoder, train)
    if language is not None:
        towers[LANGUAGE] = language.to(device).train()
        parameter_groups.append({"params": [p for p in language.parameters() if p.requires_grad]})
    parameters = [parameter for group in parameter_groups for parameter in group["params"]]
    optimizer = torch.optim.AdamW(parameter_groups, lr=train.learning_rate, weight_decay=train.weight_decay, fused=True)
    validation = None
    if run.processes.is_first and train.validate_steps > 0 and any(len(group.held_out) for group in data.groups):
        validation = Validation(data, temperature=train.temperature, seed=train.seed)
    early_stopping = EarlyStopping(validation, train, is_finetuned=bool(start and start.is_finetuned))
    state = TrainingState(towers, language, parameters, optimizer, early_stopping)
    if stored is not None:
        restore_state(stored, towers, optimizer)
        state.done, state.seconds, state.log = stored.step, stored.seconds, list(stored.log)
        early_stopping.resume(stored.validations, stored.best)
    return state


def run_steps(run: TrainingRun, state: TrainingState) -> None:
    """Run the remaining steps of a training.

    Ctrl-C completes the current step, saves the state and raises KeyboardInterrupt. Raises ModelError if the loss is
    not a number.
    """
    train, processes, device = run.train, run.processes, best_device()
    last = total_steps(train)
    began = time.perf_counter() - state.seconds
    state.early_stopping.validate_if_due(state.towers, state.done)
    with deferred_interrupt() as interrupted, closing(_batches(run, state)) as batches:
        for step, batch in batches:
            if train.patience > 0 and processes.broadcast_flag(state.early_stopping.should_stop()):
                logger.info(
                    "training stops early after %d of %d steps: %d validations without improvement",
                    state.done,
                    last,
                    train.patience,
                )
                break
            state.log.append(_train_step(run, state, step, batch.to(device), began))
            state.done, state.seconds = step.number + 1, state.log[-1].seconds
            state.early_stopping.validate_if_due(state.towers, state.done)
            try:
                run.progress("train", state.done, last, _progress_note(state.log, state.seconds))
            except KeyboardInterrupt:
                interrupted.set()
            stopped = processes.broadcast_flag(interrupted.is_set())
            if processes.is_first and (stopped or state.done % train.checkpoint_steps == 0):
                _save_checkpoint(run, state)
            if stopped:
                logger.info("training is interrupted after %d of %d steps", state.done, last)
                raise KeyboardInterrupt


def _train_step(run: TrainingRun, state: TrainingState, step: TrainingStep, batch: Batch, began: float) -> LogRow:
    """Train on one batch; its log row."""
    train, processes, optimizer, device = run.train, run.processes, state.optimizer, best_device()
    dtype = run.data.features.dtype
    # Dropout depends only on the step and the process, so that a resumed training draws the same numbers.
    torch.manual_seed((train.seed * 1_000_003 + step.number) * processes.size + processes.rank)
    for parameter_group, rate in zip(optimizer.param_groups, learning_rates(step.number, train), strict=False):
        parameter_group["lr"] = rate

    with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        z = _vectors(run, state.towers, batch, step)
    loss = objective(z, batch, train, processes)

    optimizer.zero_grad(set_to_none=True)
    loss.total.backward()  # type: ignore[no-untyped-call]
    processes.sum_gradients(state.parameters)
    norm = torch.nn.utils.clip_grad_norm_(state.parameters, train.clip)
    if not torch.isfinite(loss.total) or not torch.isfinite(norm):
        raise _not_a_number(run, step, batch)
    optimizer.step()

    seconds = time.perf_counter() - began
    return LogRow(
        step=step.number,
        task=run.data.groups[step.group].task,
        loss=loss.loss.item(),
        chance=loss.chance,
        effect_loss=None if loss.effect is None else loss.effect.item(),
        gradient_norm=norm.item(),
        learning_rate=optimizer.param_groups[0]["lr"],
        pairs=len(step.pairs) + len(step.effects),
        seconds=seconds,
    )


def _vectors(run: TrainingRun, towers: nn.ModuleDict, batch: Batch, step: TrainingStep) -> dict[str, Tensor]:
    """The vectors of a batch, tower → [k, dimension]; during fine-tuning, texts by the current language model."""
    data, model, z = run.data, run.model, {}
    for tower, inputs in batch.inputs.items():
        x, shape = inputs, data.shapes[tower]
        identities = torch.from_numpy(data.own_rows[batch.nodes[tower]]).to(x.device) if shape.identities else None
        if step.number >= run.train.steps and tower == "concept":
            x = replace_text(x, shape, towers[LANGUAGE](concept_texts(data, batch, step, run.processes.pair_slice)))
        z[tower] = towers[tower](input_dropout(x, shape, model.block_dropout, model.text_only), identities)
    return z


def _batches(run: TrainingRun, state: TrainingState) -> Generator[tuple[TrainingStep, Batch], None, None]:
    """The remaining steps with their tensors, prepared in a background thread.

    Hard negatives depend on the towers at the time of the step: with them, no batch is prepared in advance.
    """
    data, train, processes, first = run.data, run.train, run.processes, state.done
    last = total_steps(train)

    def steps_and_batches() -> Generator[tuple[TrainingStep, Batch], None, None]:
        for number in range(first // ROUND_STEPS, -(-last // ROUND_STEPS)):
            planned = plan_round(data.groups, data.features.effects, train, number, last)
            steps = [step for step in planned if step.number >= first]
            inputs = RoundInputs(data, steps, processes.pair_slice)
            for step in steps:
                negatives = hard_negatives(inputs, step, state.towers, train.hard_negatives, processes)
                yield step, inputs.batch(step, negatives)

    # One round in advance: the inputs of a round are computed at once, and the towers should not wait for them.
    return steps_and_batches() if train.hard_negatives > 0 else prefetch(steps_and_batches(), depth=ROUND_STEPS)


@contextmanager
def deferred_interrupt() -> Iterator[threading.Event]:
    """Turn Ctrl-C into an event that the loop checks between steps, so that no step is interrupted."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event  # only the main thread receives signals
        return
    handler = signal.signal(signal.SIGINT, lambda *_: event.set())
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, handler)


def _save_checkpoint(run: TrainingRun, state: TrainingState) -> None:
    save_state(
        run.folder,
        run.identity,
        state.towers,
        state.optimizer,
        step=state.done,
        seconds=state.seconds,
        dtype=run.data.features.dtype,
        log=state.log,
        validations=state.early_stopping.validations,
        best=state.early_stopping.best,
    )
    logger.info("checkpoint of step %d written to %s", state.done, run.folder)


def _progress_note(log: Sequence[LogRow], seconds: float) -> str:
    last = log[-1]
    recent = log[-50:]
    before = log[-len(recent) - 1].seconds if len(log) > len(recent) else 0.0
    speed = sum(row.pairs for row in recent) / max(seconds - before, 1e-9)
    return f"{last.task} {last.loss:.2f} (chance {last.chance:.2f}), {speed:,.0f} pairs/s"


def _not_a_number(run: TrainingRun, step: TrainingStep, batch: Batch) -> ModelError:
    """Write the pairs of the batch to the model folder, and create the error."""
    group, corpus = run.data.groups[step.group], run.data.corpus
    ids = corpus.nodes.ids
    texts = corpus.tasks[group.task].texts if group.is_text else ()
    rows = [
        (ids[a], texts[b] if texts else ids[b], float(w))
        for a, b, w in zip(group.anchors[step.pairs], group.positives[step.pairs], batch.weights.tolist(), strict=True)
    ]
    path = run.folder / BAD_PAIRS
    if run.processes.is_first:
        write_bad_pairs(path, rows)
    return ModelError(
        f"the loss of task {group.task} is not a number at step {step.number}",
        where=path,
        found=f"{len(rows)} pairs, written to this file",
        next_step="check the pairs for weights or effects out of range, or lower [train] learning_rate",
    )
