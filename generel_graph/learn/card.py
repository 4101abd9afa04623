"""The model card: what a model is, in words, beside its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def model_card(config: Mapping[str, Any]) -> str:
    """The README.md of a model's folder, from its config.json."""
    identity, report = config["identity"], config["report"]
    model, train = identity["model"], identity["train"]
    towers = "\n".join(
        f"- {tower['tower']}: {', '.join(tower['blocks'])} → {tower['hidden']} → {tower['dimension']}"
        for tower in config["towers"]
    )
    tasks = "\n".join(
        f"| {task['name']} | {task['pairs']:,} | {_number(task['loss'])} | {_number(task['chance'])} |"
        for task in report["tasks"]
    )
    share = model["learnt_share"]
    return f"""# Model {config["id"]}

SNPs and biomedical concepts in one space, trained on the edges of one graph.

- graph: {identity["corpus"]} ({config["nodes"]:,} nodes, {config["edges"]:,} edges)
- encoder: {model["encoder"]} ({identity["encoder"]}), frozen, at most {model["max_tokens"]} tokens
- {report["steps"]:,} steps of {train["batch_size"]} pairs, seed {train["seed"]}, {report["seconds"]:.0f} s
- reports from {train["published_before"] or "no date"} on left out

Inputs of the towers:
{towers}

| task | pairs | loss | chance |
|---|---|---|---|
{tasks}

The loss is the mean of the task's last batches in training, chance what equal cosines would give there;
neither says how well unseen pairs are found: `generel-graph evaluate` does.

A stored vector is [√{share:g} · learnt ; √{1 - share:g} · untrained propagation], of unit length.
Nearness is a ground for a closer look, not evidence of cause; known edges of the graph are part of it.
"""


def _number(value: float | None) -> str:
    return "never drawn" if value is None else f"{value:.3f}"
