"""What makes a model what it is, the data aside: the one list that its identity and its staleness are told by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from hashlib import blake2b
from typing import Any

from generel_graph.config.sections import ModelConfig, TrainConfig

RULES = 3  # goes up when the same settings would learn something else
ASIDE = (
    "threads",
    "checkpoint_steps",
    "tensorboard",
    "stale_share",
)  # settings of how training runs, not of what it makes
DATA = ("corpus", "encoder", "continues")  # parts of a model's identity that are no part of its recipe


def recipe(model: ModelConfig, train: TrainConfig, task_weights: Mapping[str, float], sampling: str) -> dict[str, Any]:
    """All that a model depends on beside the data, as JSON values; `sampling` names the tasks' statements."""
    settings = {k: v for k, v in asdict(train).items() if k not in ASIDE}
    return {
        "recipe": RULES,
        "model": {k: _plain(v) for k, v in asdict(model).items()},
        "train": {k: _plain(v) for k, v in settings.items()},
        "sampling": sampling,
        "task_weights": {k: float(v) for k, v in sorted(task_weights.items())},
    }


def _plain(value: Any) -> Any:
    """A setting as JSON gives it back."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def recipe_digest(identity: Mapping[str, Any]) -> str:
    """Name a recipe, or that of a whole identity (32 hexadecimal digits)."""
    facts = {k: v for k, v in identity.items() if k not in DATA}
    return blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16).hexdigest()


def model_identity(
    model: ModelConfig,
    train: TrainConfig,
    task_weights: Mapping[str, float],
    *,
    sampling: str,
    corpus: str,
    encoder: str,
    continues: str = "",
) -> dict[str, Any]:
    """All that a model depends on, as JSON values.

    `sampling`, `corpus` and `encoder` are digests; `continues` is the id of the model that training starts from.
    """
    facts = recipe(model, train, task_weights, sampling) | {"corpus": corpus, "encoder": encoder}
    return facts | {"continues": continues} if continues else facts


def model_id_of(identity: Mapping[str, Any]) -> str:
    """The model's id: 16 hex of its identity."""
    return blake2b(json.dumps(identity, sort_keys=True).encode(), digest_size=8).hexdigest()
