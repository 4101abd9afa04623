"""What is trained on: each task's pairs, parted so that a batch's ends are of one kind and of one fold."""

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

DEFAULT_WEIGHT = 1.0  # c of the draw probability c·√pairs, for a task without one
GENE_TRAIT = "gene_trait"  # made here, of two hops, where it has a weight
FEWEST = 8  # pairs; a smaller group is not trained on
FEWEST_OF_BATCH = 2  # pairs of a fold: with one there is nothing to tell it from
LD = "IN_LD_WITH"


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """Pairs of one task whose ends are each of one kind: what a batch is drawn from."""

    task: str
    anchor_kind: str
    positive_kind: str
    anchors: NDArray[np.int32]  # [p], nodes
    positives: NDArray[np.int32]  # [p], nodes, or texts
    weights: NDArray[np.float32]  # [p]
    anchor_clusters: NDArray[np.int64]  # [p]
    positive_clusters: NDArray[np.int64]  # [p]; of a text: its concept's
    is_text: bool
    effects: NDArray[np.float32]  # [p], |ln odds ratio|; NaN unknown
    leave_out: bool  # False: SNP and gene; the SNP's position is known whenever it is asked for
    share: float  # c·√p
    by_fold: tuple[NDArray[np.int64], ...]  # [folds], the pairs of each fold
    held: NDArray[np.int64]  # the pairs that are held out for validation

    @property
    def has_effects(self) -> bool:
        """Whether any pair has an odds ratio."""
        return bool(np.isfinite(self.effects).any())

    @property
    def towers(self) -> tuple[str, str]:
        """The towers of anchor and positive."""
        a, b = (tower_of("snp" if kind == "SNP" else "") for kind in (self.anchor_kind, self.positive_kind))
        return a, b


def task_groups(corpus: Corpus, adjacency: Adjacency, task_weights: Mapping[str, float]) -> tuple[TaskGroup, ...]:
    """All groups that can be trained on, in the tasks' order by name.

    A task with weight 0 is left out, and so are groups of fewer than eight pairs.
    Raises ModelError for weights that are negative or not finite, and if nothing is left.
    """
    tasks = dict(corpus.tasks)
    for name, pairs in sorted(tasks.items()):
        _check(name, pairs)
    apart: dict[str, NDArray[np.bool_]] = {}
    if task_weights.get(GENE_TRAIT, 0.0) > 0:
        composed, held = _gene_trait(corpus, adjacency.split)
        if len(composed):
            tasks[GENE_TRAIT], apart[GENE_TRAIT] = composed, held
    groups: list[TaskGroup] = []
    for name, pairs in sorted(tasks.items()):
        if _weight(name, task_weights) > 0:
            groups += _part(name, pairs, corpus, adjacency, _weight(name, task_weights), apart.get(name))
    if not groups:
        raise ModelError(
            f"no task has {FEWEST} pairs or more with ends of one kind",
            where="training",
            found={name: len(pairs) for name, pairs in sorted(tasks.items())},
            next_step="load sources with associations or relations, or enable tasks",
        )
    return tuple(groups)


def _weight(name: str, task_weights: Mapping[str, float]) -> float:
    weight = float(task_weights.get(name, DEFAULT_WEIGHT))
    if not np.isfinite(weight) or weight < 0:
        raise ModelError("a task's weight is a number from 0 on", where=f"tasks.{name}.weight", found=weight)
    return weight


def _check(name: str, pairs: Pairs) -> None:
    bad = ~np.isfinite(pairs.weights) | (pairs.weights < 0)
    if bad.any() or (len(pairs) and not pairs.weights.any()):
        raise ModelError(
            "pair weights must be numbers in (0, 1]",
            where=f"task {name}",
            found=f"{int(bad.sum())} that are not finite or below 0, of {len(pairs)}",
            next_step="see how the task's Cypher file computes `weight`",
        )


def _part(
    name: str,
    pairs: Pairs,
    corpus: Corpus,
    adjacency: Adjacency,
    weight: float,
    apart: NDArray[np.bool_] | None,
) -> list[TaskGroup]:
    """A task's pairs by the kinds of their ends; those `apart` are held out, beside what the split says."""
    nodes, clusters = corpus.nodes, corpus.nodes.clusters.astype(np.int64)
    is_text = bool(pairs.texts)
    met = set(nodes.kinds)
    kinds = sorted({negative_kind(kind) for kind in met})
    number = {kind: kinds.index(negative_kind(kind)) for kind in met}
    of_node = np.fromiter((number[kind] for kind in nodes.kinds), dtype=np.int64, count=len(nodes))
    positive_nodes = pairs.anchors if is_text else pairs.positives
    a, b = clusters[pairs.anchors], clusters[positive_nodes]
    usable = (pairs.weights > 0) & ((a != b) | is_text)
    code = of_node[a] * len(kinds) + of_node[b]
    folds = adjacency.split.folds(a, b, adjacency.folds)
    if apart is not None:
        folds[apart] = adjacency.folds
    groups = []
    for each in np.unique(code[usable]):
        rows = np.flatnonzero(usable & (code == each))
        if len(rows) < FEWEST:
            continue
        anchor_kind, positive_kind = kinds[each // len(kinds)], kinds[each % len(kinds)]
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
                leave_out={anchor_kind, positive_kind} != {"SNP", "Gene"},
                share=weight * float(np.sqrt(len(rows))),
                by_fold=tuple(np.flatnonzero(folds[rows] == f) for f in range(adjacency.folds)),
                held=np.flatnonzero(folds[rows] == adjacency.folds),
            )
        )
    return groups


def snp_genes(corpus: Corpus) -> Pairs:
    """SNPs and the genes they lie in, are nearest to, or were reported with: pairs from edges, weight 1."""
    nodes = corpus.nodes
    snps, genes = corpus.edge_clusters(*SNP_GENE)
    snp = np.fromiter((kind == "SNP" for kind in nodes.kinds), dtype=bool, count=len(nodes))
    gene = np.fromiter((kind == "Gene" for kind in nodes.kinds), dtype=bool, count=len(nodes))
    used = snp[snps] & gene[genes]
    key = sorted_unique(snps[used] * len(nodes) + genes[used])
    return _pairs(key // len(nodes), key % len(nodes), np.ones(len(key)))


def _gene_trait(corpus: Corpus, split: Split) -> tuple[Pairs, NDArray[np.bool_]]:
    """Genes and the conditions that their SNPs are associated with: two hops, through the task gwas.

    And which of them are held out since each way there has a step that is: what is composed of it would tell of it.
    """
    gwas, links, n = corpus.tasks.get("gwas"), snp_genes(corpus), len(corpus.nodes)
    if gwas is None or not len(links):
        return _pairs(np.empty(0), np.empty(0), np.empty(0)), np.empty(0, dtype=bool)
    clusters = corpus.nodes.clusters.astype(np.int64)
    traits = clusters[gwas.positives]
    first, count = find_runs(links.anchors, gwas.anchors)
    ways = expand_ranges(first, count)
    key = links.positives[ways].astype(np.int64) * n + np.repeat(traits, count)
    weight = np.repeat(gwas.weights, count)
    held = np.repeat(split.held(clusters[gwas.anchors], traits), count)
    held |= split.held(clusters[links.anchors], clusters[links.positives])[ways]
    order = np.lexsort((-weight, held, key))  # a way that is trained on first, of those the one that weighs most
    key, first = np.unique(key[order], return_index=True)
    return _pairs(key // n, key % n, weight[order][first]), held[order][first]


def _pairs(anchors: NDArray[np.generic], positives: NDArray[np.generic], weights: NDArray[np.generic]) -> Pairs:
    effects = np.full(len(anchors), np.nan, dtype=np.float32)
    return Pairs(anchors.astype(np.int32), positives.astype(np.int32), weights.astype(np.float32), effects)


def ld_pairs(corpus: Corpus) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The SNPs, by cluster, that are in LD with r² of .2 or more; each pair both ways."""
    edges, clusters = corpus.edges, corpus.nodes.clusters.astype(np.int64)
    number = edges.types.index(LD) if LD in edges.types else -1
    rows = np.flatnonzero((edges.type == number) & (edges.weights >= LD_R2))
    a, b = clusters[edges.starts[rows]], clusters[edges.ends[rows]]
    return np.concatenate([a, b]), np.concatenate([b, a])


class KnownPairs:
    """All pairs that are stated or trained on, by cluster: what must not serve as a negative.

    What is known of an SNP's traits and genes is known of the SNPs that it is in LD with. Of two SNPs r² itself tells.
    """

    def __init__(
        self,
        adjacency: Adjacency,
        groups: tuple[TaskGroup, ...],
        ld: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
        *,
        stated: bool = True,
    ) -> None:
        """`ld`: from `ld_pairs`; None: none. Without `stated` nothing but a pair's own ends is known."""
        n = adjacency.size
        key = np.empty(0, dtype=np.int64)
        if stated:
            key = sorted_unique(
                np.repeat(np.arange(n) * n, np.diff(adjacency.pointers[:: len(FAMILIES)])) + adjacency.columns
            )
            of_tasks = [
                sorted_unique(a * n + b)
                for group in groups
                if not group.is_text
                for a, b in (
                    (group.anchor_clusters, group.positive_clusters),
                    (group.positive_clusters, group.anchor_clusters),
                )
            ]
            new = [some[~is_in_sorted(key, some)] for some in of_tasks]  # few: most pairs are edges
            key = sorted_unique(np.concatenate([key, *new])) if sum(map(len, new)) else key
            if ld is not None:
                snp, other = _of_partners(key, n, ld, adjacency.groups == GROUPS.index("snp"))
                key = sorted_unique(np.concatenate([key, snp * n + other, other * n + snp]))
        self._keys = key
        self.columns = (key % n).astype(np.int32)
        self.pointers = np.concatenate([[0], np.cumsum(np.bincount(key // n, minlength=n))])

    def stated(self, anchors: NDArray[np.int64], positives: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each pair of clusters is known, or is one cluster, [p]."""
        known = is_in_sorted(self._keys, anchors * (len(self.pointers) - 1) + positives)
        return np.asarray(known | (anchors == positives))

    def hidden(self, anchors: NDArray[np.int64], positives: NDArray[np.int64]) -> NDArray[np.bool_]:
        """[n, n]: True where (anchor i, positive j) is known or shares an end with pair i or j; diagonal too."""
        hidden = self.between(anchors, positives)
        hidden |= positives[:, None] == positives[None, :]
        hidden |= anchors[:, None] == anchors[None, :]
        return hidden

    def between(self, anchors: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """[n, k]: True where (anchor i, other j) is known, or is one cluster: `stated` of all by all."""
        unique, inverse = np.unique(others, return_inverse=True)
        column = np.full(len(self.pointers) - 1, -1)  # of a cluster in what is found
        column[unique] = np.arange(len(unique))
        starts = self.pointers[anchors]
        counts = self.pointers[anchors + 1] - starts
        place = column[self.columns[expand_ranges(starts, counts)]]
        met = place >= 0
        known = np.zeros((len(anchors), len(unique)), dtype=bool)
        known[np.repeat(np.arange(len(anchors)), counts)[met], place[met]] = True
        found: NDArray[np.bool_] = known[:, inverse] | (anchors[:, None] == others[None, :])
        return found


def _of_partners(
    key: NDArray[np.int64], n: int, ld: tuple[NDArray[np.int64], NDArray[np.int64]], snp: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(SNP, concept) for each concept known of a partner in LD; `key`: what is known, sorted, row · n + column."""
    mine, partner = ld
    of_concept = key[snp[key // n] & ~snp[key % n]]
    first, count = find_runs(of_concept // n, partner)
    return np.repeat(mine, count), of_concept[expand_ranges(first, count)] % n
