"""The training tasks: each is one Cypher file in `cypher/sample/` and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generel_graph.config import TaskConfig
from generel_graph.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Task:
    """One task; its file is `cypher/sample/<name>.cypher` and returns anchor, positive, weight (and effect)."""

    name: str
    weight: float  # c in the probability of a draw, c·√pairs
    text: bool = False  # its positives are texts, not nodes


TASKS: tuple[Task, ...] = (
    Task("synonym", 1.0, text=True),
    Task("hierarchy", 1.0),
    Task("gwas", 12.0),
    Task("eqtl", 1.0),
    Task("kg", 2.0),
    Task("co_occurrence", 1.0),
)


def chosen(configured: Mapping[str, TaskConfig]) -> dict[str, float]:
    """The enabled tasks with their draw weights, in the registry's order.

    Raises ConfigError for a task that does not exist, or if none is left.
    """
    names = [task.name for task in TASKS]
    for name in configured:
        if name not in names:
            raise ConfigError("no such task", where="tasks", found=name, valid=names)
    weights = {}
    for task in TASKS:
        own = configured.get(task.name, TaskConfig())
        if own.enabled:
            weights[task.name] = task.weight if own.weight < 0 else own.weight
    if not weights:
        raise ConfigError("no task is enabled", where="tasks", valid=names)
    return weights
