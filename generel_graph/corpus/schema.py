"""The training corpus as arrays: nodes, edges and training pairs. No database, no files, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LD_R2 = 0.2  # least r² of the task `ld` (cypher/corpus/ld.cypher); SNPs from there on share a locus and known traits


def node_text(kind: str, name: str, description: str) -> str:
    """The text of a node: "" for an SNP, "SYMBOL: approved name" for a gene, otherwise its name."""
    if kind == "SNP":
        return ""
    return f"{name}: {description}" if kind == "Gene" and description else name


@dataclass(frozen=True, slots=True)
class Nodes:
    """The embedded nodes, sorted by id; n is their number."""

    ids: tuple[str, ...]  # [n]
    kinds: tuple[str, ...]  # [n], names of generel_etl.schema.KINDS
    texts: tuple[str, ...]  # [n]; "" for SNPs; "SYMBOL: approved name" for genes
    synonyms: tuple[tuple[str, ...], ...]  # [n], exact synonyms
    clusters: NDArray[np.int32]  # [n], index of the node that represents the cluster (SNP: itself)
    chromosomes: tuple[str, ...]  # [n]; "" unknown
    positions: NDArray[np.int64]  # [n], base pairs; -1 unknown
    builds: tuple[str, ...]  # [n]; "" unknown

    def __len__(self) -> int:
        return len(self.ids)

    def located_snps(self) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
        """The SNPs with a known position and build, in genome order, and the "build:chromosome" of each."""
        known = np.array(
            [i for i, kind in enumerate(self.kinds) if kind == "SNP" and self.positions[i] >= 0 and self.builds[i]],
            dtype=np.int64,
        )
        chromosome = np.array([f"{self.builds[i]}:{self.chromosomes[i]}" for i in known], dtype=str)
        order = np.lexsort((known, self.positions[known], chromosome))
        return known[order], chromosome[order]


@dataclass(frozen=True, slots=True)
class EdgeArrays:
    """All edges that the features are made of, each once, in one direction; m is their number."""

    types: tuple[str, ...]  # relationship types
    starts: NDArray[np.int32]  # [m], index into Nodes
    ends: NDArray[np.int32]  # [m]
    type: NDArray[np.int16]  # [m], index into types
    weights: NDArray[np.float32]  # [m], 0 … 1; 0 if the edge has no weight
    log_odds: NDArray[np.float32]  # [m], |ln odds ratio|; NaN unknown
    neg_log10_p: NDArray[np.float32]  # [m]; NaN unknown


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of one task, sorted by (anchor, positive), each pair once."""

    anchors: NDArray[np.int32]  # [p], index into Nodes
    positives: NDArray[np.int32]  # [p], index into Nodes, or into `texts` for a task whose positive is a text
    weights: NDArray[np.float32]  # [p], in (0, 1]
    effects: NDArray[np.float32]  # [p], |ln odds ratio|; NaN unknown
    texts: tuple[str, ...] = ()  # the positives of a text task (synonyms)

    def __len__(self) -> int:
        return len(self.anchors)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source as recorded in the graph; "" or 0 if a value is missing."""

    name: str
    version: str
    licence: str
    url: str
    sha256: str  # of its files
    digest: str  # of the rows that it contributed to the graph
    rows_read: int
    rows_loaded: int
    edges: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the data comes from, for the model card; training does not use it."""

    sources: tuple[SourceInfo, ...] = ()
    associations: int = 0
    # Broad ancestry groups and their associations, largest first; a study can have several groups.
    ancestries: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Corpus:
    """The data that a model is trained on; `digest` identifies its graph, cut-off date, tasks and statements."""

    digest: str
    nodes: Nodes
    edges: EdgeArrays
    tasks: Mapping[str, Pairs]
    sampling: str = ""  # digest of the statements that read it
    provenance: Provenance = Provenance()

    def edge_clusters(self, *types: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The clusters of the start nodes and of the end nodes of all edges of some relationship types."""
        selected = np.array([name in types for name in self.edges.types], dtype=bool)
        rows = np.flatnonzero(selected[self.edges.type]) if len(selected) else np.empty(0, dtype=np.int64)
        clusters = self.nodes.clusters.astype(np.int64)
        return clusters[self.edges.starts[rows]], clusters[self.edges.ends[rows]]


@dataclass(frozen=True, slots=True)
class Reports:
    """Dated reports on SNPs, for evaluation on later papers; r is their number."""

    snps: NDArray[np.int32]  # [r], index into Nodes
    ends: NDArray[np.int32]  # [r], index into Nodes: a trait, or a gene if `is_gene`
    is_gene: NDArray[np.bool_]  # [r], the paper reports the gene for the SNP
    papers: NDArray[np.int32]  # [r], numbered from 0
    published: NDArray[np.int32]  # [r], days since 1970-01-01
    is_significant: NDArray[np.bool_]  # [r], about one SNP, and significant by the threshold of the task `gwas`
    log_odds: NDArray[np.float32]  # [r], |ln odds ratio|; NaN unknown

    def __len__(self) -> int:
        return len(self.snps)
