"""The inputs of nodes, computed in batches: blocks of text vectors, and flags, without the pairs of a fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding_bag, normalize

from generel_etl.errors import ConfigError
from generel_etl.progress import Progress, silent
from generel_graph.corpus.arrays import expand_ranges
from generel_graph.corpus.schema import Corpus
from generel_graph.encode import Encoder
from generel_graph.learn.features.adjacency import Adjacency, build_adjacency
from generel_graph.learn.features.blocks import (
    BLOCK_NAMES,
    BLOCKS,
    EFFECT_FLAGS,
    FAMILIES,
    FLAGS,
    GROUPS,
    NEIGHBOUR_FLAGS,
    TOWERS,
    Block,
)
from generel_graph.learn.features.splits import Split

# The views of an intermediate node in two-hop blocks: the families whose texts it averages, and the (family, view)
# pairs that it averages.
VIEWS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "genes": (("gene",), ()),
    "traits": (("condition", "phenotype"), ()),
    "context": (("condition", "phenotype"), (("snp", "traits"),)),
}
# The view of each family's nodes, by the group of the node whose input is computed; "" for all other groups.
FAMILY_VIEWS: dict[str, dict[str, str]] = {
    "snp": {"": "genes", "gene": "traits", "snp": "traits"},
    "gene": {"": "context"},
}
EFFECT_SCALE = 0.5  # effects are scaled as tanh(|log odds ratio| / .5)


@dataclass(frozen=True, slots=True)
class EffectPairs:
    """Pairs with an odds ratio, for the effect-size term and the effect flags."""

    anchors: NDArray[np.int32]  # [p], SNPs
    positives: NDArray[np.int32]  # [p], concepts
    effects: NDArray[np.float32]  # [p], |ln odds ratio|
    folds: NDArray[np.uint8]  # [p]

    def __len__(self) -> int:
        return len(self.anchors)


def effect_pairs(corpus: Corpus, adjacency: Adjacency) -> EffectPairs:
    """The pairs of an SNP and a concept with an effect, of all tasks; one mean effect per pair of clusters."""
    clusters = corpus.nodes.clusters.astype(np.int64)
    n = len(corpus.nodes)
    tasks = [pairs for _, pairs in sorted(corpus.tasks.items()) if not pairs.texts]
    empty = np.empty(0, dtype=np.int64)
    anchors = np.concatenate([empty, *(pairs.anchors for pairs in tasks)])
    positives = np.concatenate([empty, *(pairs.positives for pairs in tasks)])
    effects = np.concatenate([empty.astype(np.float64), *(pairs.effects for pairs in tasks)])
    snp = adjacency.groups == GROUPS.index("snp")
    known = np.isfinite(effects) & (snp[anchors] != snp[positives])
    anchors, positives, effects = anchors[known], positives[known], effects[known]
    anchors, positives = (
        np.where(snp[anchors], anchors, positives),
        np.where(snp[anchors], positives, anchors),
    )
    key, first, inverse = np.unique(clusters[anchors] * n + clusters[positives], return_index=True, return_inverse=True)
    mean = np.bincount(inverse, weights=effects) / np.maximum(np.bincount(inverse), 1)
    return EffectPairs(
        anchors[first].astype(np.int32),
        positives[first].astype(np.int32),
        mean.astype(np.float32),
        adjacency.split.folds(key // n, key % n, adjacency.folds),
    )


def scale_effects(effects: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map |log odds ratio| to 0 … 1."""
    return np.tanh(np.abs(effects) / EFFECT_SCALE).astype(np.float32)


class Features:
    """The inputs of the nodes of one corpus, computed on demand.

    A row is [len(blocks) * d + FLAGS]: each block is a unit vector times √d, or zeros.
    """

    def __init__(
        self,
        corpus: Corpus,
        adjacency: Adjacency,
        texts: NDArray[np.float32],
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.adjacency = adjacency
        self.clusters = corpus.nodes.clusters.astype(np.int64)
        self.texts = torch.from_numpy(texts).to(dtype)  # [n, d]
        self.dimension = texts.shape[1]
        self.dtype = dtype
        self.effects = effect_pairs(corpus, adjacency)
        self._effect_flags = self._make_effect_flags()  # [folds + 2, n, 3]

    def rows(self, nodes: NDArray[np.integer], fold: int | None, blocks: Sequence[Block] = BLOCKS) -> Tensor:
        """The inputs of `nodes`, [k, len(blocks) * d + FLAGS], without the pairs of `fold`.

        Fold `folds` has all pairs but the held-out ones; None has all pairs.
        """
        clusters, d = self.clusters[nodes], self.dimension
        out = torch.zeros(len(nodes), len(blocks) * d + FLAGS, dtype=self.dtype)
        counts = np.zeros((len(nodes), len(BLOCKS)), dtype=np.float32)
        for index, block in enumerate(blocks):
            column = BLOCKS.index(block)
            if block.text:
                sums = self.texts[torch.from_numpy(np.asarray(nodes, dtype=np.int64))].float()
            elif block.through:
                sums, counts[:, column] = self._two_hops(block.through, clusters, fold)
            else:
                sums, counts[:, column] = self._one_hop(block.families, clusters, fold)
            out[:, index * d : (index + 1) * d] = normalize(sums, dim=-1) * d**0.5
        out[:, len(blocks) * d :] = torch.from_numpy(self._flags(clusters, counts, fold))
        return out

    def _entries(
        self, clusters: NDArray[np.int64], family: str, fold: int | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Row offsets [k], neighbours and weights of one family; neighbours that the fold excludes have weight 0."""
        a = self.adjacency
        row = clusters * len(FAMILIES) + FAMILIES.index(family)
        starts, counts = a.pointers[row], a.pointers[row + 1] - a.pointers[row]
        entries = expand_ranges(starts, counts)
        columns = a.columns[entries]
        degree = a.degrees[-1 if fold is None else fold][columns] * self._count_scale(fold)
        weights = a.weights[entries] / np.log2(2.0 + degree)
        if fold is not None:
            weights = weights * ((a.masks[entries] >> np.uint16(fold)) & 1 == 0)
        return np.cumsum(counts) - counts, columns.astype(np.int64), weights.astype(np.float32)

    def _one_hop(
        self, families: Sequence[str], clusters: NDArray[np.int64], fold: int | None
    ) -> tuple[Tensor, NDArray[np.float32]]:
        """The weighted sum of the neighbours' texts, [k, d], and the number of neighbours, [k]."""
        total, count = torch.zeros(len(clusters), self.dimension), np.zeros(len(clusters), dtype=np.float32)
        for family in families:
            offsets, columns, weights = self._entries(clusters, family, fold)
            total += _weighted_sums(self.texts, columns, offsets, weights)
            count += _row_counts(weights, offsets)
        return total, count

    def _view(self, view: str, clusters: NDArray[np.int64], fold: int | None) -> tuple[Tensor, NDArray[np.bool_]]:
        """A view of clusters: its weighted means, [k, d], and whether it has any neighbour, [k]."""
        families, views = VIEWS[view]
        total, mass = torch.zeros(len(clusters), self.dimension), np.zeros(len(clusters), dtype=np.float32)
        for family in families:
            offsets, columns, weights = self._entries(clusters, family, fold)
            total += _weighted_sums(self.texts, columns, offsets, weights)
            mass += _row_sums(weights, offsets)
        for family, inner in views:
            sums, weights, offsets = self._sum_views(family, inner, clusters, fold)
            total += sums
            mass += _row_sums(weights, offsets)
        mean = total / torch.from_numpy(np.where(mass > 0, mass, 1.0)).unsqueeze(1)
        return mean.to(self.dtype), mass > 0

    def _sum_views(
        self, family: str, view: str, clusters: NDArray[np.int64], fold: int | None
    ) -> tuple[Tensor, NDArray[np.float32], NDArray[np.int64]]:
        """Weighted sums of the neighbours' views, [k, d]; the weights (0 for an empty view); the row offsets."""
        offsets, columns, weights = self._entries(clusters, family, fold)
        is_neighbour = np.zeros(self.adjacency.size, dtype=bool)
        is_neighbour[columns[weights > 0]] = True
        neighbours = np.flatnonzero(is_neighbour)
        table, has_view = self._view(view, neighbours, fold)
        table_row = np.empty(self.adjacency.size, dtype=np.int64)  # of each neighbour
        table_row[neighbours] = np.arange(len(neighbours))
        rows = np.where(weights > 0, table_row[columns], 0)
        weights = weights * (has_view[rows] if len(has_view) else 0.0)
        weights = weights.astype(np.float32)
        return _weighted_sums(table, rows, offsets, weights), weights, offsets

    def _two_hops(
        self, family: str, clusters: NDArray[np.int64], fold: int | None
    ) -> tuple[Tensor, NDArray[np.float32]]:
        by_group = FAMILY_VIEWS[family]
        total, count = torch.zeros(len(clusters), self.dimension), np.zeros(len(clusters), dtype=np.float32)
        views = [by_group.get(group, by_group[""]) for group in GROUPS]
        view_of_cluster = np.array(views, dtype=object)[self.adjacency.groups[clusters]]
        for view in sorted(set(views)):
            rows = np.flatnonzero(view_of_cluster == view)
            if len(rows):
                sums, weights, offsets = self._sum_views(family, view, clusters[rows], fold)
                total[torch.from_numpy(rows)] = sums
                count[rows] = _row_counts(weights, offsets)
        return total, count

    def _flags(self, clusters: NDArray[np.int64], counts: NDArray[np.float32], fold: int | None) -> NDArray[np.float32]:
        flags = np.zeros((len(clusters), FLAGS), dtype=np.float32)
        half = NEIGHBOUR_FLAGS // 2
        flags[:, :half] = counts[:, 1:] > 0
        flags[:, half:NEIGHBOUR_FLAGS] = np.log1p(counts[:, 1:] * self._count_scale(fold)) / 3
        flags[np.arange(len(clusters)), NEIGHBOUR_FLAGS + self.adjacency.groups[clusters].astype(np.int64)] = 1
        flags[:, -EFFECT_FLAGS:] = self._effect_flags[-1 if fold is None else fold, clusters]
        return flags

    def _count_scale(self, fold: int | None) -> float:
        """The factor that estimates the count over all folds from a count without one fold."""
        folds = self.adjacency.folds
        return 1.0 if fold is None or fold == folds else folds / (folds - 1)

    def _make_effect_flags(self) -> NDArray[np.float32]:
        """Three flags per fold and cluster: it has an effect; 4 × the mean and 4 × the largest scaled effect."""
        n, folds, pairs = self.adjacency.size, self.adjacency.folds, self.effects
        nodes = np.concatenate([self.clusters[pairs.anchors], self.clusters[pairs.positives]])
        scaled = np.concatenate([scale_effects(pairs.effects)] * 2)
        fold = np.concatenate([pairs.folds] * 2)
        flags = np.zeros((folds + 2, n, EFFECT_FLAGS), dtype=np.float32)
        for f in range(folds + 2):
            used = (fold != f) & (fold != folds) if f <= folds else np.ones(len(fold), dtype=bool)
            count = np.bincount(nodes[used], minlength=n)
            flags[f, :, 0] = count > 0
            flags[f, :, 1] = 4 * np.bincount(nodes[used], weights=scaled[used], minlength=n) / np.maximum(count, 1)
            np.maximum.at(flags[f, :, 2], nodes[used], 4 * scaled[used])
        return flags


def node_features(
    corpus: Corpus,
    encoder: Encoder,
    folds: int,
    progress: Progress = silent,
    dtype: torch.dtype = torch.float32,
    *,
    split: Split | None = None,
    same_locus: bool = True,
) -> Features:
    """The inputs of the nodes of a corpus: builds the neighbourhoods and encodes the texts of all nodes.

    `split`: the held-out pairs, which all folds exclude (None: no pairs).
    """
    adjacency = build_adjacency(corpus, folds, split, same_locus=same_locus)
    return Features(corpus, adjacency, encoder.encode(corpus.nodes.texts, progress), dtype)


def text_rows(
    vectors: NDArray[np.float32],
    groups: NDArray[np.integer],
    blocks: Sequence[Block] = BLOCKS,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """The inputs of texts that are not nodes, [k, len(blocks) * d + FLAGS]: their vector and the flag of their group.

    `vectors` [k, d]; `groups` [k], index into GROUPS.
    """
    d = vectors.shape[1]
    out = torch.zeros(len(vectors), len(blocks) * d + FLAGS, dtype=dtype)
    first = next(i for i, block in enumerate(blocks) if block.text) * d
    out[:, first : first + d] = normalize(torch.from_numpy(vectors), dim=-1) * d**0.5
    column = len(blocks) * d + NEIGHBOUR_FLAGS + groups.astype(np.int64)
    out[torch.arange(len(vectors)), torch.from_numpy(column)] = 1
    return out


def has_neighbours(x: Tensor, blocks: Sequence[Block]) -> Tensor:
    """Whether inputs have any neighbour, [k]."""
    d = (x.shape[1] - FLAGS) // len(blocks)
    return torch.any(x[:, len(blocks) * d : len(blocks) * d + NEIGHBOUR_FLAGS // 2] > 0, dim=1)


def used_blocks(adjacency: Adjacency, tower: str, without: Sequence[str] = ()) -> tuple[Block, ...]:
    """The blocks that a node of the tower can have, without the excluded ones: the input of its first layer.

    `without`: names of excluded blocks, or "tower.block" for one tower only. Raises ConfigError for an unknown name.
    """
    names = [*BLOCK_NAMES, *(f"{tower}.{name}" for tower in TOWERS for name in BLOCK_NAMES)]
    for name in without:
        if name not in names:
            raise ConfigError("unknown input block", where="model.without", found=name, valid=names)
    snp = adjacency.groups == GROUPS.index("snp")
    counts = np.diff(adjacency.pointers).reshape(adjacency.size, len(FAMILIES))
    has = counts[snp if tower == "snp" else ~snp].sum(axis=0) > 0
    families = {family for family, any_ in zip(FAMILIES, has, strict=True) if any_}
    return tuple(
        block
        for block in BLOCKS
        if ((block.text and tower != "snp") or families.intersection(block.families) or block.through in families)
        and not {block.name, f"{tower}.{block.name}"}.intersection(without)
    )


def _weighted_sums(
    table: Tensor, columns: NDArray[np.int64], offsets: NDArray[np.int64], weights: NDArray[np.float32]
) -> Tensor:
    """Weighted sums of table rows, [k, d] in float32; the entries of row i begin at offsets[i]."""
    if not len(columns) or not len(table):
        return torch.zeros(len(offsets), table.shape[1])
    return embedding_bag(
        torch.from_numpy(columns),
        table,
        torch.from_numpy(offsets),
        mode="sum",
        per_sample_weights=torch.from_numpy(weights).to(table.dtype),
    ).float()


def _row_sums(values: NDArray[np.float32], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    """The sum of each row, [k]; rows may be empty."""
    cumulative = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    row_ends = np.append(offsets[1:], len(values))
    sums = cumulative[row_ends] - cumulative[offsets]
    return np.where(sums > 1e-9, sums, 0.0).astype(np.float32)


def _row_counts(weights: NDArray[np.float32], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    return _row_sums((weights > 0).astype(np.float32), offsets)
