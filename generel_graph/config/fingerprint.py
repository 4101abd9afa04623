"""The settings that determine a trained model, and the digests that identify models and detect stale ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from hashlib import blake2b
from typing import Any

from generel_graph.config.sections import ModelConfig, TrainConfig

RULES = 3  # raise it when the same settings would produce a different model
NOT_IN_RECIPE = ("threads", "checkpoint_steps", "tensorboard", "stale_share")  # [train] keys that change no model
NOT_IN_DIGEST = ("corpus", "encoder", "continues")  # parts of a model's identity that are not part of its recipe


def recipe(model: ModelConfig, train: TrainConfig, task_weights: Mapping[str, float], sampling: str) -> dict[str, Any]:
    """Everything except the data that determines a model, as JSON values.

    `sampling` is the digest of the statements that sample the tasks' pairs.
    """
    settings = {k: v for k, v in asdict(train).items() if k not in NOT_IN_RECIPE}
    return {
        "recipe": RULES,
        "model": {k: _json_value(v) for k, v in asdict(model).items()},
        "train": {k: _json_value(v) for k, v in settings.items()},
        "sampling": sampling,
        "task_weights": {k: float(v) for k, v in sorted(task_weights.items())},
    }


def _json_value(value: Any) -> Any:
    """A setting as `json.loads` returns it after `json.dumps`."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def recipe_digest(identity: Mapping[str, Any]) -> str:
    """The digest of a recipe, or of the recipe in a complete identity (32 hexadecimal digits)."""
    facts = {k: v for k, v in identity.items() if k not in NOT_IN_DIGEST}
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
    """Everything that determines a model, as JSON values.

    `sampling`, `corpus` and `encoder` are digests; `continues` is the id of the model that training starts from.
    """
    facts = recipe(model, train, task_weights, sampling) | {"corpus": corpus, "encoder": encoder}
    return facts | {"continues": continues} if continues else facts


def model_id_of(identity: Mapping[str, Any]) -> str:
    """The model's id: the digest of its identity (16 hexadecimal digits)."""
    return blake2b(json.dumps(identity, sort_keys=True).encode(), digest_size=8).hexdigest()
