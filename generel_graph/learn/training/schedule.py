"""The schedule of training: steps, learning rates, and the fine-tuning of the language model."""

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

LANGUAGE = "language"  # key of the language model in the ModuleDict of the towers
RATES = {"lora": 2e-4, "full": 2e-5}  # usual rates for low-rank updates and for full fine-tuning
LAST_RATE = 0.02  # final fraction of a learning rate
SECOND_PHASE_RATE = 0.1  # fraction of the towers' rate during fine-tuning


def total_steps(train: TrainConfig) -> int:
    """The number of steps: those of the towers only, and those with fine-tuning of the language model."""
    return train.steps + (train.encoder_steps if train.mode != "frozen" else 0)


def learning_rates(step: int, train: TrainConfig) -> tuple[float, float]:
    """The learning rates of the towers and of the language model at a step.

    A warm-up, then a cosine down to 2 %. With fine-tuning, both begin again, with a lower rate for the towers.
    """
    if step < train.steps:
        return train.learning_rate * _rate_factor(step, train.steps, train.warmup), 0.0
    warmup = min(train.warmup, train.encoder_steps // 10)
    factor = _rate_factor(step - train.steps, train.encoder_steps, warmup)
    return SECOND_PHASE_RATE * train.learning_rate * factor, (train.encoder_rate or RATES[train.mode]) * factor


def _rate_factor(step: int, steps: int, warmup: int) -> float:
    warm = min(1.0, (step + 1) / max(warmup, 1))
    done = min(step / max(steps, 1), 1.0)
    return warm * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + cos(pi * done)))


def make_language_model(encoder: Encoder, train: TrainConfig) -> LanguageModel | None:
    """The trainable language model of an encoder in the configured mode; None for `frozen`.

    The same seed gives the same low-rank updates.
    """
    if train.mode == "frozen":
        return None
    torch.manual_seed(train.seed)
    return LanguageModel(encoder, train.lora_rank if train.mode == "lora" else 0)


def concept_texts(data: TrainingData, batch: Batch, step: TrainingStep, pair_slice: slice) -> list[str]:
    """The texts of the rows of a batch's concept inputs, [k]."""
    group = data.groups[step.group]
    positive_texts: Iterator[str] = iter(())
    if group.is_text:
        texts = data.corpus.tasks[group.task].texts
        positive_texts = iter([texts[row] for row in group.positives[step.pairs[pair_slice]].tolist()])
    node_texts = data.corpus.nodes.texts
    return [node_texts[node] if node >= 0 else next(positive_texts) for node in batch.nodes["concept"].tolist()]


def reencode_texts(data: TrainingData, encoder: Encoder, progress: Progress = silent) -> TrainingData:
    """Encode the nodes' own texts and the synonyms with another encoder; the texts of neighbours do not change."""
    tasks = data.corpus.tasks
    return replace(
        data,
        text_vectors=torch.from_numpy(encoder.encode(data.corpus.nodes.texts, progress)).to(data.features.dtype),
        synonyms={name: encoder.encode(tasks[name].texts, progress) for name in data.synonyms},
    )
