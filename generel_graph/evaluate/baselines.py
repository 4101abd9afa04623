"""The methods that are compared on the same pairs: the space, and what a geneticist could have without it."""

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
from generel_graph.stored_vectors import query_vectors, split

SPACE = "the space"
SVD_RANK, SVD_ROUNDS = 128, 4
CHUNK = 50_000  # pairs whose vectors are held at once
Ids = NDArray[np.int64]
Score = Callable[[Ids, Ids], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of some nodes of a corpus."""

    nodes: Ids  # [k], sorted
    stored: NDArray[np.float32]  # [k, D], the model's
    learnt: int  # of D, the half z
    share: float  # of z in a stored vector

    def rows(self, wanted: Ids) -> Ids:
        """Where nodes stand."""
        return np.searchsorted(self.nodes, wanted)


def methods(past: Corpus, embedded: Embedded, texts: NDArray[np.float32], seed: int) -> Mapping[str, Score]:
    """Score functions by name, ours first; each takes left and right nodes, [n] each, that `embedded` has.

    `texts` [nodes of the corpus, d]: the frozen encoder's vectors, zeros for an SNP.

    | method | score of a pair |
    |---|---|
    | the space | as `score` gives it: the mix that these kinds ask with |
    | text propagation | cosine of the untrained halves |
    | frozen text | cosine of texts; an SNP's is the mean of its known traits' (else genes') |
    | nearest known trait | largest cosine of a known trait of the left end (a gene's: of its SNPs) to the right end |
    | SVD of PPMI | cosine of the graph's first 128 singular vectors, positive pointwise information of its edges |
    | degree product | log(1 + edges) of both ends, multiplied |
    """
    clusters = past.nodes.clusters.astype(np.int64)
    snp = np.array([kind == "SNP" for kind in past.nodes.kinds], dtype=bool)
    traits = _traits(past, snp)
    words = _with_snps(texts, past, snp, traits)
    svd = ppmi_vectors(past, seed)
    edges = np.bincount(
        np.concatenate([clusters[past.edges.starts], clusters[past.edges.ends]]), minlength=len(past.nodes)
    )
    popularity = np.log1p(edges)
    untrained = split(embedded.stored, embedded.learnt)[1]

    def propagated(left: Ids, right: Ids) -> NDArray[np.float64]:
        return _cosines(untrained, embedded.rows(left), embedded.rows(right))

    return {
        SPACE: lambda left, right: _space(past, embedded, left, right),
        "text propagation": propagated,
        "frozen text": lambda left, right: _cosines(words, left, right),
        "nearest known trait": lambda left, right: _nearest(texts, traits, left, right),
        "SVD of PPMI": lambda left, right: _cosines(svd, left, right),
        "degree product": lambda left, right: popularity[left] * popularity[right],
    }


def _space(past: Corpus, embedded: Embedded, left: Ids, right: Ids) -> NDArray[np.float64]:
    """Each pair as `score` gives it, by the kinds of its ends."""
    out = np.zeros(len(left))
    kinds = past.nodes.kinds
    groups: dict[tuple[str, str], list[int]] = {}
    for row, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        groups.setdefault((kinds[a], kinds[b]), []).append(row)
    for (asking, asked), rows in groups.items():
        for begin in range(0, len(rows), CHUNK):
            part = np.array(rows[begin : begin + CHUNK])
            vectors = embedded.stored[embedded.rows(left[part])]
            queries, constant = query_vectors(vectors, asking, asked, embedded.share, embedded.learnt)
            others = embedded.stored[embedded.rows(right[part])]
            out[part] = np.einsum("nd,nd->n", queries, others) / constant
    return out


def _cosines(table: NDArray[np.float32], left: Ids, right: Ids) -> NDArray[np.float64]:
    out = np.zeros(len(left))
    for begin in range(0, len(left), CHUNK):
        part = slice(begin, begin + CHUNK)
        out[part] = cosines(table[left[part]], table[right[part]])
    return out


def _traits(past: Corpus, snp: NDArray[np.bool_]) -> Mapping[int, Ids]:
    """Known traits of SNPs, and of genes through their SNPs."""
    snps, traits = past.joined("ASSOCIATED_WITH")
    of = _grouped(snps, traits)
    linked, genes = past.joined(*SNP_GENE)
    none = np.empty(0, dtype=np.int64)
    through = _grouped(genes[snp[linked]], linked[snp[linked]])
    return {
        **of,
        **{gene: np.unique(np.concatenate([of.get(int(s), none) for s in some])) for gene, some in through.items()},
    }


def _grouped(keys: Ids, values: Ids) -> dict[int, Ids]:
    order = np.argsort(keys, kind="stable")
    first, at = np.unique(keys[order], return_index=True)
    return dict(zip(first.tolist(), np.split(values[order], at[1:]), strict=True)) if len(keys) else {}


def _with_snps(
    texts: NDArray[np.float32], past: Corpus, snp: NDArray[np.bool_], traits: Mapping[int, Ids]
) -> NDArray[np.float32]:
    """All texts, and for an SNP the mean of what it is known with."""
    out = texts.copy()
    linked, genes = past.joined(*SNP_GENE)
    of_genes = _grouped(linked, genes)
    for node in np.flatnonzero(snp).tolist():
        known = traits.get(node)
        known = of_genes.get(node) if known is None or not len(known) else known
        if known is not None and len(known):
            out[node] = texts[known].mean(axis=0)
    return out


def _nearest(texts: NDArray[np.float32], traits: Mapping[int, Ids], left: Ids, right: Ids) -> NDArray[np.float64]:
    out = np.zeros(len(left))
    order = np.argsort(left, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(left[order])) + 1):
        known = traits.get(int(left[rows[0]])) if len(rows) else None
        if known is not None and len(known):
            out[rows] = (texts[right[rows]] @ texts[known].T).max(axis=1)
    return out


def ppmi_vectors(past: Corpus, seed: int) -> NDArray[np.float32]:
    """The graph's edges as positive pointwise mutual information, and their first singular vectors, [n, 128]."""
    clusters, n = past.nodes.clusters.astype(np.int64), len(past.nodes)
    a, b = clusters[past.edges.starts], clusters[past.edges.ends]
    keys = np.unique(np.concatenate([a * n + b, b * n + a])[np.concatenate([a != b] * 2)])
    rows, columns = keys // n, keys % n
    degree = np.maximum(np.bincount(rows, minlength=n), 1)
    information = np.log(len(keys) / (degree[rows] * degree[columns].astype(np.float64)))
    kept = information > 0
    at = torch.from_numpy(np.stack([rows[kept], columns[kept]]))
    matrix = torch.sparse_coo_tensor(at, torch.from_numpy(information[kept]).float(), (n, n), check_invariants=False)
    torch.manual_seed(seed)
    u, s, _ = torch.svd_lowrank(matrix.coalesce(), q=min(SVD_RANK, n), niter=SVD_ROUNDS)
    return np.asarray(normalize(u * s.sqrt(), dim=1).numpy(), dtype=np.float32)
