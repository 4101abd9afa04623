"""What was held out of a training, as a file beside the model that anyone can test on."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from generel_etl.atomic import write_atomically
from generel_graph.corpus.schema import Corpus
from generel_graph.learn.pairs.groups import TaskGroup
from generel_graph.model_folder import HELD_OUT

SCHEMA = {"task": pl.String, "anchor": pl.String, "positive": pl.String, "weight": pl.Float32}


def write_held(folder: Path, corpus: Corpus, groups: Sequence[TaskGroup]) -> None:
    """Write all held-out pairs of the tasks that were trained on: task, anchor, positive, weight.

    Anchors are ids; positives too, or the text itself where a task's positives are texts.
    """
    ids = np.array(corpus.nodes.ids, dtype=object)
    parts = [pl.DataFrame(schema=SCHEMA)]
    for group in groups:
        ends = np.array(corpus.tasks[group.task].texts, dtype=object) if group.is_text else ids
        columns = {
            "anchor": ids[group.anchors[group.held]],
            "positive": ends[group.positives[group.held]],
            "weight": group.weights[group.held],
        }
        parts.append(pl.DataFrame({"task": [group.task] * len(group.held)} | columns, schema=SCHEMA))
    table = io.BytesIO()
    pl.concat(parts).sort("task", "anchor", "positive").write_parquet(table)
    write_atomically(folder / HELD_OUT, table.getvalue())


def read_held(folder: Path) -> pl.DataFrame | None:
    """The held-out pairs of a model's folder (task, anchor, positive, weight); None where it does not tell them."""
    path = folder / HELD_OUT
    return pl.read_parquet(path) if path.is_file() else None
