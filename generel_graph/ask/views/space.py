"""The whole space at once: every node that has a vector, and the learnt half of it."""

from __future__ import annotations

import numpy as np
import polars as pl

from generel_etl.progress import Progress, silent
from generel_graph.ask.pinned_model import PinnedModel, still_active
from generel_graph.ask.space import Vector
from generel_graph.graph import Graph

FACTS = ("id", "kind", "name", "source", "chromosome")


def read_space(
    graph: Graph, model: PinnedModel, numbers: int, progress: Progress = silent
) -> tuple[pl.DataFrame, Vector]:
    """All nodes with a vector of `model` in the order of their ids, FACTS as columns, and their vectors [n, numbers].

    `numbers`: how many of each, from the first; made unit length. What a node lacks is "". Raises ActiveModelChanged.
    """
    schema = {**dict.fromkeys(FACTS, pl.String), "vector": pl.List(pl.Float32)}
    ranges = graph.key_ranges()
    read = graph.frame(
        "ask/list_vectors",
        ranges,
        schema,
        progress,
        "read vectors",
        slot=model.slot,
        model=model.id,
        numbers=numbers,
    )
    still_active(graph, model)
    if read.is_empty():
        return read.select(FACTS), np.zeros((0, numbers), dtype=np.float32)
    vectors = read["vector"].explode().to_numpy().reshape(len(read), -1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return read.select(FACTS), np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
