"""The held-out pairs and the training pairs of a model, as files of its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from generel_etl.atomic import atomic_file
from generel_graph.corpus.schema import Corpus
from generel_graph.learn.pairs.groups import TaskGroup
from generel_graph.model_folder import HELD_OUT, TRAINED_PAIRS

SCHEMA = {"task": pl.String, "anchor": pl.String, "positive": pl.String, "weight": pl.Float32}
TRAINED_SCHEMA = {"task": pl.String, "anchor": pl.String, "positive": pl.String}


def write_held_out(folder: Path, corpus: Corpus, groups: Sequence[TaskGroup]) -> None:
    """Write the held-out pairs of all trained tasks: task, anchor, positive, weight.

    Anchors are ids. Positives are ids, or texts for a text task.
    """
    ids = np.array(corpus.nodes.ids, dtype=object)
    parts = [pl.DataFrame(schema=SCHEMA)]
    for group in groups:
        positives = np.array(corpus.tasks[group.task].texts, dtype=object) if group.is_text else ids
        columns = {
            "anchor": ids[group.anchors[group.held_out]],
            "positive": positives[group.positives[group.held_out]],
            "weight": group.weights[group.held_out],
        }
        parts.append(pl.DataFrame({"task": [group.task] * len(group.held_out)} | columns, schema=SCHEMA))
    _write_pairs(folder / HELD_OUT, parts)


def write_trained_pairs(folder: Path, corpus: Corpus, groups: Sequence[TaskGroup]) -> None:
    """Write the pairs of nodes that training sampled from, that is all pairs of all groups that are not held out.

    Columns: task, anchor, positive (ids). Composed tasks are included; tasks whose positives are texts are not.
    """
    ids = pl.Series(corpus.nodes.ids, dtype=pl.String)
    parts = [pl.DataFrame(schema=TRAINED_SCHEMA)]
    for group in groups:
        if not group.is_text:
            rows = np.setdiff1d(np.arange(len(group.anchors)), group.held_out)
            anchors, positives = ids.gather(group.anchors[rows]), ids.gather(group.positives[rows])
            pairs = pl.DataFrame({"anchor": anchors, "positive": positives})
            parts.append(pairs.select(pl.lit(group.task).alias("task"), "anchor", "positive"))
    _write_pairs(folder / TRAINED_PAIRS, parts)


def _write_pairs(path: Path, parts: Sequence[pl.DataFrame]) -> None:
    with atomic_file(path) as new:
        pl.concat(parts).sort("task", "anchor", "positive").write_parquet(new)
