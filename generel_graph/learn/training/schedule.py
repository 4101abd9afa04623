"""The language model in training: when it moves, how fast, and which texts it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import cos, pi

import torch

from generel_etl.progress import Progress, silent
from generel_graph.config import TrainConfig
from generel_graph.encode import Encoder, LanguageModel
from generel_graph.learn.pairs.batches import Batch, TrainingStep
from generel_graph.learn.pairs.training_data import TrainingData

LANGUAGE = "language"  # its name beside the towers
RATES = {"lora": 2e-4, "full": 2e-5}  # usual ones for low-rank changes and for whole encoders
LAST_RATE = 0.02  # of a learning rate, at the cosine's end
AGAIN = 0.1  # of the towers' rate, when the language model begins to move


def all_steps(train: TrainConfig) -> int:
    """The steps of a training: of the towers alone, and those in which the language model moves too."""
    return train.steps + (train.encoder_steps if train.mode != "frozen" else 0)


def rates(step: int, train: TrainConfig) -> tuple[float, float]:
    """The learning rates of the towers and of the language model at a step.

    A warm-up, then a cosine down to 2 %; both begin again, the towers lower, when the language model moves.
    """
    if step < train.steps:
        return train.learning_rate * _along(step, train.steps, train.warmup), 0.0
    now = _along(step - train.steps, train.encoder_steps, min(train.warmup, train.encoder_steps // 10))
    return AGAIN * train.learning_rate * now, (train.encoder_rate or RATES[train.mode]) * now


def _along(step: int, steps: int, warmup: int) -> float:
    warm = min(1.0, (step + 1) / max(warmup, 1))
    along = min(step / max(steps, 1), 1.0)
    return warm * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + cos(pi * along)))


def language_model(encoder: Encoder, train: TrainConfig) -> LanguageModel | None:
    """The encoder's language model, to be trained as the mode says, the same for the same seed; None for frozen."""
    if train.mode == "frozen":
        return None
    torch.manual_seed(train.seed)
    return LanguageModel(encoder, train.lora_rank if train.mode == "lora" else 0)


def texts_of(given: TrainingData, batch: Batch, step: TrainingStep, mine: slice) -> list[str]:
    """What the rows of a batch's concept tower read, [k]."""
    group = given.groups[step.group]
    words: Iterator[str] = iter(())
    if group.is_text:
        texts = given.corpus.tasks[group.task].texts
        words = iter([texts[row] for row in group.positives[step.pairs[mine]].tolist()])
    nodes = given.corpus.nodes.texts
    return [nodes[node] if node >= 0 else next(words) for node in batch.nodes["concept"].tolist()]


def with_own_texts(given: TrainingData, encoder: Encoder, progress: Progress = silent) -> TrainingData:
    """The same with nodes' own texts and synonyms as another encoder has them; neighbours' texts stay as they are."""
    tasks = given.corpus.tasks
    return replace(
        given,
        own=torch.from_numpy(encoder.encode(given.corpus.nodes.texts, progress)).to(given.features.dtype),
        synonyms={name: encoder.encode(tasks[name].texts, progress) for name in given.synonyms},
    )
