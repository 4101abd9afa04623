"""What learning sees of the graph: nodes, edges and training pairs as arrays. No database, no files, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Nodes:
    """The embedded nodes, sorted by id; n is their number."""

    ids: tuple[str, ...]  # [n]
    kinds: tuple[str, ...]  # [n], names of generel_etl.tables.KINDS
    texts: tuple[str, ...]  # [n]; "" for SNPs; "SYMBOL: approved name" for genes
    synonyms: tuple[tuple[str, ...], ...]  # [n], EXACT ones
    clusters: NDArray[np.int32]  # [n], index of the node that represents the cluster (SNP: itself)
    chromosomes: tuple[str, ...]  # [n]; "" unknown
    positions: NDArray[np.int64]  # [n], base pairs; -1 unknown
    builds: tuple[str, ...]  # [n]; "" unknown

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Edges:
    """All edges that features are made of; m is their number. Mirrors are not repeated."""

    types: tuple[str, ...]  # relationship types that `type` counts into
    starts: NDArray[np.int32]  # [m], index into Nodes
    ends: NDArray[np.int32]  # [m]
    type: NDArray[np.int16]  # [m], index into types
    weights: NDArray[np.float32]  # [m], 0..1; 0 where the edge has none
    log_odds: NDArray[np.float32]  # [m], |ln odds ratio|; NaN unknown
    neg_log10_p: NDArray[np.float32]  # [m]; NaN unknown


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of one task, sorted by (anchor, positive), each pair once."""

    anchors: NDArray[np.int32]  # [p], index into Nodes
    positives: NDArray[np.int32]  # [p], index into Nodes, or into `texts` for a task whose positive is a text
    weights: NDArray[np.float32]  # [p], in (0, 1]
    effects: NDArray[np.float32]  # [p], |ln odds ratio|; NaN unknown
    texts: tuple[str, ...] = ()  # positives of a text task (synonyms)

    def __len__(self) -> int:
        return len(self.anchors)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything that a model is trained on; `digest` names the graph it was read from."""

    digest: str
    nodes: Nodes
    edges: Edges
    tasks: Mapping[str, Pairs]
