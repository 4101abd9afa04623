"""The methods that a test compares: the space, and baselines that need no training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from generel_etl.relations import SNP_GENE
from generel_graph.corpus.schema import Corpus
from generel_graph.metrics import cosines
from generel_graph.stored_vectors import query_vectors, split_vectors

SPACE = "the space"
TEXT_PROPAGATION, FROZEN_TEXT, DEGREE_PRODUCT = "text propagation", "frozen text", "degree product"
SVD_RANK, SVD_ROUNDS = 128, 4
CHUNK = 50_000  # pairs whose vectors are in memory at once
Ids = NDArray[np.int64]
Score = Callable[[Ids, Ids], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Embedded:
    """Stored vectors of some nodes of a corpus."""

    nodes: Ids  # [k], sorted
    stored: NDArray[np.float32]  # [k, D], the model's
    learnt_dimension: int  # of the learnt half z
    share: float  # of z in a stored vector

    def rows(self, nodes: Ids) -> Ids:
        """The rows of `stored` that hold the vectors of `nodes`."""
        return np.searchsorted(self.nodes, nodes)


def methods(past: Corpus, embedded: Embedded, texts: NDArray[np.float32], seed: int) -> Mapping[str, Score]:
    """Score functions by method, the space first; each takes left and right nodes, [n] each, that `embedded` has.

    `texts` [nodes of the corpus, d]: the frozen encoder's vectors, zeros for an SNP.

    | method | score of a pair |
    |---|---|
    | the space | the score that `score` gives: the mix of both halves for these kinds |
    | text propagation | cosine of the untrained halves |
    | frozen text | cosine of the texts; an SNP's is the mean of its known traits', otherwise of its genes' |
    | nearest known trait | largest cosine of the right node to a known trait of the left (of a gene: of its SNPs) |
    | SVD of PPMI | cosine of the first 128 singular vectors of the edges' positive pointwise mutual information |
    | degree product | log(1 + edges) of both nodes, multiplied |
    """
    snp = np.array([kind == "SNP" for kind in past.nodes.kinds], dtype=bool)
    traits = _known_traits(past, snp)
    snp_texts = _texts_with_snps(texts, past, snp, traits)
    svd = ppmi_vectors(past, seed)
    popularity = np.log1p(degrees(past))
    untrained = split_vectors(embedded.stored, embedded.learnt_dimension)[1]

    def propagation(left: Ids, right: Ids) -> NDArray[np.float64]:
        return _cosines(untrained, embedded.rows(left), embedded.rows(right))

    return {
        SPACE: lambda left, right: _space_scores(past, embedded, left, right),
        TEXT_PROPAGATION: propagation,
        FROZEN_TEXT: lambda left, right: _cosines(snp_texts, left, right),
        "nearest known trait": lambda left, right: _nearest_known_trait(texts, traits, left, right),
        "SVD of PPMI": lambda left, right: _cosines(svd, left, right),
        DEGREE_PRODUCT: lambda left, right: popularity[left] * popularity[right],
    }


def degrees(past: Corpus) -> Ids:
    """The number of edges of each cluster, [n], at the index of its representative."""
    clusters = past.nodes.clusters.astype(np.int64)
    endpoints = np.concatenate([clusters[past.edges.starts], clusters[past.edges.ends]])
    return np.bincount(endpoints, minlength=len(past.nodes))


def _space_scores(past: Corpus, embedded: Embedded, left: Ids, right: Ids) -> NDArray[np.float64]:
    """The score of each pair as `score` gives it, by the kinds of its nodes."""
    out = np.zeros(len(left))
    kinds = past.nodes.kinds
    groups: dict[tuple[str, str], list[int]] = {}
    for row, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        groups.setdefault((kinds[a], kinds[b]), []).append(row)
    for (left_kind, right_kind), rows in groups.items():
        for begin in range(0, len(rows), CHUNK):
            part = np.array(rows[begin : begin + CHUNK])
            vectors = embedded.stored[embedded.rows(left[part])]
            queries, constant = query_vectors(vectors, left_kind, right_kind, embedded.share, embedded.learnt_dimension)
            others = embedded.stored[embedded.rows(right[part])]
            out[part] = np.einsum("nd,nd->n", queries, others) / constant
    return out


def _cosines(table: NDArray[np.float32], left: Ids, right: Ids) -> NDArray[np.float64]:
    out = np.zeros(len(left))
    for begin in range(0, len(left), CHUNK):
        part = slice(begin, begin + CHUNK)
        out[part] = cosines(table[left[part]], table[right[part]])
    return out


def _known_traits(past: Corpus, snp: NDArray[np.bool_]) -> Mapping[int, Ids]:
    """Known traits of SNPs, and of genes through their SNPs."""
    snps, traits = past.edge_clusters("ASSOCIATED_WITH")
    of_snp = _grouped(snps, traits)
    linked, genes = past.edge_clusters(*SNP_GENE)
    none = np.empty(0, dtype=np.int64)
    snps_of_gene = _grouped(genes[snp[linked]], linked[snp[linked]])
    return {
        **of_snp,
        **{
            gene: np.unique(np.concatenate([of_snp.get(int(s), none) for s in gene_snps]))
            for gene, gene_snps in snps_of_gene.items()
        },
    }


def _grouped(keys: Ids, values: Ids) -> dict[int, Ids]:
    order = np.argsort(keys, kind="stable")
    unique, first = np.unique(keys[order], return_index=True)
    return dict(zip(unique.tolist(), np.split(values[order], first[1:]), strict=True)) if len(keys) else {}


def _texts_with_snps(
    texts: NDArray[np.float32], past: Corpus, snp: NDArray[np.bool_], traits: Mapping[int, Ids]
) -> NDArray[np.float32]:
    """All texts; for an SNP, the mean of its known traits' texts, otherwise of its genes'."""
    out = texts.copy()
    linked, genes = past.edge_clusters(*SNP_GENE)
    genes_of = _grouped(linked, genes)
    for node in np.flatnonzero(snp).tolist():
        known = traits.get(node)
        known = genes_of.get(node) if known is None or not len(known) else known
        if known is not None and len(known):
            out[node] = texts[known].mean(axis=0)
    return out


def _nearest_known_trait(
    texts: NDArray[np.float32], traits: Mapping[int, Ids], left: Ids, right: Ids
) -> NDArray[np.float64]:
    out = np.zeros(len(left))
    order = np.argsort(left, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(left[order])) + 1):
        known = traits.get(int(left[rows[0]])) if len(rows) else None
        if known is not None and len(known):
            out[rows] = (texts[right[rows]] @ texts[known].T).max(axis=1)
    return out


def ppmi_vectors(past: Corpus, seed: int) -> NDArray[np.float32]:
    """Singular vectors of the edges' positive pointwise mutual information, [n, 128] of unit length."""
    clusters, n = past.nodes.clusters.astype(np.int64), len(past.nodes)
    a, b = clusters[past.edges.starts], clusters[past.edges.ends]
    keys = np.unique(np.concatenate([a * n + b, b * n + a])[np.concatenate([a != b] * 2)])
    rows, columns = keys // n, keys % n
    degree = np.maximum(np.bincount(rows, minlength=n), 1)
    information = np.log(len(keys) / (degree[rows] * degree[columns].astype(np.float64)))
    positive = information > 0
    indices = torch.from_numpy(np.stack([rows[positive], columns[positive]]))
    values = torch.from_numpy(information[positive]).float()
    matrix = torch.sparse_coo_tensor(indices, values, (n, n), check_invariants=False)
    torch.manual_seed(seed)
    u, s, _ = torch.svd_lowrank(matrix.coalesce(), q=min(SVD_RANK, n), niter=SVD_ROUNDS)
    return np.asarray(normalize(u * s.sqrt(), dim=1).numpy(), dtype=np.float32)
