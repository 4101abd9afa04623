"""Splits: which pairs of clusters are held out of all that is learnt, told once a corpus before it is looked at.

`pair`: by the pair itself. `locus`: by its SNP's place on the genome. `chromosome`: by the chromosomes that are named.
`concept`: by its concept. A pair that has no such end goes by itself. (A split by date is `train.published_before`.)
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

PARTS = 10_000  # the held-out share is told in these


@dataclass(frozen=True, slots=True)
class Split:
    """What is held out; ends are clusters, by the index of their representative."""

    keys: NDArray[np.uint64]  # [n], id_keys
    share: float  # of the pairs that go by themselves, 0 … 1
    tells: NDArray[np.bool_]  # [n], ends that a pair goes by
    apart: NDArray[np.bool_]  # [n], those of them that are held out with all their pairs

    @classmethod
    def by_pair(cls, keys: NDArray[np.uint64], share: float = 0.0) -> Split:
        """A share of all pairs, each by itself; without one nothing is held out."""
        none = np.zeros(len(keys), dtype=bool)
        return cls(keys, share, none, none)

    def held(self, a: NDArray[np.integer], b: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether pairs are held out, [p]: the same for (a, b) and (b, a), in any relation."""
        told = self.tells[a] | self.tells[b]
        return np.where(told, self.apart[a] | self.apart[b], _some(pair_keys(a, b, self.keys), self.share))

    def folds(self, a: NDArray[np.integer], b: NDArray[np.integer], folds: int) -> NDArray[np.uint8]:
        """The fold of each pair, [p]: 0 … folds − 1, or `folds` where it is held out."""
        fold = pair_folds(a, b, self.keys, folds)
        fold[self.held(a, b)] = folds
        return fold


def split_of(corpus: Corpus, train: TrainConfig) -> Split:
    """The configured split of a corpus.

    Raises ConfigError for chromosomes that are missing, of no SNP, or of no use.
    """
    if train.held_chromosomes and train.split != "chromosome":
        raise ConfigError(
            "this split does not go by chromosomes",
            where="train.split",
            found=train.split,
            valid=["chromosome"],
            next_step="set train.split, or leave out train.held_chromosomes",
        )
    keys = id_keys(corpus.nodes.ids)
    snp = np.fromiter((kind == "SNP" for kind in corpus.nodes.kinds), dtype=bool, count=len(keys))
    match train.split:
        case "locus":
            return Split(keys, train.held_out, snp, snp & _some(_locus_keys(corpus, keys), train.held_out))
        case "chromosome":
            return Split(keys, train.held_out, snp, snp & _on(corpus, snp, train.held_chromosomes))
        case "concept":
            return Split(keys, train.held_out, ~snp, ~snp & _some(keys, train.held_out))
        case _:
            return Split.by_pair(keys, train.held_out)


def _some(keys: NDArray[np.uint64], share: float) -> NDArray[np.bool_]:
    """A share of all keys; a larger share takes more, not others."""
    return np.asarray((keys >> np.uint64(32)) % np.uint64(PARTS) < round(share * PARTS))


def _locus_keys(corpus: Corpus, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The key of each SNP's locus, [n]: of the window that its LD block begins in; its own where it has no place."""
    nodes, edges, n = corpus.nodes, corpus.edges, len(keys)
    along, place = nodes.located_snps()
    places, number = np.unique(place, return_inverse=True)
    window = nodes.positions[along] // LOCUS_WINDOW
    most = int(window.max(initial=0)) + 1
    windows, which = np.unique(number * most + window, return_inverse=True)
    named = id_keys([f"{places[code // most]}:{code % most}" for code in windows.tolist()])
    loci = keys.copy()
    loci[along] = named[which]

    ld = np.array([name == "IN_LD_WITH" for name in edges.types], dtype=bool)
    rows = np.flatnonzero(ld[edges.type] & (edges.weights >= np.float32(LD_R2)))
    joined = coo_array((np.ones(len(rows), dtype=bool), (edges.starts[rows], edges.ends[rows])), shape=(n, n))
    blocks, block = connected_components(joined, directed=False)
    order = np.concatenate([along, np.setdiff1d(np.arange(n), along)])  # along the genome, then what has no place
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    first = np.full(blocks, n)
    np.minimum.at(first, block, rank)
    return np.asarray(loci[order[first[block]]])


def _on(corpus: Corpus, snp: NDArray[np.bool_], named: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which nodes lie on the named chromosomes, [n]."""
    chromosomes = np.array(corpus.nodes.chromosomes, dtype=str)
    there = sorted({str(c) for c in chromosomes[snp] if c}, key=lambda c: (not c.isdecimal(), c.zfill(2)))
    where = "train.held_chromosomes"
    if not named:
        raise ConfigError("this split holds out chromosomes, and none is named", where=where, valid=there)
    for one in named:
        if one not in there:
            raise ConfigError("no SNP of the graph is on this chromosome", where=where, found=one, valid=there)
    return np.isin(chromosomes, named)
