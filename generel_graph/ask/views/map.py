"""All nodes that have a vector, for a map of the space."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generel_etl.progress import Progress, silent
from generel_graph.ask.pinned_model import PinnedModel, still_active
from generel_graph.ask.space import Vector
from generel_graph.graph import Graph

if TYPE_CHECKING:
    import pandas as pd

FACTS = ("id", "kind", "name", "source", "chromosome")


@dataclass(frozen=True, slots=True)
class MapResult:
    """The nodes of the space, laid out in two dimensions."""

    nodes: pl.DataFrame  # FACTS; "" for a missing value
    positions: NDArray[np.float64] = field(repr=False)  # [n, 2]
    model: str  # id of the model that answered

    def frame(self) -> pd.DataFrame:
        """The nodes as a pandas frame: FACTS, x, y; `attrs`: model."""
        frame = self.nodes.to_pandas().assign(x=self.positions[:, 0], y=self.positions[:, 1])
        frame.attrs["model"] = self.model
        return frame


def read_space(
    graph: Graph, model: PinnedModel, numbers: int, progress: Progress = silent
) -> tuple[pl.DataFrame, Vector]:
    """All nodes with a vector of `model` in the order of their ids, FACTS as columns, and their vectors [n, numbers].

    `numbers`: how many numbers of each vector are read, from the first; the result has unit length.
    Raises ActiveModelChanged.
    """
    schema = {**dict.fromkeys(FACTS, pl.String), "vector": pl.List(pl.Float32)}
    rows = graph.pages(
        "ask/list_vectors",
        graph.key_ranges(),
        schema,
        progress,
        "read vectors",
        slot=model.slot,
        model=model.id,
        numbers=numbers,
    ).frame()
    still_active(graph, model)
    if rows.is_empty():
        return rows.select(FACTS), np.zeros((0, numbers), dtype=np.float32)
    vectors = rows["vector"].explode().to_numpy().reshape(len(rows), -1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return rows.select(FACTS), np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
