"""Extra negatives beside those of the batch: nodes of negated pairs, and nearest nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generel_etl.relations import NEGATED
from generel_graph.corpus.arrays import expand_ranges, find_runs, sorted_unique
from generel_graph.corpus.schema import Corpus
from generel_graph.learn.features.adjacency import Adjacency
from generel_graph.learn.features.blocks import negative_kind
from generel_graph.learn.pairs.groups import KnownPairs


@dataclass(frozen=True, slots=True)
class NegatedPairs:
    """Pairs of clusters that a NOT_ edge negates, in both orders, sorted by anchor."""

    anchors: NDArray[np.int64]  # [q]
    negatives: NDArray[np.int64]  # [q]
    kinds: NDArray[np.object_]  # [q], `negative_kind` of the negatives

    @classmethod
    def none(cls) -> NegatedPairs:
        """No pairs."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=object))

    def negatives_of(self, anchors: NDArray[np.int64], kind: str) -> NDArray[np.int64]:
        """The distinct negatives of a kind of any of the anchors, [k]."""
        rows = expand_ranges(*find_runs(self.anchors, anchors))
        return sorted_unique(self.negatives[rows[self.kinds[rows] == kind]])


def negated_pairs(corpus: Corpus, adjacency: Adjacency, known: KnownPairs) -> NegatedPairs:
    """The pairs of NOT_ edges, without known positives and held-out pairs."""
    n = len(corpus.nodes)
    a, b = corpus.edge_clusters(*(name for name in corpus.edges.types if name.startswith(NEGATED)))
    key = sorted_unique(np.concatenate([a * n + b, b * n + a]))
    a, b = key // n, key % n
    held_out = adjacency.split.is_held_out(a, b)
    used = ~known.contains(a, b) & ~held_out
    kinds = np.array([negative_kind(corpus.nodes.kinds[node]) for node in b[used].tolist()], dtype=object)
    return NegatedPairs(a[used], b[used], kinds)


def nearest(u: Tensor, v: Tensor, mask: Tensor, count: int) -> Tensor:
    """Whether each v_j is among the `count` nearest of any u_i, [m]; `u` [n, d] and `v` [m, d] have unit length.

    `mask` [n, m]: True for v_j that is not a negative of u_i.
    """
    s = (u @ v.T).masked_fill(mask, float("-inf"))
    best = s.topk(min(count, len(v)), dim=1)
    is_nearest = torch.zeros(len(v), dtype=torch.bool, device=v.device)
    is_nearest[best.indices[best.values > float("-inf")]] = True
    return is_nearest
