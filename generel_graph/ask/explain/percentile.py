"""The percentile of a cosine among pairs of nodes of the same kinds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generel_graph.ask.pinned_model import PinnedModel, pinned_row
from generel_graph.ask.similarity import crosswise
from generel_graph.ask.space import Space, Vector
from generel_graph.graph import Graph

SAMPLE = 400  # clusters per kind, evenly spaced in the order of ids: always the same for one graph and model


@dataclass(frozen=True, slots=True)
class Percentile:
    """The share of the pairs that have a smaller cosine."""

    value: float  # 0 … 100
    pairs: int  # number of pairs compared
    among: str  # the pairs, in words


def percentile(
    graph: Graph, model: PinnedModel, space: Space, cosine: float, left: tuple[str, Vector], right: tuple[str, Vector]
) -> Percentile | None:
    """The percentile of a pair's cosine, from kind ("" for a free text) and vector of each endpoint.

    A free text is compared with nodes of the kind of the other endpoint, because there is no sample of texts; None for
    two free texts. Raises ActiveModelChanged.
    """
    if not right[0]:
        left, right = right, left
    if not right[0]:
        return None
    right_sample = _sample(graph, model, right[0])
    if not left[0]:
        table = crosswise(space, left[1][np.newaxis], "", right_sample, right[0])
        cosines = table.ravel()
        among = f"pairs of this text and {len(right_sample):,} nodes of the kind {right[0]}"
    else:
        same = left[0] == right[0]
        left_sample = right_sample if same else _sample(graph, model, left[0])
        table = crosswise(space, left_sample, left[0], right_sample, right[0])
        cosines = table[np.triu_indices(len(left_sample), 1)] if same else table.ravel()
        among = f"pairs of {len(left_sample):,} nodes of the kind {left[0]}" + (
            "" if same else f" and {len(right_sample):,} of the kind {right[0]}"
        )
    if not len(cosines):
        return None
    below = np.count_nonzero(cosines < cosine) + np.count_nonzero(cosines == cosine) / 2
    return Percentile(round(100.0 * float(below) / len(cosines), 3), len(cosines), among)


def _sample(graph: Graph, model: PinnedModel, kind: str) -> Vector:
    """The vectors of a sample of nodes of a kind, [m, dimension]."""
    row = pinned_row(graph, "ask/sample_vectors", model, kind=kind, n=SAMPLE)
    return np.asarray(row["vector"], dtype=np.float32).reshape(-1, model.dimension)
