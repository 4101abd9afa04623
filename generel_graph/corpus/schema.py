"""What learning sees of the graph: nodes, edges and training pairs as arrays. No database, no files, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def node_text(kind: str, name: str, description: str) -> str:
    """What a node reads as: nothing for an SNP, "SYMBOL: approved name" for a gene, else its name."""
    if kind == "SNP":
        return ""
    return f"{name}: {description}" if kind == "Gene" and description else name


@dataclass(frozen=True, slots=True)
class Nodes:
    """The embedded nodes, sorted by id; n is their number."""

    ids: tuple[str, ...]  # [n]
    kinds: tuple[str, ...]  # [n], names of generel_etl.schema.KINDS
    texts: tuple[str, ...]  # [n]; "" for SNPs; "SYMBOL: approved name" for genes
    synonyms: tuple[tuple[str, ...], ...]  # [n], EXACT ones
    clusters: NDArray[np.int32]  # [n], index of the node that represents the cluster (SNP: itself)
    chromosomes: tuple[str, ...]  # [n]; "" unknown
    positions: NDArray[np.int64]  # [n], base pairs; -1 unknown
    builds: tuple[str, ...]  # [n]; "" unknown

    def __len__(self) -> int:
        return len(self.ids)

    def located_snps(self) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
        """SNPs that have a position and its build, along the genome, and the build:chromosome of each."""
        known = np.array(
            [i for i, kind in enumerate(self.kinds) if kind == "SNP" and self.positions[i] >= 0 and self.builds[i]],
            dtype=np.int64,
        )
        place = np.array([f"{self.builds[i]}:{self.chromosomes[i]}" for i in known], dtype=str)
        order = np.lexsort((known, self.positions[known], place))
        return known[order], place[order]


@dataclass(frozen=True, slots=True)
class EdgeArrays:
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
class SourceInfo:
    """One source as the graph tells of it; "" and 0 where it says nothing."""

    name: str
    version: str
    licence: str
    url: str
    sha256: str  # of its files
    digest: str  # of what it gave to the graph
    rows_read: int
    rows_loaded: int
    edges: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the data comes from, for those who read of a model; nothing is learnt from it."""

    sources: tuple[SourceInfo, ...] = ()
    associations: int = 0
    ancestries: tuple[
        tuple[str, int], ...
    ] = ()  # associations by broad group, the most first; a study may have several


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything that a model is trained on; `digest` names the graph it was read from, and how."""

    digest: str
    nodes: Nodes
    edges: EdgeArrays
    tasks: Mapping[str, Pairs]
    sampling: str = ""  # names the statements that it was read by
    provenance: Provenance = Provenance()

    def edge_clusters(self, *types: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The clusters at the starts and the ends of the edges of some relationship types, an entry an edge."""
        wanted = np.array([name in types for name in self.edges.types], dtype=bool)
        rows = np.flatnonzero(wanted[self.edges.type]) if len(wanted) else np.empty(0, dtype=np.int64)
        clusters = self.nodes.clusters.astype(np.int64)
        return clusters[self.edges.starts[rows]], clusters[self.edges.ends[rows]]


@dataclass(frozen=True, slots=True)
class Reports:
    """What dated papers say of SNPs: the material of tests by date. r is their number; ends index into Nodes."""

    snps: NDArray[np.int32]  # [r]
    ends: NDArray[np.int32]  # [r], traits, or genes where `is_gene`
    is_gene: NDArray[np.bool_]  # [r], the paper names the gene for the SNP
    papers: NDArray[np.int32]  # [r], numbered from 0
    published: NDArray[np.int32]  # [r], days since 1970-01-01
    is_significant: NDArray[np.bool_]  # [r], of one SNP and significant by the task's threshold
    log_odds: NDArray[np.float32]  # [r], |ln odds ratio|; NaN unknown

    def __len__(self) -> int:
        return len(self.snps)
