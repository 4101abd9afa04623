"""Splits: which pairs of clusters are held out of training. A split is fixed before any feature is computed.

The criterion of a split is `pair`: the pair itself; `locus`: the position of its SNP; `chromosome`: the chromosome of
its SNP; or `concept`: its concept. A pair without such a node is split by the pair itself. (`train.published_before` is
the split by date.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from generel_etl.errors import ConfigError
from generel_graph.config import TrainConfig
from generel_graph.corpus.schema import LD_R2, Corpus
from generel_graph.learn.features.pair_hash import id_keys, pair_folds, pair_keys

LOCUS_WINDOW = 1_000_000  # base pairs

PARTS = 10_000  # resolution of the held-out share


@dataclass(frozen=True, slots=True)
class Split:
    """The pairs that are held out; nodes are clusters, by the index of their representative."""

    keys: NDArray[np.uint64]  # [n], id_keys
    share: float  # held-out share of the pairs that are split by the pair itself, 0 … 1
    decides: NDArray[np.bool_]  # [n], nodes that decide the split of their pairs
    held_out_nodes: NDArray[np.bool_]  # [n], the deciding nodes that are held out with all their pairs

    @classmethod
    def by_pair(cls, keys: NDArray[np.uint64], share: float = 0.0) -> Split:
        """Hold out a share of all pairs, each split by the pair itself; a share of 0 holds out none."""
        no_nodes = np.zeros(len(keys), dtype=bool)
        return cls(keys, share, no_nodes, no_nodes)

    def is_held_out(self, a: NDArray[np.integer], b: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether pairs are held out, [p]: the same for (a, b) and (b, a), and for all relationship types."""
        by_node = self.decides[a] | self.decides[b]
        held_out_by_node = self.held_out_nodes[a] | self.held_out_nodes[b]
        return np.where(by_node, held_out_by_node, _sample_keys(pair_keys(a, b, self.keys), self.share))

    def folds(self, a: NDArray[np.integer], b: NDArray[np.integer], folds: int) -> NDArray[np.uint8]:
        """The fold of each pair, [p]: 0 … folds − 1, or `folds` if it is held out."""
        fold = pair_folds(a, b, self.keys, folds)
        fold[self.is_held_out(a, b)] = folds
        return fold


def make_split(corpus: Corpus, train: TrainConfig) -> Split:
    """The configured split of a corpus.

    Raises ConfigError if `held_chromosomes` is empty, names a chromosome without SNPs, or is set for another split.
    """
    if train.held_chromosomes and train.split != "chromosome":
        raise ConfigError(
            "train.held_chromosomes needs the split by chromosome",
            where="train.split",
            found=train.split,
            valid=["chromosome"],
            next_step='set train.split = "chromosome", or remove train.held_chromosomes',
        )
    keys = id_keys(corpus.nodes.ids)
    snp = np.fromiter((kind == "SNP" for kind in corpus.nodes.kinds), dtype=bool, count=len(keys))
    match train.split:
        case "locus":
            return Split(keys, train.held_out, snp, snp & _sample_keys(_locus_keys(corpus, keys), train.held_out))
        case "chromosome":
            return Split(keys, train.held_out, snp, snp & _on_chromosomes(corpus, snp, train.held_chromosomes))
        case "concept":
            return Split(keys, train.held_out, ~snp, ~snp & _sample_keys(keys, train.held_out))
        case _:
            return Split.by_pair(keys, train.held_out)


def _sample_keys(keys: NDArray[np.uint64], share: float) -> NDArray[np.bool_]:
    """Sample a share of the keys; the sample of a larger share contains that of a smaller one."""
    return np.asarray((keys >> np.uint64(32)) % np.uint64(PARTS) < round(share * PARTS))


def _locus_keys(corpus: Corpus, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The hash of each SNP's locus, [n]: the window in which its LD block begins, or the SNP if it has no position."""
    nodes, edges, n = corpus.nodes, corpus.edges, len(keys)
    located, chromosome = nodes.located_snps()
    chromosomes, number = np.unique(chromosome, return_inverse=True)
    window = nodes.positions[located] // LOCUS_WINDOW
    most = int(window.max(initial=0)) + 1
    windows, which = np.unique(number * most + window, return_inverse=True)
    window_keys = id_keys([f"{chromosomes[code // most]}:{code % most}" for code in windows.tolist()])
    loci = keys.copy()
    loci[located] = window_keys[which]

    ld = np.array([name == "IN_LD_WITH" for name in edges.types], dtype=bool)
    rows = np.flatnonzero(ld[edges.type] & (edges.weights >= np.float32(LD_R2)))
    linked = coo_array((np.ones(len(rows), dtype=bool), (edges.starts[rows], edges.ends[rows])), shape=(n, n))
    blocks, block = connected_components(linked, directed=False)
    order = np.concatenate([located, np.setdiff1d(np.arange(n), located)])  # genome order, then nodes without position
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    first = np.full(blocks, n)
    np.minimum.at(first, block, rank)
    return np.asarray(loci[order[first[block]]])


def _on_chromosomes(corpus: Corpus, snp: NDArray[np.bool_], held_chromosomes: tuple[str, ...]) -> NDArray[np.bool_]:
    """Whether each node is on one of the chromosomes, [n]."""
    chromosomes = np.array(corpus.nodes.chromosomes, dtype=str)
    existing = sorted({str(c) for c in chromosomes[snp] if c}, key=lambda c: (not c.isdecimal(), c.zfill(2)))
    where = "train.held_chromosomes"
    if not held_chromosomes:
        raise ConfigError("the split by chromosome needs the chromosomes to hold out", where=where, valid=existing)
    for chromosome in held_chromosomes:
        if chromosome not in existing:
            raise ConfigError(
                "no SNP of the graph is on this chromosome", where=where, found=chromosome, valid=existing
            )
    return np.isin(chromosomes, held_chromosomes)
