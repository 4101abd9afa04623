"""Negatives beside those of the batch: ends that are stated not to belong to an anchor, and near ones."""

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
    """Pairs of clusters that are stated not to belong together, both ways, sorted by the first."""

    anchors: NDArray[np.int64]  # [q]
    ends: NDArray[np.int64]  # [q]
    kinds: NDArray[np.object_]  # [q], what the ends have in common as negatives

    @classmethod
    def none(cls) -> NegatedPairs:
        """No pairs."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=object))

    def of(self, anchors: NDArray[np.int64], kind: str) -> NDArray[np.int64]:
        """The clusters of a kind that are denied of any of the anchors, each once, [k]."""
        rows = expand_ranges(*find_runs(self.anchors, anchors))
        return sorted_unique(self.ends[rows[self.kinds[rows] == kind]])


def denied(corpus: Corpus, adjacency: Adjacency, known: KnownPairs) -> NegatedPairs:
    """The pairs of NOT_ edges, but for those that are stated too and those that are held out for validation."""
    n = len(corpus.nodes)
    a, b = corpus.edge_clusters(*(name for name in corpus.edges.types if name.startswith(NEGATED)))
    key = sorted_unique(np.concatenate([a * n + b, b * n + a]))
    a, b = key // n, key % n
    held_out = adjacency.split.held(a, b)
    used = ~known.stated(a, b) & ~held_out
    kinds = np.array([negative_kind(corpus.nodes.kinds[end]) for end in b[used].tolist()], dtype=object)
    return NegatedPairs(a[used], b[used], kinds)


def nearest(u: Tensor, v: Tensor, hidden: Tensor, many: int) -> Tensor:
    """Which of v are among the `many` nearest that any of u has, [m]; `u` [n, d], `v` [m, d], unit.

    `hidden` [n, m]: True where v_j is no negative of u_i.
    """
    s = (u @ v.T).masked_fill(hidden, float("-inf"))
    best = s.topk(min(many, len(v)), dim=1)
    chosen = torch.zeros(len(v), dtype=torch.bool, device=v.device)
    chosen[best.indices[best.values > float("-inf")]] = True
    return chosen
