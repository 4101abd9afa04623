"""Where a cosine stands among those of random pairs of the same kinds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generel_graph.ask.pinned_model import PinnedModel, pinned_row
from generel_graph.ask.similarity import crosswise
from generel_graph.ask.space import Space, Vector
from generel_graph.graph import Graph

SAMPLE = 400  # clusters of a kind, evenly chosen in the order of ids: of one graph and model always the same


@dataclass(frozen=True, slots=True)
class Percentile:
    """How many of the pairs have a smaller cosine."""

    value: float  # 0 … 100
    pairs: int  # that it was counted among
    among: str  # what these are, in words


def percentile(
    graph: Graph, model: PinnedModel, space: Space, cosine: float, left: tuple[str, Vector], right: tuple[str, Vector]
) -> Percentile | None:
    """The place of a pair's cosine, from kind ("" of a free text) and vector of its ends; None for two free texts.

    A free text is held against nodes of the other's kind: there is no sample of all texts. Raises ActiveModelChanged.
    """
    if not right[0]:
        left, right = right, left
    if not right[0]:
        return None
    others = _sample(graph, model, right[0])
    if not left[0]:
        table = crosswise(space, left[1][np.newaxis], "", others, right[0])
        cosines = table.ravel()
        among = f"pairs of this text and {len(others):,} nodes of the kind {right[0]}"
    else:
        same = left[0] == right[0]
        ours = others if same else _sample(graph, model, left[0])
        table = crosswise(space, ours, left[0], others, right[0])
        cosines = table[np.triu_indices(len(ours), 1)] if same else table.ravel()
        among = f"pairs of {len(ours):,} nodes of the kind {left[0]}" + (
            "" if same else f" and {len(others):,} of the kind {right[0]}"
        )
    if not len(cosines):
        return None
    below = np.count_nonzero(cosines < cosine) + np.count_nonzero(cosines == cosine) / 2
    return Percentile(round(100.0 * float(below) / len(cosines), 3), len(cosines), among)


def _sample(graph: Graph, model: PinnedModel, kind: str) -> Vector:
    """The vectors of some nodes of a kind, [m, dimension]."""
    found = pinned_row(graph, "ask/sample_vectors", model, kind=kind, n=SAMPLE)
    return np.asarray(found["vector"], dtype=np.float32).reshape(-1, model.dimension)
