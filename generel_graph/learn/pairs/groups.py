"""The training pairs of each task, grouped by the kinds of their nodes and by fold, and the known positives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import ModelError
from generel_etl.relations import SNP_GENE
from generel_graph.corpus.arrays import expand_ranges, find_runs, is_in_sorted, sorted_unique
from generel_graph.corpus.schema import LD_R2, Corpus, Pairs
from generel_graph.learn.features.adjacency import Adjacency
from generel_graph.learn.features.blocks import FAMILIES, GROUPS, negative_kind, tower_of
from generel_graph.learn.features.splits import Split

DEFAULT_WEIGHT = 1.0  # c of the draw weight c·√pairs, for a task without one
GENE_TRAIT = "gene_trait"  # composed here, of two hops, if it has a weight
MIN_PAIRS = 8  # smaller groups are not trained on
MIN_BATCH_PAIRS = 2  # of a fold; a single pair has no negatives
LD = "IN_LD_WITH"


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """The pairs of one task with one kind of anchor and one kind of positive; a batch is drawn from one group."""

    task: str
    anchor_kind: str
    positive_kind: str
    anchors: NDArray[np.int32]  # [p], nodes
    positives: NDArray[np.int32]  # [p], nodes, or texts
    weights: NDArray[np.float32]  # [p]
    anchor_clusters: NDArray[np.int64]  # [p]
    positive_clusters: NDArray[np.int64]  # [p]; for a text, that of its concept
    is_text: bool
    effects: NDArray[np.float32]  # [p], |ln odds ratio|; NaN unknown
    leave_pairs_out: bool  # from their own inputs; False for SNP and gene, since the position of an SNP is always known
    draw_weight: float  # c·√p
    by_fold: tuple[NDArray[np.int64], ...]  # [folds], the pairs of each fold
    held_out: NDArray[np.int64]  # the held-out pairs

    @property
    def has_effects(self) -> bool:
        """Whether any pair has a known odds ratio."""
        return bool(np.isfinite(self.effects).any())

    @property
    def towers(self) -> tuple[str, str]:
        """The towers of anchor and positive."""
        a, b = (tower_of("snp" if kind == "SNP" else "") for kind in (self.anchor_kind, self.positive_kind))
        return a, b


def task_groups(corpus: Corpus, adjacency: Adjacency, task_weights: Mapping[str, float]) -> tuple[TaskGroup, ...]:
    """The groups to train on, ordered by task name.

    Tasks with weight 0 and groups of fewer than eight pairs are left out. Raises ModelError for weights that are
    negative or not finite, and if no group remains.
    """
    tasks = dict(corpus.tasks)
    for name, pairs in sorted(tasks.items()):
        _check_weights(name, pairs)
    also_held_out: dict[str, NDArray[np.bool_]] = {}
    if task_weights.get(GENE_TRAIT, 0.0) > 0:
        composed, held_out = _compose_gene_trait(corpus, adjacency.split)
        if len(composed):
            tasks[GENE_TRAIT], also_held_out[GENE_TRAIT] = composed, held_out
    groups: list[TaskGroup] = []
    for name, pairs in sorted(tasks.items()):
        if (weight := _task_weight(name, task_weights)) > 0:
            groups += _group_pairs(name, pairs, corpus, adjacency, weight, also_held_out.get(name))
    if not groups:
        raise ModelError(
            f"no task has {MIN_PAIRS} pairs or more of the same kinds of node",
            where="training",
            found={name: len(pairs) for name, pairs in sorted(tasks.items())},
            next_step="load sources with associations or relations, or enable tasks",
        )
    return tuple(groups)


def _task_weight(name: str, task_weights: Mapping[str, float]) -> float:
    weight = float(task_weights.get(name, DEFAULT_WEIGHT))
    if not np.isfinite(weight) or weight < 0:
        raise ModelError("the weight of a task must be a number ≥ 0", where=f"tasks.{name}.weight", found=weight)
    return weight


def _check_weights(name: str, pairs: Pairs) -> None:
    bad = ~np.isfinite(pairs.weights) | (pairs.weights < 0)
    if bad.any() or (len(pairs) and not pairs.weights.any()):
        raise ModelError(
            "pair weights must be numbers in (0, 1]",
            where=f"task {name}",
            found=f"{int(bad.sum())} of {len(pairs)} are not finite or below 0",
            next_step="correct how the Cypher file of the task computes `weight`",
        )


def _group_pairs(
    name: str,
    pairs: Pairs,
    corpus: Corpus,
    adjacency: Adjacency,
    weight: float,
    also_held_out: NDArray[np.bool_] | None,
) -> list[TaskGroup]:
    """Group the pairs of a task by the kinds of their nodes; `also_held_out`: in addition to those of the split."""
    nodes, clusters = corpus.nodes, corpus.nodes.clusters.astype(np.int64)
    is_text = bool(pairs.texts)
    node_kinds = set(nodes.kinds)
    kinds = sorted({negative_kind(kind) for kind in node_kinds})
    number = {kind: kinds.index(negative_kind(kind)) for kind in node_kinds}
    kind_of_node = np.fromiter((number[kind] for kind in nodes.kinds), dtype=np.int64, count=len(nodes))
    positive_nodes = pairs.anchors if is_text else pairs.positives
    a, b = clusters[pairs.anchors], clusters[positive_nodes]
    usable = (pairs.weights > 0) & ((a != b) | is_text)
    kind_pair = kind_of_node[a] * len(kinds) + kind_of_node[b]
    folds = adjacency.split.folds(a, b, adjacency.folds)
    if also_held_out is not None:
        folds[also_held_out] = adjacency.folds
    groups = []
    for code in np.unique(kind_pair[usable]):
        rows = np.flatnonzero(usable & (kind_pair == code))
        if len(rows) < MIN_PAIRS:
            continue
        anchor_kind, positive_kind = kinds[code // len(kinds)], kinds[code % len(kinds)]
        groups.append(
            TaskGroup(
                task=name,
                anchor_kind=anchor_kind,
                positive_kind=positive_kind,
                anchors=pairs.anchors[rows],
                positives=pairs.positives[rows],
                weights=pairs.weights[rows],
                anchor_clusters=a[rows],
                positive_clusters=b[rows],
                is_text=is_text,
                effects=pairs.effects[rows],
                leave_pairs_out={anchor_kind, positive_kind} != {"SNP", "Gene"},
                draw_weight=weight * float(np.sqrt(len(rows))),
                by_fold=tuple(np.flatnonzero(folds[rows] == f) for f in range(adjacency.folds)),
                held_out=np.flatnonzero(folds[rows] == adjacency.folds),
            )
        )
    return groups


def snp_genes(corpus: Corpus) -> Pairs:
    """SNPs and the genes that contain them, are nearest to them or are reported for them: pairs of weight 1."""
    nodes = corpus.nodes
    snps, genes = corpus.edge_clusters(*SNP_GENE)
    snp = np.fromiter((kind == "SNP" for kind in nodes.kinds), dtype=bool, count=len(nodes))
    gene = np.fromiter((kind == "Gene" for kind in nodes.kinds), dtype=bool, count=len(nodes))
    used = snp[snps] & gene[genes]
    key = sorted_unique(snps[used] * len(nodes) + genes[used])
    return _pairs_without_effects(key // len(nodes), key % len(nodes), np.ones(len(key)))


def _compose_gene_trait(corpus: Corpus, split: Split) -> tuple[Pairs, NDArray[np.bool_]]:
    """Genes and the conditions that their SNPs are associated with: two hops, SNP to gene and the task gwas.

    Also returns whether each pair is held out because all paths to it contain a held-out step: training on it would
    reveal the held-out pair.
    """
    gwas, links, n = corpus.tasks.get("gwas"), snp_genes(corpus), len(corpus.nodes)
    if gwas is None or not len(links):
        return _pairs_without_effects(np.empty(0), np.empty(0), np.empty(0)), np.empty(0, dtype=bool)
    clusters = corpus.nodes.clusters.astype(np.int64)
    traits = clusters[gwas.positives]
    first, count = find_runs(links.anchors, gwas.anchors)
    link = expand_ranges(first, count)
    key = links.positives[link].astype(np.int64) * n + np.repeat(traits, count)
    weight = np.repeat(gwas.weights, count)
    held_out = np.repeat(split.is_held_out(clusters[gwas.anchors], traits), count)
    held_out |= split.is_held_out(clusters[links.anchors], clusters[links.positives])[link]
    order = np.lexsort((-weight, held_out, key))  # per pair: paths that are trained on first, largest weight first
    key, first = np.unique(key[order], return_index=True)
    return _pairs_without_effects(key // n, key % n, weight[order][first]), held_out[order][first]


def _pairs_without_effects(
    anchors: NDArray[np.generic], positives: NDArray[np.generic], weights: NDArray[np.generic]
) -> Pairs:
    effects = np.full(len(anchors), np.nan, dtype=np.float32)
    return Pairs(anchors.astype(np.int32), positives.astype(np.int32), weights.astype(np.float32), effects)


def ld_pairs(corpus: Corpus) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs of SNPs in LD, r² ≥ LD_R2, as clusters; each pair in both orders."""
    edges, clusters = corpus.edges, corpus.nodes.clusters.astype(np.int64)
    ld_type = edges.types.index(LD) if LD in edges.types else -1
    rows = np.flatnonzero((edges.type == ld_type) & (edges.weights >= LD_R2))
    a, b = clusters[edges.starts[rows]], clusters[edges.ends[rows]]
    return np.concatenate([a, b]), np.concatenate([b, a])


class KnownPairs:
    """The known positives, as pairs of clusters: all edges and training pairs. They would be false negatives.

    The traits and genes of an SNP are also known of the SNPs in LD with it; its pairs with other SNPs are not.
    """

    def __init__(
        self,
        adjacency: Adjacency,
        groups: tuple[TaskGroup, ...],
        ld: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
        *,
        mask_known: bool = True,
    ) -> None:
        """`ld`: from `ld_pairs`; None: no LD. `mask_known=False`: only a cluster and itself are a known pair."""
        n = adjacency.size
        key = np.empty(0, dtype=np.int64)
        if mask_known:
            key = sorted_unique(
                np.repeat(np.arange(n) * n, np.diff(adjacency.pointers[:: len(FAMILIES)])) + adjacency.columns
            )
            task_keys = [
                sorted_unique(a * n + b)
                for group in groups
                if not group.is_text
                for a, b in (
                    (group.anchor_clusters, group.positive_clusters),
                    (group.positive_clusters, group.anchor_clusters),
                )
            ]
            new = [keys[~is_in_sorted(key, keys)] for keys in task_keys]  # few: most pairs are edges
            key = sorted_unique(np.concatenate([key, *new])) if sum(map(len, new)) else key
            if ld is not None:
                snp, concept = _known_by_ld(key, n, ld, adjacency.groups == GROUPS.index("snp"))
                key = sorted_unique(np.concatenate([key, snp * n + concept, concept * n + snp]))
        self._keys = key
        self.columns = (key % n).astype(np.int32)
        self.pointers = np.concatenate([[0], np.cumsum(np.bincount(key // n, minlength=n))])

    def contains(self, anchors: NDArray[np.int64], positives: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each pair of clusters is known, [p]; a cluster and itself are a known pair."""
        known = is_in_sorted(self._keys, anchors * (len(self.pointers) - 1) + positives)
        return np.asarray(known | (anchors == positives))

    def batch_mask(self, anchors: NDArray[np.int64], positives: NDArray[np.int64]) -> NDArray[np.bool_]:
        """The mask of a batch of n pairs, [n, n], diagonal included.

        True if (anchor i, positive j) is known, or if pairs i and j share their anchor or their positive.
        """
        mask = self.mask(anchors, positives)
        mask |= positives[:, None] == positives[None, :]
        mask |= anchors[:, None] == anchors[None, :]
        return mask

    def mask(self, anchors: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether (anchor i, other j) is known, [n, k]: `contains` for all combinations."""
        unique, inverse = np.unique(others, return_inverse=True)
        column_of_cluster = np.full(len(self.pointers) - 1, -1)
        column_of_cluster[unique] = np.arange(len(unique))
        starts = self.pointers[anchors]
        counts = self.pointers[anchors + 1] - starts
        column = column_of_cluster[self.columns[expand_ranges(starts, counts)]]
        is_other = column >= 0
        known = np.zeros((len(anchors), len(unique)), dtype=bool)
        known[np.repeat(np.arange(len(anchors)), counts)[is_other], column[is_other]] = True
        mask: NDArray[np.bool_] = known[:, inverse] | (anchors[:, None] == others[None, :])
        return mask


def _known_by_ld(
    key: NDArray[np.int64], n: int, ld: tuple[NDArray[np.int64], NDArray[np.int64]], snp: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(SNP, concept) for each known concept of an SNP in LD; `key`: the known pairs, sorted, row · n + column."""
    snps, partners = ld
    snp_concept = key[snp[key // n] & ~snp[key % n]]
    first, count = find_runs(snp_concept // n, partners)
    return np.repeat(snps, count), snp_concept[expand_ranges(first, count)] % n
