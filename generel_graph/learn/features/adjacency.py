"""Weighted neighbourhoods of all clusters per fold, as compressed sparse rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generel_etl.weights import ASSOCIATION_HALF
from generel_graph.corpus.arrays import expand_ranges, find_runs, sorted_unique
from generel_graph.corpus.schema import Corpus, EdgeArrays
from generel_graph.learn.features.blocks import FAMILIES, GROUPS, ONTOLOGY_TYPES, group_of
from generel_graph.learn.features.pair_hash import MAX_FOLDS, fold_bits, id_keys
from generel_graph.learn.features.splits import Split

P_CAP = 50.0  # larger values of −log10 p are capped
LOCUS_SCALE, LOCUS_REACH = 25_000, 50_000  # base pairs: same-locus weight exp(−d / scale), d at most reach
LOCUS_NEIGHBOURS = 64  # an SNP is linked with at most this many following SNPs
POSITIVE_ONLY = ("CO_OCCURS_WITH", "CORRELATES_WITH")  # edges of these types need a weight > 0
P_WEIGHTED = ("ASSOCIATED_WITH", "REGULATES", "CORRELATES_WITH")


@dataclass(frozen=True, slots=True)
class Links:
    """Undirected, weighted links between clusters, from which the neighbourhoods are built."""

    low: NDArray[np.int64]  # [l], index of a representative
    high: NDArray[np.int64]  # [l]
    relation: NDArray[np.int64]  # [l], index into the corpus' edge types; the last is the same locus
    ontology: NDArray[np.bool_]  # [l]
    weights: NDArray[np.float64]  # [l], > 0
    folds: NDArray[np.uint16]  # [l], bit f: excluded from fold f; bit `folds`: held out


@dataclass(frozen=True, slots=True)
class Adjacency:
    """The neighbours of each cluster by family, as compressed rows; a cluster is the index of its representative.

    The row of cluster c and family k begins at `pointers[c * len(FAMILIES) + k]` and ends at the next pointer.
    """

    size: int  # n, nodes of the corpus
    folds: int
    split: Split  # the held-out pairs, which all folds exclude
    pointers: NDArray[np.int64]  # [n * families + 1]
    columns: NDArray[np.int32]  # [e], clusters
    weights: NDArray[np.float32]  # [e], > 0; mean about 1 within a relation
    masks: NDArray[np.uint16]  # [e], bit f: excluded from fold f; fold `folds` has all pairs that are trained on
    degrees: NDArray[np.int32]  # [folds + 2, n], number of neighbours in fold f; the last row: in all edges
    groups: NDArray[np.int8]  # [n], index into GROUPS
    scales: NDArray[np.float64]  # [relations], divisor of the weights, in the order of the corpus' edge types


def build_adjacency(corpus: Corpus, folds: int, split: Split | None = None, *, same_locus: bool = True) -> Adjacency:
    """Build the neighbourhoods of a corpus; the members of a cluster share one neighbourhood.

    NOT_ edges and co-occurrences below expectation are left out. IS_A reaches two levels up. SNPs within 50 kb, on the
    same build and chromosome, are neighbours unless `same_locus` is false. All folds exclude the pairs that `split`
    holds out (None: no pairs).
    """
    if not 2 <= folds <= MAX_FOLDS:
        raise ValueError(f"folds: 2 to {MAX_FOLDS}, not {folds}")
    nodes = corpus.nodes
    n = len(nodes)
    split = split or Split.by_pair(id_keys(nodes.ids))
    numbers = {name: i for i, name in enumerate(GROUPS)}
    by_kind = {kind: numbers[group_of(kind)] for kind in set(nodes.kinds)}
    groups = np.fromiter((by_kind[kind] for kind in nodes.kinds), dtype=np.int8, count=n)
    parts = [_edge_links(corpus, folds, split), _grandparent_links(corpus, folds, split)]
    parts += [_locus_links(corpus)] if same_locus else []
    all_links = Links(*(np.concatenate([getattr(p, name) for p in parts]) for name in Links.__dataclass_fields__))
    del parts  # here and below: free large arrays early
    links = _merge_duplicates(all_links, n)
    del all_links
    relations = len(corpus.edges.types) + 1  # the last is the same locus
    counts = np.bincount(links.relation, minlength=relations)
    means = np.bincount(links.relation, weights=links.weights, minlength=relations) / np.maximum(counts, 1)
    scaled, folded = links.weights / means[links.relation], links.folds
    key = _directed_keys(links, groups, n)
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


def _directed_keys(links: Links, groups: NDArray[np.int8], n: int) -> NDArray[np.int64]:
    """Both directions of each link as (row · families + family) · n + column: low to high, then high to low, [2 l]."""
    columns = np.concatenate([links.high, links.low])
    family = np.where(np.concatenate([links.ontology] * 2), 0, groups[columns] + 1)
    key = np.concatenate([links.low, links.high])
    key *= len(FAMILIES)
    key += family
    key *= n
    key += columns
    return key


def evidence(edges: EdgeArrays) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Whether each edge makes its nodes neighbours, [m], and its weight within its relation, [m].

    The weight is min(−log10 p, 50) if p is known, divided by n if n SNPs or traits share the report (the edge's weight
    is then smaller by n); otherwise the edge's weight, or 1.
    """
    names = np.array(edges.types, dtype=object)
    negative = np.array([name.startswith("NOT_") for name in names], dtype=bool)
    positive_only = np.isin(names, POSITIVE_ONLY).astype(bool)
    p_weighted = np.isin(names, P_WEIGHTED).astype(bool)
    shared = names == "ASSOCIATED_WITH"
    weights, p = edges.weights.astype(np.float64), edges.neg_log10_p.astype(np.float64)
    used = ~negative[edges.type] & ~(positive_only[edges.type] & (weights <= 0))
    value = np.where(weights > 0, weights, 1.0)
    has_p = p_weighted[edges.type] & (p > 0)
    share = np.where(
        has_p & shared[edges.type].astype(bool) & (weights > 0),
        np.minimum(weights * (np.nan_to_num(p) + ASSOCIATION_HALF) / np.where(has_p, p, 1.0), 1.0),
        1.0,
    )
    value[has_p] = (np.minimum(p, P_CAP) * share)[has_p]
    return used, value


def _edge_links(corpus: Corpus, folds: int, split: Split) -> Links:
    """The links of the corpus' edges."""
    edges, clusters = corpus.edges, corpus.nodes.clusters.astype(np.int64)
    used, value = evidence(corpus.edges)
    a, b = clusters[edges.starts], clusters[edges.ends]
    used &= a != b
    a, b, relation = a[used], b[used], edges.type[used].astype(np.int64)
    ontology = np.array([name in ONTOLOGY_TYPES for name in edges.types], dtype=bool)
    bits = fold_bits(split.folds(a, b, folds), folds)
    return Links(np.minimum(a, b), np.maximum(a, b), relation, ontology[relation], value[used], bits)


def _grandparent_links(corpus: Corpus, folds: int, split: Split) -> Links:
    """Links over two IS_A steps; folds that exclude one of the steps, or the pair itself, exclude the link."""
    edges, clusters = corpus.edges, corpus.nodes.clusters.astype(np.int64)
    n = len(corpus.nodes)
    relation = edges.types.index("IS_A") if "IS_A" in edges.types else -1
    is_a = edges.type == relation
    child, parent = clusters[edges.starts[is_a]], clusters[edges.ends[is_a]]
    steps = sorted_unique(child[child != parent] * n + parent[child != parent])
    child, parent = steps // n, steps % n
    first, count = find_runs(child, parent)
    lower = np.repeat(np.arange(len(child)), count)
    upper = expand_ranges(first, count)
    a, b = child[lower], parent[upper]
    new = (a != b) & ~np.isin(a * n + b, steps) & ~np.isin(b * n + a, steps)
    a, b, lower, upper = a[new], b[new], lower[new], upper[new]
    bits = fold_bits(split.folds(child, parent, folds), folds)
    own_bits = fold_bits(split.folds(a, b, folds), folds)
    return Links(
        np.minimum(a, b),
        np.maximum(a, b),
        np.full(len(a), max(relation, 0)),
        np.ones(len(a), dtype=bool),
        np.ones(len(a)),
        bits[lower] | bits[upper] | own_bits,
    )


def _locus_links(corpus: Corpus) -> Links:
    """Links of SNPs within 50 kb. No task trains on these pairs, so every fold has them."""
    nodes = corpus.nodes
    located, chromosome = nodes.located_snps()
    position = nodes.positions[located]
    low, high, weights = [], [], []
    for step in range(1, min(LOCUS_NEIGHBOURS, max(len(located) - 1, 0)) + 1):
        distance = position[step:] - position[:-step]
        near = (chromosome[step:] == chromosome[:-step]) & (distance <= LOCUS_REACH)
        if not near.any():
            break
        low.append(np.minimum(located[:-step], located[step:])[near])
        high.append(np.maximum(located[:-step], located[step:])[near])
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


def _merge_duplicates(links: Links, n: int) -> Links:
    """Each pair once per relation, with its largest weight."""
    types = int(links.relation.max(initial=0)) + 1
    key = (links.low * n + links.high) * types + links.relation
    ontology = np.zeros(types, dtype=bool)
    ontology[links.relation] = links.ontology
    key, weights, folds = combine(key, links.weights, links.folds, np.maximum)
    relation, pair = key % types, key // types
    return Links(pair // n, pair % n, relation, ontology[relation], weights, folds)


def combine(
    key: NDArray[np.int64], weights: NDArray[np.float64], masks: NDArray[np.uint16], ufunc: np.ufunc
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.uint16]]:
    """Sort by key and merge equal keys: their weights by `ufunc`, their masks by bitwise or."""
    order = np.argsort(key, kind="stable")
    key = key[order]
    weights = weights[order]
    masks = masks[order]
    del order
    new = key[1:] != key[:-1]
    if new.all():
        return key, weights, masks
    first = np.flatnonzero(np.r_[True, new])
    return key[first], ufunc.reduceat(weights, first), np.bitwise_or.reduceat(masks, first)


def _degrees(
    key: NDArray[np.int64], masks: NDArray[np.uint16], groups: NDArray[np.int8], n: int, folds: int
) -> NDArray[np.int32]:
    """The number of neighbours of each cluster in each fold, in all folds, and in all edges, [folds + 2, n].

    A neighbour both in the ontology and in the family of its group counts once, and not in a fold that excludes either.
    """
    families = len(FAMILIES)
    ontology = np.flatnonzero(key // n % families == 0)
    other = key[ontology] + (groups[key[ontology] % n].astype(np.int64) + 1) * n
    twin = np.minimum(np.searchsorted(key, other), max(len(key) - 1, 0))
    has_twin = key[twin] == other
    masks = masks.copy()
    masks[twin[has_twin]] |= masks[ontology[has_twin]]
    masks[ontology[has_twin]] = np.iinfo(np.uint16).max  # excluded from all folds
    counted = np.ones(len(key), dtype=bool)
    counted[ontology[has_twin]] = False
    rows = (key // (n * families)).astype(np.int32)
    degrees = [np.bincount(rows[(masks >> np.uint16(f)) & 1 == 0], minlength=n) for f in range(folds + 1)]
    return np.stack([*degrees, np.bincount(rows[counted], minlength=n)]).astype(np.int32)
