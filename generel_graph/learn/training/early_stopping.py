"""Validation while training runs: when to look, what was best, and when there is enough of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from generel_graph.config import TrainConfig
from generel_graph.learn.training.checkpoint import Best, moving, put_back
from generel_graph.learn.training.schedule import all_steps
from generel_graph.learn.training.validation import Validation, score
from generel_graph.model_folder import ValidationRow


class EarlyStopping:
    """Looks at the held-out pairs every so many steps, before the first one too, and remembers the best towers."""

    def __init__(self, validation: Validation | None, config: TrainConfig, *, moved: bool = False) -> None:
        """`moved`: the language model is not the encoder's own from the first step on."""
        self.config, self.moved = config, moved
        self.validated: list[ValidationRow] = []
        self.best: Best | None = None
        self._validation = validation

    def resume(self, validated: Sequence[ValidationRow], best: Best | None) -> None:
        """Go on from what an unfinished training had seen."""
        self.validated, self.best = list(validated), best

    def look(self, towers: nn.ModuleDict, step: int) -> None:
        """Validate if it is time; each step is looked at once."""
        turns = (self.config.steps, all_steps(self.config))
        due = step % max(self.config.validate_steps, 1) == 0 or step in turns
        if self._validation is None or not len(self._validation) or not due or self._seen(step):
            return
        rows = self._validation.measure(towers, step, moved=self.moved or step > self.config.steps)
        self.validated += rows
        value = score(rows)
        if np.isfinite(value) and (self.best is None or value > self.best.score):
            weights = {key: tensor.detach().clone() for key, tensor in moving(towers).items()}
            self.best = Best(step, value, weights)

    def enough(self) -> bool:
        """Whether `patience` validations have passed since the best one."""
        if self.config.patience <= 0 or self.best is None:
            return False
        since = {row.step for row in self.validated if row.step > self.best.step}
        return len(since) >= self.config.patience

    def keep_best(self, towers: nn.ModuleDict, step: int) -> int:
        """Put the best towers in place of the last ones; the step that they are of."""
        if self.best is None:
            return step
        put_back(towers, self.best.weights)
        return self.best.step

    def _seen(self, step: int) -> bool:
        return any(row.step == step for row in self.validated)
