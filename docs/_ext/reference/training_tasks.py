"""The training tasks and losses, from their registries."""

from __future__ import annotations

import inspect

from generel_graph.corpus.tasks import TASKS
from reference.markdown import code, plain, table


def tasks() -> str:
    """The tasks in the order of the registry."""
    rows = []
    for task in TASKS:
        kinds = " – ".join("/".join(sorted(side)) for side in task.kinds) if task.kinds else ""
        statement = f"`cypher/{task.statement}.cypher`" if task.statement else "made of the pairs of other tasks"
        rows.append((code(task.name), f"{task.weight:g}", plain(_weighting(task)), kinds, statement))
    headings = ("task", "draw weight", "weight of a pair", "kinds of the endpoints", "statement")
    return table(headings, rows)


def _weighting(task: object) -> str:
    for name in ("weighting", "weighs", "pair_weight"):
        if hasattr(task, name):
            return str(getattr(task, name))
    return ""


def losses() -> str:
    """The losses that `[train] loss` may name, with the first sentence of their docstrings."""
    from generel_graph.learn.losses import LOSSES

    rows = [
        (code(name), plain((inspect.getdoc(loss) or "").split("\n\n")[0].replace("\n", " ")))
        for name, loss in LOSSES.items()
    ]
    return table(("loss", "what it is"), rows)
