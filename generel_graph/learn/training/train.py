"""The training loop, in the order of the maths."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from generel_etl.atomic import atomic_folder
from generel_etl.errors import ModelError
from generel_etl.progress import Progress, silent
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.config.fingerprint import model_id_of, model_identity
from generel_graph.corpus.schema import Corpus
from generel_graph.encode import Encoder
from generel_graph.encode.device import best_device, check_dtype, format_name, torch_threads, training_dtype
from generel_graph.learn.distributed import SINGLE_PROCESS, ProcessGroup
from generel_graph.learn.effects.table import learn_effects
from generel_graph.learn.features.features import Features
from generel_graph.learn.losses import objective
from generel_graph.learn.model.model import Model
from generel_graph.learn.model.text_adapter import Adapter
from generel_graph.learn.model.towers import gates_of, hide, make_towers, with_text
from generel_graph.learn.pairs.batches import ROUND_STEPS, Batch, RoundInputs, TrainingStep, plan_round
from generel_graph.learn.pairs.groups import TaskGroup
from generel_graph.learn.pairs.hard_negatives import hard_negatives
from generel_graph.learn.pairs.held_out import write_held_out, write_trained_pairs
from generel_graph.learn.pairs.training_data import TrainingData, training_data
from generel_graph.learn.training.checkpoint import ResumeState, read_state, restore, save_state, write_model
from generel_graph.learn.training.early_stopping import EarlyStopping
from generel_graph.learn.training.fit_adapter import teach
from generel_graph.learn.training.model_card import model_card
from generel_graph.learn.training.report import TrainReport, finished, report_of
from generel_graph.learn.training.schedule import LANGUAGE, all_steps, language_model, rates, texts_of, with_own_texts
from generel_graph.learn.training.validation import Validation
from generel_graph.learn.training.warm_start import check_start, continuing, inherit
from generel_graph.model_folder import BAD_PAIRS, CONFIG, ENCODER, RESUME, LogRow, ValidationRow, write_bad_pairs
from generel_graph.prefetch import prefetch


def model_id(
    corpus: Corpus,
    encoder: Encoder,
    model: ModelConfig,
    train: TrainConfig,
    task_weights: Mapping[str, float],
    continues: str = "",
) -> str:
    """The id that training these would give its model: 16 hex, equal for equal inputs."""
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
    """Train both towers on a corpus' pairs and write the model to `folder`.

    A folder that holds this very model, finished, is left as it is. An unfinished training of the same
    corpus, encoder and settings goes on where it stopped, to the bit on one CPU; an unfinished one of
    others is begun anew. Ctrl-C ends the step, saves and raises KeyboardInterrupt. All processes of `world` train it
    together; the first alone validates and writes. From `start` it goes on: what that model has learnt is kept, new
    nodes and inputs begin anew, and `continue_steps` are enough.
    Raises ConfigError for an unknown loss, and for bfloat16 on a processor without it; ModelError for a finished model
    of other inputs, for pairs that cannot be trained on, and when the loss is not a number (the batch's pairs are then
    in `nan_pairs.tsv`).
    """
    wanted = _identity(corpus, encoder, model, train, task_weights, start.id if start else "")
    if (folder / CONFIG).is_file():
        return finished(folder, wanted)
    train = continuing(train, start)
    progress = progress if processes.is_first else silent
    state = read_state(folder, wanted)
    # One for all processes, and the same again after a stop.
    dtype = state.dtype if state else _agreed_dtype(train, processes)
    check_dtype(dtype, best_device(), folder / RESUME if state else "train.number_format")
    given = training_data(corpus, encoder, model, train, task_weights, progress, dtype)
    with torch_threads(train.threads):  # not around the above: texts are encoded on all cores
        return _learn(given, encoder, model, train, folder, wanted, state, progress, processes, start)


def _agreed_dtype(train: TrainConfig, processes: ProcessGroup) -> torch.dtype:
    """The number format of the first process; each could time its own otherwise."""
    own = training_dtype(train.number_format, best_device())
    return torch.bfloat16 if processes.broadcast_flag(own == torch.bfloat16) else torch.float32


def _learn(
    given: TrainingData,
    encoder: Encoder,
    model: ModelConfig,
    train: TrainConfig,
    folder: Path,
    wanted: Mapping[str, Any],
    state: ResumeState | None,
    progress: Progress,
    processes: ProcessGroup,
    start: Model | None,
) -> TrainReport:
    """Train on what is given, from `state` on, and write the model."""
    device = best_device()
    dtype = given.features.dtype
    corpus = given.corpus
    shapes = given.shapes

    towers = make_towers(tuple(shapes.values()), model.dropout, train.seed).to(device).train()
    if start is not None:
        check_start(start, wanted, shapes)
        inherit(towers, start, given)
    parts = [{"params": list(towers.parameters())}]
    language = language_model(start.own_encoder(encoder) if start else encoder, train)
    if language is not None:
        towers[LANGUAGE] = language.to(device).train()
        parts.append({"params": [p for p in language.parameters() if p.requires_grad]})
    learnt = [parameter for part in parts for parameter in part["params"]]
    optimizer = torch.optim.AdamW(parts, lr=train.learning_rate, weight_decay=train.weight_decay, fused=True)
    last = all_steps(train)
    validation = None
    if processes.is_first and train.validate_steps > 0 and any(len(group.held) for group in given.groups):
        validation = Validation(given, temperature=train.temperature, seed=train.seed)
    watch = EarlyStopping(validation, train, moved=bool(start and start.is_finetuned))
    done, seconds, log = 0, 0.0, list[LogRow]()
    if state is not None:
        restore(state, towers, optimizer)
        done, seconds, log = state.step, state.seconds, list(state.log)
        watch.resume(state.validated, state.best)
    began = time.perf_counter() - seconds
    watch.look(towers, done)

    with deferred_interrupt() as interrupted, closing(_batches(given, train, done, towers, processes)) as batches:
        for step, batch in batches:
            if train.patience > 0 and processes.broadcast_flag(watch.enough()):
                break
            batch = batch.to(device)  # noqa: PLW2901
            group = given.groups[step.group]
            # Dropout is the step's and the process', not the run's.
            torch.manual_seed((train.seed * 1_000_003 + step.number) * processes.size + processes.rank)
            for part, rate in zip(optimizer.param_groups, rates(step.number, train), strict=False):
                part["lr"] = rate

            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                z = _vectors(towers, given, batch, step, model, moving=step.number >= train.steps, processes=processes)
            made = objective(z, batch, train, processes)

            optimizer.zero_grad(set_to_none=True)
            made.total.backward()  # type: ignore[no-untyped-call]
            processes.sum_gradients(learnt)
            norm = torch.nn.utils.clip_grad_norm_(learnt, train.clip)
            if not torch.isfinite(made.total) or not torch.isfinite(norm):
                raise _not_a_number(folder, corpus, group, step, batch, processes)
            optimizer.step()

            now = time.perf_counter() - began
            log.append(
                LogRow(
                    step=step.number,
                    task=group.task,
                    loss=made.loss.item(),
                    chance=made.chance,
                    effect_loss=None if made.effect is None else made.effect.item(),
                    gradient_norm=norm.item(),
                    learning_rate=optimizer.param_groups[0]["lr"],
                    pairs=len(step.pairs) + len(step.effects),
                    seconds=now,
                )
            )
            done = step.number + 1
            watch.look(towers, done)
            try:
                progress("train", done, last, _note(log, now))
            except KeyboardInterrupt:
                interrupted.set()
            stopped = processes.broadcast_flag(interrupted.is_set())
            if processes.is_first and (stopped or done % train.checkpoint_steps == 0):
                save_state(
                    folder, wanted, towers, optimizer,
                    step=done, seconds=now, dtype=dtype, log=log, validated=watch.validated, best=watch.best,
                )  # fmt: skip
            if stopped:
                raise KeyboardInterrupt
    if not processes.is_first:
        processes.wait()
        return finished(folder, wanted)
    kept = watch.keep_best(towers, done)
    towers = towers.cpu()
    if language is not None:
        del towers[LANGUAGE]
        if kept > train.steps or (start and start.is_finetuned):
            with atomic_folder(folder / ENCODER) as new:
                language.save(new)
            given = with_own_texts(given, encoder.open_finetuned(folder / ENCODER), progress)
    adapter, wordings = teach(given, towers, steps=train.adapter_steps, seed=train.seed, progress=progress)
    report = report_of(folder, model_id_of(wanted), given.groups, log, watch.validated, kept)
    report = replace(report, wordings=wordings, number_format=format_name(dtype))
    _write(report, given, _in_float32(given, encoder, progress), wanted, towers, adapter, log, watch.validated)
    processes.wait()
    return report


def _in_float32(given: TrainingData, encoder: Encoder, progress: Progress) -> Features:
    """The inputs as vectors are written from them: in float32, whatever the towers were trained in."""
    if given.features.dtype == torch.float32:
        return given.features
    texts = encoder.encode(given.corpus.nodes.texts, progress)
    return Features(given.corpus, given.features.adjacency, texts)


def _write(
    report: TrainReport,
    given: TrainingData,
    features: Features,
    wanted: Mapping[str, Any],
    towers: nn.ModuleDict,
    adapter: Adapter | None,
    log: Sequence[LogRow],
    validated: Sequence[ValidationRow],
) -> None:
    """Write all of a model's folder, its config.json last."""
    corpus, shapes = given.corpus, given.shapes
    config = {
        "id": report.model_id,
        "identity": wanted,
        "towers": [{**asdict(s), "blocks": [b.name for b in s.blocks]} for s in shapes.values()],
        "kinds": sorted(set(corpus.nodes.kinds)),
        "nodes": len(corpus.nodes),
        "edges": len(corpus.edges.starts),
        "gates": gates_of(towers),
        "data": asdict(corpus.provenance),
        "effects": learn_effects(corpus, features, shapes["concept"], report.folder),
        "report": {**asdict(report), "folder": ""},
    }
    write_held_out(report.folder, corpus, given.groups)
    write_trained_pairs(report.folder, corpus, given.groups)
    card = model_card(config)
    write_model(report.folder, towers, adapter, corpus.nodes, config=config, card=card, log=log, validated=validated)


def _vectors(
    towers: nn.ModuleDict,
    given: TrainingData,
    batch: Batch,
    step: TrainingStep,
    model: ModelConfig,
    *,
    moving: bool,
    processes: ProcessGroup,
) -> dict[str, Tensor]:
    """The vectors of a batch, tower → [k, dimension]; `moving`: texts by the language model as it is now."""
    z = {}
    for tower, inputs in batch.inputs.items():
        x, shape = inputs, given.shapes[tower]
        own = torch.from_numpy(given.own_rows[batch.nodes[tower]]).to(x.device) if shape.identities else None
        if moving and tower == "concept":
            x = with_text(x, shape, towers[LANGUAGE](texts_of(given, batch, step, processes.pair_slice)))
        z[tower] = towers[tower](hide(x, shape, model.block_dropout, model.text_only), own)
    return z


def _batches(
    given: TrainingData, train: TrainConfig, done: int, towers: nn.ModuleDict, processes: ProcessGroup
) -> Generator[tuple[TrainingStep, Batch], None, None]:
    """The steps from `done` on with their tensors, made in a thread of their own while others are trained on.

    Hard negatives are those of the towers as they are when a step's turn comes: with them nothing is made before.
    """
    last = all_steps(train)

    def made() -> Generator[tuple[TrainingStep, Batch], None, None]:
        for number in range(done // ROUND_STEPS, -(-last // ROUND_STEPS)):
            planned = plan_round(given.groups, given.features.effects, train, number, last)
            steps = [step for step in planned if step.number >= done]
            inputs = RoundInputs(given, steps, processes.pair_slice)
            for step in steps:
                yield step, inputs.batch(step, hard_negatives(inputs, step, towers, train.hard_negatives, processes))

    # A round deep: its inputs are made at once, and must not keep the towers waiting.
    return made() if train.hard_negatives > 0 else prefetch(made(), depth=ROUND_STEPS)


@contextmanager
def deferred_interrupt() -> Iterator[threading.Event]:
    """Turn Ctrl-C into an event that the loop looks at between steps: a step is whole or not begun."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event  # signals come to the main thread only
        return
    before = signal.signal(signal.SIGINT, lambda *_: event.set())
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)


def _note(log: Sequence[LogRow], seconds: float) -> str:
    last = log[-1]
    recent = log[-50:]
    before = log[-len(recent) - 1].seconds if len(log) > len(recent) else 0.0
    speed = sum(row.pairs for row in recent) / max(seconds - before, 1e-9)
    return f"{last.task} {last.loss:.2f} (chance {last.chance:.2f}), {speed:,.0f} pairs/s"


def _not_a_number(
    folder: Path, corpus: Corpus, group: TaskGroup, step: TrainingStep, batch: Batch, processes: ProcessGroup
) -> ModelError:
    ids = corpus.nodes.ids
    texts = corpus.tasks[group.task].texts if group.is_text else ()
    rows = [
        (ids[a], texts[b] if texts else ids[b], float(w))
        for a, b, w in zip(group.anchors[step.pairs], group.positives[step.pairs], batch.weights.tolist(), strict=True)
    ]
    if processes.is_first:
        write_bad_pairs(folder / BAD_PAIRS, rows)
    return ModelError(
        f"the loss of task {group.task} is not a number at step {step.number}",
        where=folder / BAD_PAIRS,
        found=f"{len(rows)} pairs, written there",
        next_step="look for weights or effects that are out of range, or lower [train] learning_rate",
    )
