"""Early stopping: validate at intervals, remember the best weights, and stop without improvement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from generel_graph.config import TrainConfig
from generel_graph.learn.training.checkpoint import BestWeights, load_trained_weights, trained_weights
from generel_graph.learn.training.schedule import total_steps
from generel_graph.learn.training.validation import Validation, mean_auc
from generel_graph.model_folder import ValidationRow


class EarlyStopping:
    """Validates every `validate_steps` steps, before the first step too, and remembers the best weights."""

    def __init__(self, validation: Validation | None, config: TrainConfig, *, is_finetuned: bool = False) -> None:
        """`is_finetuned`: training begins with a language model that is fine-tuned already."""
        self.config, self.is_finetuned = config, is_finetuned
        self.validations: list[ValidationRow] = []
        self.best: BestWeights | None = None
        self._validation = validation

    def resume(self, validations: Sequence[ValidationRow], best: BestWeights | None) -> None:
        """Restore the validations and the best weights of an unfinished training."""
        self.validations, self.best = list(validations), best

    def validate_if_due(self, towers: nn.ModuleDict, step: int) -> None:
        """Validate if a validation is due at this step; each step is validated once."""
        phase_ends = (self.config.steps, total_steps(self.config))
        due = step % max(self.config.validate_steps, 1) == 0 or step in phase_ends
        if self._validation is None or not len(self._validation) or not due or self._is_validated(step):
            return
        is_finetuned = self.is_finetuned or step > self.config.steps
        rows = self._validation.measure(towers, step, is_finetuned=is_finetuned)
        self.validations += rows
        value = mean_auc(rows)
        if np.isfinite(value) and (self.best is None or value > self.best.score):
            weights = {key: tensor.detach().clone() for key, tensor in trained_weights(towers).items()}
            self.best = BestWeights(step, value, weights)

    def should_stop(self) -> bool:
        """Whether `patience` validations have passed since the best one."""
        if self.config.patience <= 0 or self.best is None:
            return False
        steps_since = {row.step for row in self.validations if row.step > self.best.step}
        return len(steps_since) >= self.config.patience

    def restore_best(self, towers: nn.ModuleDict, step: int) -> int:
        """Load the best weights into the towers; returns their step (`step` without a validation)."""
        if self.best is None:
            return step
        load_trained_weights(towers, self.best.weights)
        return self.best.step

    def _is_validated(self, step: int) -> bool:
        return any(row.step == step for row in self.validations)
