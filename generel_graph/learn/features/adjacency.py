"""Who is whose neighbour, how much it counts, and in which folds it must not be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generel_etl.weights import ASSOCIATION_HALF
from generel_graph.corpus.arrays import expand_ranges, find_runs, sorted_unique
from generel_graph.corpus.schema import Corpus, EdgeArrays
from generel_graph.learn.features.blocks import FAMILIES, GROUPS, ONTOLOGY_TYPES, group_of
from generel_graph.learn.features.pair_hash import MAX_FOLDS, fold_bits, id_keys
from generel_graph.learn.features.splits import Split

P_CAP = 50.0  # −log10 p counts up to this
LOCUS_SCALE, LOCUS_REACH = 25_000, 50_000  # base pairs: same-locus weight exp(−d / scale), d at most reach
LOCUS_NEIGHBOURS = 64  # following SNPs that one SNP is joined with, at most
POSITIVE_ONLY = ("CO_OCCURS_WITH", "CORRELATES_WITH")  # without a weight these say nothing
P_WEIGHTED = ("ASSOCIATED_WITH", "REGULATES", "CORRELATES_WITH")
SAME_LOCUS = "same locus"


@dataclass(frozen=True, slots=True)
class Links:
    """Undirected statements between clusters, before they become neighbours."""

    low: NDArray[np.int64]  # [l], index of a representative
    high: NDArray[np.int64]  # [l]
    family_type: NDArray[np.int64]  # [l], what they are scaled within
    ontology: NDArray[np.bool_]  # [l]
    weights: NDArray[np.float64]  # [l], > 0
    folds: NDArray[np.uint16]  # [l], bit f: not seen in fold f; bit `folds`: held out


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Neighbours of each cluster by family, in compressed rows; a cluster is its representative's index.

    The row of cluster c and family k is `pointers[c * len(FAMILIES) + k]` up to the next pointer.
    """

    size: int  # n, nodes of the corpus
    folds: int
    split: Split  # which pairs no fold sees
    pointers: NDArray[np.int64]  # [n * families + 1]
    columns: NDArray[np.int32]  # [e], clusters
    weights: NDArray[np.float32]  # [e], > 0; mean about 1 within a relation
    masks: NDArray[np.uint16]  # [e], bit f: not seen in fold f; fold `folds` sees all that is trained on
    degrees: NDArray[np.int32]  # [folds + 2, n], neighbours seen in fold f; the last row: all of them
    groups: NDArray[np.int8]  # [n], index into GROUPS
    scales: NDArray[np.float64]  # [relations], what weights were divided by, in the order of the corpus' types


def build_adjacency(corpus: Corpus, folds: int, split: Split | None = None, *, same_locus: bool = True) -> Adjacency:
    """Make the neighbourhoods of a corpus.

    NOT_ edges and co-occurrences below expectation are left out; IS_A reaches two levels up;
    SNPs within 50 kb of one build and chromosome are neighbours. Members of a cluster are one.
    What `split` holds out is in no fold; without one nothing is held out.
    """
    if not 2 <= folds <= MAX_FOLDS:
        raise ValueError(f"folds: 2 to {MAX_FOLDS}, not {folds}")
    nodes = corpus.nodes
    n = len(nodes)
    split = split or Split.by_pair(id_keys(nodes.ids))
    numbers = {name: i for i, name in enumerate(GROUPS)}
    by_kind = {kind: numbers[group_of(kind)] for kind in set(nodes.kinds)}
    groups = np.fromiter((by_kind[kind] for kind in nodes.kinds), dtype=np.int8, count=n)
    parts = [_stated(corpus, folds, split), _grandparents(corpus, folds, split)]
    parts += [_same_locus(corpus)] if same_locus else []
    links = _once(Links(*(np.concatenate([getattr(p, name) for p in parts]) for name in Links.__dataclass_fields__)), n)
    del parts  # here and below: with many edges each array counts
    relations = len(corpus.edges.types) + 1  # the last is the same locus
    counts = np.bincount(links.family_type, minlength=relations)
    means = np.bincount(links.family_type, weights=links.weights, minlength=relations) / np.maximum(counts, 1)
    scaled, folded = links.weights / means[links.family_type], links.folds
    key = _directed(links, groups, n)
    del links
    key, weights, masks = combine(key, np.concatenate([scaled] * 2), np.concatenate([folded] * 2), np.add)
    pointers = np.zeros(n * len(FAMILIES) + 1, dtype=np.int64)
    np.cumsum(np.bincount(key // n, minlength=n * len(FAMILIES)), out=pointers[1:])
    return Adjacency(
        size=n,
        folds=folds,
        split=split,
        pointers=pointers,
        columns=(key % n).astype(np.int32),
        weights=weights.astype(np.float32),
        masks=masks,
        degrees=_degrees(key, masks, groups, n, folds),
        groups=groups,
        scales=np.where(counts > 0, means, 1.0),
    )


def _directed(links: Links, groups: NDArray[np.int8], n: int) -> NDArray[np.int64]:
    """Both ways of each link as (row · families + family) · n + column: first low to high, then high to low, [2 l]."""
    columns = np.concatenate([links.high, links.low])
    family = np.where(np.concatenate([links.ontology] * 2), 0, groups[columns] + 1)
    key = np.concatenate([links.low, links.high])
    key *= len(FAMILIES)
    key += family
    key *= n
    key += columns
    return key


def evidence(edges: EdgeArrays) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which edges make neighbours, [m], and how much each counts within its relation, [m].

    min(−log10 p, 50) where there is a p, divided by n where the weight says that n SNPs or traits share
    a row; else the edge's weight, else 1.
    """
    names = np.array(edges.types, dtype=object)
    negative = np.array([name.startswith("NOT_") for name in names], dtype=bool)
    positive_only = np.isin(names, POSITIVE_ONLY).astype(bool)
    p_weighted = np.isin(names, P_WEIGHTED).astype(bool)
    shared = names == "ASSOCIATED_WITH"
    weights, p = edges.weights.astype(np.float64), edges.neg_log10_p.astype(np.float64)
    used = ~negative[edges.type] & ~(positive_only[edges.type] & (weights <= 0))
    value = np.where(weights > 0, weights, 1.0)
    by_p = p_weighted[edges.type] & (p > 0)
    share = np.where(
        by_p & shared[edges.type].astype(bool) & (weights > 0),
        np.minimum(weights * (np.nan_to_num(p) + ASSOCIATION_HALF) / np.where(by_p, p, 1.0), 1.0),
        1.0,
    )
    value[by_p] = (np.minimum(p, P_CAP) * share)[by_p]
    return used, value


def _stated(corpus: Corpus, folds: int, split: Split) -> Links:
    edges, clusters = corpus.edges, corpus.nodes.clusters.astype(np.int64)
    used, value = evidence(corpus.edges)
    a, b = clusters[edges.starts], clusters[edges.ends]
    used &= a != b
    a, b, kinds = a[used], b[used], edges.type[used].astype(np.int64)
    ontology = np.array([name in ONTOLOGY_TYPES for name in edges.types], dtype=bool)
    bits = fold_bits(split.folds(a, b, folds), folds)
    return Links(np.minimum(a, b), np.maximum(a, b), kinds, ontology[kinds], value[used], bits)


def _grandparents(corpus: Corpus, folds: int, split: Split) -> Links:
    """IS_A a second time; not seen where one of its two steps, or the pair itself, is not seen."""
    edges, clusters = corpus.edges, corpus.nodes.clusters.astype(np.int64)
    n = len(corpus.nodes)
    number = edges.types.index("IS_A") if "IS_A" in edges.types else -1
    of_kind = edges.type == number
    child, parent = clusters[edges.starts[of_kind]], clusters[edges.ends[of_kind]]
    steps = sorted_unique(child[child != parent] * n + parent[child != parent])
    child, parent = steps // n, steps % n
    first, count = find_runs(child, parent)
    lower = np.repeat(np.arange(len(child)), count)
    upper = expand_ranges(first, count)
    a, b = child[lower], parent[upper]
    new = (a != b) & ~np.isin(a * n + b, steps) & ~np.isin(b * n + a, steps)
    a, b, lower, upper = a[new], b[new], lower[new], upper[new]
    bits = fold_bits(split.folds(child, parent, folds), folds)
    own = fold_bits(split.folds(a, b, folds), folds)
    return Links(
        np.minimum(a, b),
        np.maximum(a, b),
        np.full(len(a), max(number, 0)),
        np.ones(len(a), dtype=bool),
        np.ones(len(a)),
        bits[lower] | bits[upper] | own,
    )


def _same_locus(corpus: Corpus) -> Links:
    """SNPs within 50 kb; never trained on, so seen in every fold."""
    nodes = corpus.nodes
    known, place = nodes.located_snps()
    position = nodes.positions[known]
    low, high, weights = [], [], []
    for step in range(1, min(LOCUS_NEIGHBOURS, max(len(known) - 1, 0)) + 1):
        distance = position[step:] - position[:-step]
        near = (place[step:] == place[:-step]) & (distance <= LOCUS_REACH)
        if not near.any():
            break
        low.append(np.minimum(known[:-step], known[step:])[near])
        high.append(np.maximum(known[:-step], known[step:])[near])
        weights.append(np.exp(-distance[near] / LOCUS_SCALE))
    empty = np.empty(0, dtype=np.int64)
    pairs = len(np.concatenate([empty, *low]))
    return Links(
        np.concatenate([empty, *low]),
        np.concatenate([empty, *high]),
        np.full(pairs, len(corpus.edges.types)),
        np.zeros(pairs, dtype=bool),
        np.concatenate([empty.astype(np.float64), *weights]),
        np.zeros(pairs, dtype=np.uint16),
    )


def _once(links: Links, n: int) -> Links:
    """Each pair once a relation, with its largest weight."""
    types = int(links.family_type.max(initial=0)) + 1
    key = (links.low * n + links.high) * types + links.family_type
    ontology = np.zeros(types, dtype=bool)
    ontology[links.family_type] = links.ontology
    key, weights, folds = combine(key, links.weights, links.folds, np.maximum)
    kinds, pair = key % types, key // types
    return Links(pair // n, pair % n, kinds, ontology[kinds], weights, folds)


def combine(
    key: NDArray[np.int64], weights: NDArray[np.float64], masks: NDArray[np.uint16], how: Any
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.uint16]]:
    """Sort by key and make one of equal keys."""
    order = np.argsort(key, kind="stable")
    key = key[order]
    weights = weights[order]
    masks = masks[order]
    del order
    new = key[1:] != key[:-1]
    if new.all():
        return key, weights, masks
    first = np.flatnonzero(np.r_[True, new])
    return key[first], how.reduceat(weights, first), np.bitwise_or.reduceat(masks, first)


def _degrees(
    key: NDArray[np.int64], masks: NDArray[np.uint16], groups: NDArray[np.int8], n: int, folds: int
) -> NDArray[np.int32]:
    """How many neighbours each cluster has, in each fold and in all.

    One that is both a neighbour in the ontology and in its kind's family is one; unseen where either is.
    """
    families = len(FAMILIES)
    ontology = np.flatnonzero(key // n % families == 0)
    other = key[ontology] + (groups[key[ontology] % n].astype(np.int64) + 1) * n
    twin = np.minimum(np.searchsorted(key, other), max(len(key) - 1, 0))
    twice = key[twin] == other
    masks = masks.copy()
    masks[twin[twice]] |= masks[ontology[twice]]
    masks[ontology[twice]] = np.iinfo(np.uint16).max  # in no fold
    counted = np.ones(len(key), dtype=bool)
    counted[ontology[twice]] = False
    rows = (key // (n * families)).astype(np.int32)
    degrees = [np.bincount(rows[(masks >> np.uint16(f)) & 1 == 0], minlength=n) for f in range(folds + 1)]
    return np.stack([*degrees, np.bincount(rows[counted], minlength=n)]).astype(np.int32)
