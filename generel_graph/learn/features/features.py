"""The input of nodes, a batch at a time: blocks of text vectors and flags, as a fold sees them."""

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

# What a neighbour on the way shows: the families whose texts it has, and of which views of theirs.
VIEWS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "genes": (("gene",), ()),
    "traits": (("condition", "phenotype"), ()),
    "context": (("condition", "phenotype"), (("snp", "traits"),)),
}
# Which view is taken through a family, by the group of the node that looks; "" for all others.
LOOKS: dict[str, dict[str, str]] = {
    "snp": {"": "genes", "gene": "traits", "snp": "traits"},
    "gene": {"": "context"},
}
EFFECT_SCALE = 0.5  # tanh(|log odds ratio| / .5): the effect's measure everywhere


@dataclass(frozen=True, slots=True)
class EffectPairs:
    """Pairs with an odds ratio: what the effect-size term and the effect flags are made of."""

    anchors: NDArray[np.int32]  # [p], SNPs
    positives: NDArray[np.int32]  # [p], concepts
    effects: NDArray[np.float32]  # [p], |ln odds ratio|
    folds: NDArray[np.uint8]  # [p]

    def __len__(self) -> int:
        return len(self.anchors)


def effect_pairs(corpus: Corpus, adjacency: Adjacency) -> EffectPairs:
    """All tasks' pairs of an SNP and a concept that have an effect; one a pair of clusters, its mean."""
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


def effect_measure(effects: NDArray[np.float32]) -> NDArray[np.float32]:
    """|log odds ratio| put into 0 … 1."""
    return np.tanh(np.abs(effects) / EFFECT_SCALE).astype(np.float32)


class Features:
    """Inputs of the nodes of one corpus; nothing is kept for a node and a fold but counts.

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
        self._effect_flags = self._flags_of_effects()  # [folds + 2, n, 3]

    def rows(self, nodes: NDArray[np.integer], fold: int | None, blocks: Sequence[Block] = BLOCKS) -> Tensor:
        """The inputs of `nodes`, [k, len(blocks) * d + FLAGS], without the pairs of `fold`.

        Fold `folds` sees all that is trained on, that is all but what is held out; None sees all.
        """
        clusters, d = self.clusters[nodes], self.dimension
        out = torch.zeros(len(nodes), len(blocks) * d + FLAGS, dtype=self.dtype)
        counts = np.zeros((len(nodes), len(BLOCKS)), dtype=np.float32)
        for place, block in enumerate(blocks):
            number = BLOCKS.index(block)
            if block.text:
                sums = self.texts[torch.from_numpy(np.asarray(nodes, dtype=np.int64))].float()
            elif block.through:
                sums, counts[:, number] = self._two_hops(block.through, clusters, fold)
            else:
                sums, counts[:, number] = self._one_hop(block.families, clusters, fold)
            out[:, place * d : (place + 1) * d] = normalize(sums, dim=-1) * d**0.5
        out[:, len(blocks) * d :] = torch.from_numpy(self._flags(clusters, counts, fold))
        return out

    def _entries(
        self, clusters: NDArray[np.int64], family: str, fold: int | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Row offsets [k], neighbours and weights of one family; left-out neighbours have weight 0."""
        a = self.adjacency
        at = clusters * len(FAMILIES) + FAMILIES.index(family)
        starts, counts = a.pointers[at], a.pointers[at + 1] - a.pointers[at]
        entries = expand_ranges(starts, counts)
        columns = a.columns[entries]
        degree = a.degrees[-1 if fold is None else fold][columns] * self._scale(fold)
        weights = a.weights[entries] / np.log2(2.0 + degree)
        if fold is not None:
            weights = weights * ((a.masks[entries] >> np.uint16(fold)) & 1 == 0)
        return np.cumsum(counts) - counts, columns.astype(np.int64), weights.astype(np.float32)

    def _one_hop(
        self, families: Sequence[str], clusters: NDArray[np.int64], fold: int | None
    ) -> tuple[Tensor, NDArray[np.float32]]:
        """Weighted sum of the neighbours' texts, [k, d], and how many they are, [k]."""
        total, count = torch.zeros(len(clusters), self.dimension), np.zeros(len(clusters), dtype=np.float32)
        for family in families:
            offsets, columns, weights = self._entries(clusters, family, fold)
            total += _bag(self.texts, columns, offsets, weights)
            count += _count(weights, offsets)
        return total, count

    def _view(self, view: str, clusters: NDArray[np.int64], fold: int | None) -> tuple[Tensor, NDArray[np.bool_]]:
        """What clusters on the way show: weighted means, [k, d], and whether there is anything, [k]."""
        families, views = VIEWS[view]
        total, mass = torch.zeros(len(clusters), self.dimension), np.zeros(len(clusters), dtype=np.float32)
        for family in families:
            offsets, columns, weights = self._entries(clusters, family, fold)
            total += _bag(self.texts, columns, offsets, weights)
            mass += _sum(weights, offsets)
        for family, inner in views:
            sums, weights, offsets = self._through(family, inner, clusters, fold)
            total += sums
            mass += _sum(weights, offsets)
        mean = total / torch.from_numpy(np.where(mass > 0, mass, 1.0)).unsqueeze(1)
        return mean.to(self.dtype), mass > 0

    def _through(
        self, family: str, view: str, clusters: NDArray[np.int64], fold: int | None
    ) -> tuple[Tensor, NDArray[np.float32], NDArray[np.int64]]:
        """Sums of the neighbours' views, [k, d]; the weights that counted; the row offsets."""
        offsets, columns, weights = self._entries(clusters, family, fold)
        met = np.zeros(self.adjacency.size, dtype=bool)
        met[columns[weights > 0]] = True
        on_the_way = np.flatnonzero(met)
        table, shows = self._view(view, on_the_way, fold)
        stands = np.empty(self.adjacency.size, dtype=np.int64)  # where a cluster on the way stands in the table
        stands[on_the_way] = np.arange(len(on_the_way))
        place = np.where(weights > 0, stands[columns], 0)
        weights = weights * (shows[place] if len(shows) else 0.0)
        weights = weights.astype(np.float32)
        return _bag(table, place, offsets, weights), weights, offsets

    def _two_hops(
        self, family: str, clusters: NDArray[np.int64], fold: int | None
    ) -> tuple[Tensor, NDArray[np.float32]]:
        looks = LOOKS[family]
        total, count = torch.zeros(len(clusters), self.dimension), np.zeros(len(clusters), dtype=np.float32)
        views = [looks.get(group, looks[""]) for group in GROUPS]
        seen = np.array(views, dtype=object)[self.adjacency.groups[clusters]]
        for view in sorted(set(views)):
            rows = np.flatnonzero(seen == view)
            if len(rows):
                sums, weights, offsets = self._through(family, view, clusters[rows], fold)
                total[torch.from_numpy(rows)] = sums
                count[rows] = _count(weights, offsets)
        return total, count

    def _flags(self, clusters: NDArray[np.int64], counts: NDArray[np.float32], fold: int | None) -> NDArray[np.float32]:
        flags = np.zeros((len(clusters), FLAGS), dtype=np.float32)
        half = NEIGHBOUR_FLAGS // 2
        flags[:, :half] = counts[:, 1:] > 0
        flags[:, half:NEIGHBOUR_FLAGS] = np.log1p(counts[:, 1:] * self._scale(fold)) / 3
        flags[np.arange(len(clusters)), NEIGHBOUR_FLAGS + self.adjacency.groups[clusters].astype(np.int64)] = 1
        flags[:, -EFFECT_FLAGS:] = self._effect_flags[-1 if fold is None else fold, clusters]
        return flags

    def _scale(self, fold: int | None) -> float:
        """What a count without one fold is multiplied by to stand for the whole."""
        folds = self.adjacency.folds
        return 1.0 if fold is None or fold == folds else folds / (folds - 1)

    def _flags_of_effects(self) -> NDArray[np.float32]:
        """Has an effect; 4 × mean and 4 × largest measure of a cluster's effects; a fold without its own."""
        n, folds, pairs = self.adjacency.size, self.adjacency.folds, self.effects
        ends = np.concatenate([self.clusters[pairs.anchors], self.clusters[pairs.positives]])
        measure = np.concatenate([effect_measure(pairs.effects)] * 2)
        left_out = np.concatenate([pairs.folds] * 2)
        flags = np.zeros((folds + 2, n, EFFECT_FLAGS), dtype=np.float32)
        for f in range(folds + 2):
            seen = (left_out != f) & (left_out != folds) if f <= folds else np.ones(len(left_out), dtype=bool)
            count = np.bincount(ends[seen], minlength=n)
            flags[f, :, 0] = count > 0
            flags[f, :, 1] = 4 * np.bincount(ends[seen], weights=measure[seen], minlength=n) / np.maximum(count, 1)
            np.maximum.at(flags[f, :, 2], ends[seen], 4 * measure[seen])
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
    """The inputs of a corpus' nodes: neighbourhoods, and all nodes' texts encoded; `split`: what no fold sees."""
    adjacency = build_adjacency(corpus, folds, split, same_locus=same_locus)
    return Features(corpus, adjacency, encoder.encode(corpus.nodes.texts, progress), dtype)


def text_rows(
    vectors: NDArray[np.float32],
    groups: NDArray[np.integer],
    blocks: Sequence[Block] = BLOCKS,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Inputs of texts that are no nodes, [k, len(blocks) * d + FLAGS]: their own vector and the kind's flag.

    `vectors` [k, d]; `groups` [k], index into GROUPS.
    """
    d = vectors.shape[1]
    out = torch.zeros(len(vectors), len(blocks) * d + FLAGS, dtype=dtype)
    at = next(i for i, block in enumerate(blocks) if block.text) * d
    out[:, at : at + d] = normalize(torch.from_numpy(vectors), dim=-1) * d**0.5
    column = len(blocks) * d + NEIGHBOUR_FLAGS + groups.astype(np.int64)
    out[torch.arange(len(vectors)), torch.from_numpy(column)] = 1
    return out


def has_neighbours(x: Tensor, blocks: Sequence[Block]) -> Tensor:
    """Whether inputs have anything but their own text, [k]."""
    d = (x.shape[1] - FLAGS) // len(blocks)
    return torch.any(x[:, len(blocks) * d : len(blocks) * d + NEIGHBOUR_FLAGS // 2] > 0, dim=1)


def used_blocks(adjacency: Adjacency, tower: str, without: Sequence[str] = ()) -> tuple[Block, ...]:
    """The blocks that any node of a tower can have, and that are not left out: what its first layer is made for.

    `without`: names of blocks, or "tower.block" for one tower alone. Raises ConfigError for one that there is not.
    """
    names = [*BLOCK_NAMES, *(f"{tower}.{name}" for tower in TOWERS for name in BLOCK_NAMES)]
    for name in without:
        if name not in names:
            raise ConfigError("no such input", where="model.without", found=name, valid=names)
    snp = adjacency.groups == GROUPS.index("snp")
    counts = np.diff(adjacency.pointers).reshape(adjacency.size, len(FAMILIES))
    has = counts[snp if tower == "snp" else ~snp].sum(axis=0) > 0
    met = {family for family, any_ in zip(FAMILIES, has, strict=True) if any_}
    return tuple(
        block
        for block in BLOCKS
        if ((block.text and tower != "snp") or met.intersection(block.families) or block.through in met)
        and not {block.name, f"{tower}.{block.name}"}.intersection(without)
    )


def _bag(table: Tensor, columns: NDArray[np.int64], offsets: NDArray[np.int64], weights: NDArray[np.float32]) -> Tensor:
    """Weighted sums of table rows, [k, d] in float32; row i takes the entries from offsets[i] on."""
    if not len(columns) or not len(table):
        return torch.zeros(len(offsets), table.shape[1])
    return embedding_bag(
        torch.from_numpy(columns),
        table,
        torch.from_numpy(offsets),
        mode="sum",
        per_sample_weights=torch.from_numpy(weights).to(table.dtype),
    ).float()


def _sum(values: NDArray[np.float32], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    """Sums of rows, empty ones among them, [k]."""
    before = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    ends = np.append(offsets[1:], len(values))
    sums = before[ends] - before[offsets]
    return np.where(sums > 1e-9, sums, 0.0).astype(np.float32)


def _count(weights: NDArray[np.float32], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    return _sum((weights > 0).astype(np.float32), offsets)
