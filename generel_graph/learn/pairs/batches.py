"""Sampling of batches, in rounds of steps that share a fold, so that the input of a node is computed once per round.

A round is a pure function of (seed, number), so that resuming needs no sampler state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generel_etl.errors import ModelError
from generel_graph.config import TrainConfig
from generel_graph.corpus.arrays import sorted_unique
from generel_graph.learn.features.features import EffectPairs, scale_effects, text_rows
from generel_graph.learn.pairs.groups import MIN_BATCH_PAIRS, TaskGroup
from generel_graph.learn.pairs.training_data import TrainingData

ROUND_STEPS = 40  # steps per round
EFFECT_EVERY = 4  # steps between effect-size terms if the task itself has no effects
CANDIDATES = 3  # part of the seed of candidate draws, different from those of rounds and validation
NO_NODES: NDArray[np.int64] = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """The pairs of one training step."""

    number: int
    group: int  # index into the groups
    pairs: NDArray[np.int64]  # rows of the group
    candidates: NDArray[np.int64]  # rows whose positives are candidates for hard negatives; empty: off, or a text task
    effects: NDArray[np.int64]  # rows of the effect pairs; empty: no effect-size term
    fold: int
    all_folds: bool  # the inputs of the contrastive pairs include the pairs of all folds


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the pairs of a batch: rows of the output of a tower."""

    tower: str
    rows: Tensor  # [n]

    def to(self, device: torch.device) -> Side:
        """The same on a device."""
        return replace(self, rows=self.rows.to(device))


@dataclass(frozen=True, slots=True)
class Batch:
    """A step as tensors: the inputs and sides of this process's pairs, and the weights and masks of all pairs."""

    inputs: Mapping[str, Tensor]  # tower → [k, width], each node once
    nodes: Mapping[str, NDArray[np.int64]]  # tower → [k]; −1 for a text
    anchors: Side
    positives: Side
    weights: Tensor  # [n]
    mask: Tensor  # [n, n], True for (anchor i, positive j) that is not a negative
    extra_negatives: Side | None  # this process's part of the k extra negatives, on the side of the positives
    extra_mask: Tensor  # [n, k], True for an extra negative that is not a negative of anchor i
    effect_anchors: Side | None
    effect_positives: Side | None
    scaled_effects: Tensor  # [m], of the effect pairs, 0 … 1

    def to(self, device: torch.device) -> Batch:
        """The same on a device; `nodes` stay in main memory."""
        if device.type == "cpu":
            return self
        moved = {f.name: getattr(self, f.name) for f in fields(self)}
        moved |= {key: value.to(device) for key, value in moved.items() if isinstance(value, Tensor | Side)}
        return Batch(**moved | {"inputs": {tower: x.to(device) for tower, x in self.inputs.items()}})


def plan_round(
    groups: Sequence[TaskGroup], effects: EffectPairs, config: TrainConfig, number: int, last: int = 0
) -> tuple[TrainingStep, ...]:
    """Draw the steps of round `number`: one fold; groups with probability ∝ c·√pairs; no anchor twice in a batch.

    `last`: the total number of steps (0: the configured number). A group with fewer pairs than a batch gives a smaller
    batch. Raises ModelError if no group has two pairs in the fold.
    """
    rng = np.random.default_rng([config.seed, number])
    cycle = np.random.default_rng([config.seed, number // config.folds, 1]).permutation(config.folds)
    fold = int(cycle[number % config.folds])
    usable = [i for i, group in enumerate(groups) if len(group.by_fold[fold]) >= MIN_BATCH_PAIRS]
    if not usable:
        raise ModelError(
            "no task has two pairs in a leave-out fold",
            where="training",
            found=f"fold {fold} of {config.folds}",
            next_step="load more data, or set fewer [train] folds",
        )
    weights = np.array([groups[i].draw_weight for i in usable])
    fold_effects = np.flatnonzero(effects.folds == fold)
    steps = []
    first = number * ROUND_STEPS
    for step in range(first, min(first + ROUND_STEPS, last or config.steps)):
        group_index = usable[int(rng.choice(len(usable), p=weights / weights.sum()))]
        group = groups[group_index]
        pairs = _draw(rng, group.anchor_clusters, group.by_fold[fold], config.batch_size)
        mix_in = bool(rng.random() < config.mix_in)
        with_effects = config.effect_weight > 0 and (group.has_effects or step % EFFECT_EVERY == 0)
        effect_rows = rng.permutation(fold_effects)[: config.batch_size] if with_effects else fold_effects[:0]
        candidates = _candidates(group, group.by_fold[fold], pairs, config, step)
        all_folds = mix_in or not group.leave_pairs_out
        steps.append(TrainingStep(step, group_index, pairs, candidates, effect_rows, fold, all_folds))
    return tuple(steps)


def _candidates(
    group: TaskGroup, pool: NDArray[np.int64], pairs: NDArray[np.int64], config: TrainConfig, number: int
) -> NDArray[np.int64]:
    """Rows of the fold whose positives are not in the batch, each positive once."""
    if config.hard_negatives <= 0 or group.is_text:
        return pairs[:0]
    rng = np.random.default_rng([config.seed, number, CANDIDATES])
    rows = _draw(rng, group.positive_clusters, pool, config.hard_pool)
    return rows[~np.isin(group.positive_clusters[rows], group.positive_clusters[pairs])]


def _draw(
    rng: np.random.Generator, clusters: NDArray[np.int64], pool: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    """Draw at most `size` rows of the pool, no two with the same cluster."""
    if len(pool) <= 4 * size:
        rows = rng.permutation(pool)
    else:  # avoids shuffling millions of rows to draw some hundreds
        rows = pool[rng.integers(len(pool), size=2 * size)]
    _, first = np.unique(clusters[rows], return_index=True)
    return rows[np.sort(first)][:size]


class RoundInputs:
    """The inputs of all nodes of a round, computed at once; the batches are taken from them."""

    def __init__(self, data: TrainingData, steps: Sequence[TrainingStep], pair_slice: slice = slice(None)) -> None:
        """`pair_slice`: the pairs of each step whose inputs this process computes; it computes all extra negatives."""
        self.features, self.groups = data.features, data.groups
        self.data, self.pair_slice = data, pair_slice
        wanted: dict[tuple[str, int], list[NDArray[np.int64]]] = {}
        for step in steps:
            group = self.groups[step.group]
            candidates = group.positives[step.candidates].astype(np.int64)
            extra = (group.towers[1], self.fold(step), np.concatenate([self._true_negatives(step), candidates]))
            for tower, fold, nodes in [*self._sides(step).values(), extra]:
                wanted.setdefault((tower, fold), []).append(nodes)
        self._nodes = {key: sorted_unique(np.concatenate(parts)) for key, parts in wanted.items()}
        self._tables = {
            (tower, fold): self.features.rows(nodes, fold, data.shapes[tower].blocks)
            for (tower, fold), nodes in self._nodes.items()
        }

    def fold(self, step: TrainingStep) -> int:
        """The fold of the inputs of a step's contrastive pairs."""
        return self.features.adjacency.folds if step.all_folds else step.fold

    def rows(self, tower: str, fold: int, nodes: NDArray[np.int64]) -> Tensor:
        """The inputs of some of the round's nodes, [k, width]."""
        return self._tables[tower, fold][torch.from_numpy(np.searchsorted(self._nodes[tower, fold], nodes))]

    def batch(self, step: TrainingStep, hard_negatives: NDArray[np.int64] = NO_NODES) -> Batch:
        """The tensors of one step; `hard_negatives`: nodes among its candidates that become extra negatives."""
        group, clusters = self.groups[step.group], self.features.clusters
        anchors, positives = group.anchor_clusters[step.pairs], group.positive_clusters[step.pairs]
        extra_negatives = sorted_unique(np.concatenate([self._true_negatives(step), hard_negatives]))
        side_nodes = self._sides(step)
        if len(extra_negatives):
            side_nodes["extra_negatives"] = (group.towers[1], self.fold(step), extra_negatives[self.pair_slice])
        inputs: dict[str, Tensor] = {}
        nodes: dict[str, NDArray[np.int64]] = {}
        offsets: dict[tuple[str, int], tuple[int, NDArray[np.int64]]] = {}
        parts: dict[str, list[Tensor]] = {}
        for key in sorted({(tower, fold) for tower, fold, _ in side_nodes.values()}, key=str):
            tower = key[0]
            unique = sorted_unique(np.concatenate([n for t, f, n in side_nodes.values() if (t, f) == key]))
            offsets[key] = (sum(len(p) for p in parts.get(tower, [])), unique)
            parts.setdefault(tower, []).append(self.rows(*key, unique))
            nodes[tower] = np.concatenate([nodes.get(tower, unique[:0]), unique])

        def side(tower: str, fold: int, wanted: NDArray[np.int64]) -> Side:
            offset, unique = offsets[tower, fold]
            return Side(tower, torch.from_numpy(offset + np.searchsorted(unique, wanted)))

        sides = {name: side(*tower_fold_nodes) for name, tower_fold_nodes in side_nodes.items()}
        if group.is_text:
            texts = self._text_inputs(group, step)
            offset = sum(len(p) for p in parts.get("concept", []))
            parts.setdefault("concept", []).append(texts)
            nodes["concept"] = np.concatenate([nodes["concept"], np.full(len(texts), -1)])
            sides["positives"] = Side("concept", torch.from_numpy(offset + np.arange(len(texts))))
        inputs = {tower: torch.cat(tower_parts) for tower, tower_parts in parts.items()}
        masked, effects = self.data.masked, self.features.effects
        return Batch(
            inputs=inputs,
            nodes=nodes,
            weights=torch.from_numpy(group.weights[step.pairs]),
            mask=torch.from_numpy(masked.batch_mask(anchors, positives)),
            extra_mask=torch.from_numpy(masked.mask(anchors, clusters[extra_negatives])),
            anchors=sides["anchors"],
            positives=sides["positives"],
            extra_negatives=sides.get("extra_negatives"),
            effect_anchors=sides.get("effect_anchors"),
            effect_positives=sides.get("effect_positives"),
            scaled_effects=torch.from_numpy(scale_effects(effects.effects[step.effects])),
        )

    def _sides(self, step: TrainingStep) -> dict[str, tuple[str, int, NDArray[np.int64]]]:
        """(tower, fold, nodes) of anchors, positives (unless they are texts), and both sides of the effect pairs."""
        group, fold = self.groups[step.group], self.fold(step)
        pairs, effects = step.pairs[self.pair_slice], step.effects[self.pair_slice]
        sides = {"anchors": (group.towers[0], fold, group.anchors[pairs].astype(np.int64))}
        if not group.is_text:
            sides["positives"] = (group.towers[1], fold, group.positives[pairs].astype(np.int64))
        if len(step.effects):
            effect_pairs = self.features.effects
            sides["effect_anchors"] = ("snp", step.fold, effect_pairs.anchors[effects].astype(np.int64))
            sides["effect_positives"] = ("concept", step.fold, effect_pairs.positives[effects].astype(np.int64))
        return sides

    def _true_negatives(self, step: TrainingStep) -> NDArray[np.int64]:
        """The clusters of negated pairs with an anchor of the batch that are not positives of the batch."""
        group = self.groups[step.group]
        if group.is_text:
            return NO_NODES
        negatives = self.data.negated.negatives_of(group.anchor_clusters[step.pairs], group.positive_kind)
        return negatives[~np.isin(negatives, group.positive_clusters[step.pairs])]

    def _text_inputs(self, group: TaskGroup, step: TrainingStep) -> Tensor:
        """The inputs of the positives of a text task, [k, width]."""
        vectors = self.data.synonyms[group.task][group.positives[step.pairs[self.pair_slice]]]
        groups = self.features.adjacency.groups[group.anchor_clusters[step.pairs[self.pair_slice]]]
        return text_rows(vectors, groups, self.data.shapes["concept"].blocks, self.features.dtype)
