"""Which pairs a step sees: rounds of steps that share a fold, so that a node's input is made once a round.

A round is a pure function of (seed, number): nothing of the sampler needs to be kept to resume.
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
from generel_graph.learn.features.features import EffectPairs, effect_measure, text_rows
from generel_graph.learn.pairs.groups import FEWEST_OF_BATCH, TaskGroup
from generel_graph.learn.pairs.training_data import TrainingData

ROUND_STEPS = 40  # steps of a round
EFFECT_EVERY = 4  # steps between effect-size terms where the task itself has no effects
CANDIDATES = 3  # told from a round's and the validation's draws by this
NO_NODES: NDArray[np.int64] = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """What one step is trained on."""

    number: int
    group: int  # index into the groups
    pairs: NDArray[np.int64]  # rows of the group
    candidates: NDArray[np.int64]  # rows whose positives are looked at for hard negatives; none: off, or texts
    effects: NDArray[np.int64]  # rows of the effect pairs; none: no effect-size term
    fold: int
    whole: bool  # the contrastive pairs read the features of all edges


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a batch's pairs: rows of a tower's output."""

    tower: str
    rows: Tensor  # [n]

    def to(self, device: torch.device) -> Side:
        """The same on a device."""
        return replace(self, rows=self.rows.to(device))


@dataclass(frozen=True, slots=True)
class Batch:
    """A step as tensors: inputs and sides of this process' pairs, weights and mask of all of them."""

    inputs: Mapping[str, Tensor]  # tower → [k, width], each node once
    nodes: Mapping[str, NDArray[np.int64]]  # tower → [k]; −1 for a text
    anchors: Side
    positives: Side
    weights: Tensor  # [n]
    hidden: Tensor  # [n, n], pairs that are no negatives
    others: Side | None  # this process' part of the k further negatives, on the positives' side
    others_hidden: Tensor  # [n, k], where they are none
    effect_anchors: Side | None
    effect_positives: Side | None
    measure: Tensor  # [m], of the effect pairs

    def to(self, device: torch.device) -> Batch:
        """The same on a device; `nodes` stay where they are."""
        if device.type == "cpu":
            return self
        moved = {f.name: getattr(self, f.name) for f in fields(self)}
        moved |= {key: value.to(device) for key, value in moved.items() if isinstance(value, Tensor | Side)}
        return Batch(**moved | {"inputs": {tower: x.to(device) for tower, x in self.inputs.items()}})


def plan_round(
    groups: Sequence[TaskGroup], effects: EffectPairs, config: TrainConfig, number: int, last: int = 0
) -> tuple[TrainingStep, ...]:
    """Draw the steps of round `number`: one fold; tasks by c·√pairs; no anchor twice in a batch.

    `last`: how many steps there are in all (0: the configured ones). A group smaller than a batch gives a smaller
    batch. Raises ModelError if no group has two pairs there.
    """
    rng = np.random.default_rng([config.seed, number])
    cycle = np.random.default_rng([config.seed, number // config.folds, 1]).permutation(config.folds)
    fold = int(cycle[number % config.folds])
    able = [i for i, group in enumerate(groups) if len(group.by_fold[fold]) >= FEWEST_OF_BATCH]
    if not able:
        raise ModelError(
            "no task has two pairs in a leave-out fold",
            where="training",
            found=f"fold {fold} of {config.folds}",
            next_step="load more data, or set fewer [train] folds",
        )
    share = np.array([groups[i].share for i in able])
    of_fold = np.flatnonzero(effects.folds == fold)
    steps = []
    first = number * ROUND_STEPS
    for at in range(first, min(first + ROUND_STEPS, last or config.steps)):
        chosen = able[int(rng.choice(len(able), p=share / share.sum()))]
        group = groups[chosen]
        pairs = _draw(rng, group.anchor_clusters, group.by_fold[fold], config.batch_size)
        mixed = rng.random() < config.mix_in
        with_effects = config.effect_weight > 0 and (group.has_effects or at % EFFECT_EVERY == 0)
        some = rng.permutation(of_fold)[: config.batch_size] if with_effects else of_fold[:0]
        looked_at = _candidates(group, group.by_fold[fold], pairs, config, at)
        steps.append(TrainingStep(at, chosen, pairs, looked_at, some, fold, whole=bool(mixed) or not group.leave_out))
    return tuple(steps)


def _candidates(
    group: TaskGroup, pool: NDArray[np.int64], pairs: NDArray[np.int64], config: TrainConfig, number: int
) -> NDArray[np.int64]:
    """Rows of a step's fold with other positives than the batch's, each positive once."""
    if config.hard_negatives <= 0 or group.is_text:
        return pairs[:0]
    rng = np.random.default_rng([config.seed, number, CANDIDATES])
    drawn = _draw(rng, group.positive_clusters, pool, config.hard_pool)
    return drawn[~np.isin(group.positive_clusters[drawn], group.positive_clusters[pairs])]


def _draw(rng: np.random.Generator, ends: NDArray[np.int64], pool: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """At most `size` rows of the pool, no two of one end."""
    if len(pool) <= 4 * size:
        drawn = rng.permutation(pool)
    else:  # without shuffling millions for some hundreds
        drawn = pool[rng.integers(len(pool), size=2 * size)]
    _, first = np.unique(ends[drawn], return_index=True)
    return drawn[np.sort(first)][:size]


class RoundInputs:
    """The inputs of all nodes that a round's steps name, made at once; batches are cut from them."""

    def __init__(self, given: TrainingData, steps: Sequence[TrainingStep], mine: slice = slice(None)) -> None:
        """`mine`: which of a step's pairs this process makes the inputs of; of further negatives it makes all."""
        self.features, self.groups = given.features, given.groups
        self.given, self.mine = given, mine
        wanted: dict[tuple[str, int], list[NDArray[np.int64]]] = {}
        for step in steps:
            group = self.groups[step.group]
            near = group.positives[step.candidates].astype(np.int64)
            others = (group.towers[1], self.fold(step), np.concatenate([self._denied(step), near]))
            for tower, fold, nodes in [*self._ends(step).values(), others]:
                wanted.setdefault((tower, fold), []).append(nodes)
        self._nodes = {key: sorted_unique(np.concatenate(parts)) for key, parts in wanted.items()}
        self._tables = {
            (tower, fold): self.features.rows(nodes, fold, given.shapes[tower].blocks)
            for (tower, fold), nodes in self._nodes.items()
        }

    def fold(self, step: TrainingStep) -> int:
        """The fold whose features a step's contrastive pairs read."""
        return self.features.adjacency.folds if step.whole else step.fold

    def rows(self, tower: str, fold: int, nodes: NDArray[np.int64]) -> Tensor:
        """The inputs of some of the round's nodes, [k, width]."""
        return self._tables[tower, fold][torch.from_numpy(np.searchsorted(self._nodes[tower, fold], nodes))]

    def batch(self, step: TrainingStep, near: NDArray[np.int64] = NO_NODES) -> Batch:
        """The tensors of one step; `near`: nodes among its candidates that join it as hard negatives."""
        group, clusters = self.groups[step.group], self.features.clusters
        anchors, positives = group.anchor_clusters[step.pairs], group.positive_clusters[step.pairs]
        others = sorted_unique(np.concatenate([self._denied(step), near]))
        ends = self._ends(step)
        if len(others):
            ends["others"] = (group.towers[1], self.fold(step), others[self.mine])
        inputs: dict[str, Tensor] = {}
        nodes: dict[str, NDArray[np.int64]] = {}
        offsets: dict[tuple[str, int], tuple[int, NDArray[np.int64]]] = {}
        parts: dict[str, list[Tensor]] = {}
        for key in sorted({(tower, fold) for tower, fold, _ in ends.values()}, key=str):
            tower = key[0]
            unique = sorted_unique(np.concatenate([n for t, f, n in ends.values() if (t, f) == key]))
            offsets[key] = (sum(len(p) for p in parts.get(tower, [])), unique)
            parts.setdefault(tower, []).append(self.rows(*key, unique))
            nodes[tower] = np.concatenate([nodes.get(tower, unique[:0]), unique])

        def side(tower: str, fold: int, wanted: NDArray[np.int64]) -> Side:
            offset, unique = offsets[tower, fold]
            return Side(tower, torch.from_numpy(offset + np.searchsorted(unique, wanted)))

        sides = {name: side(*end) for name, end in ends.items()}
        if group.is_text:
            rows, texts = self._texts(group, step)
            before = sum(len(p) for p in parts.get("concept", []))
            parts.setdefault("concept", []).append(texts)
            nodes["concept"] = np.concatenate([nodes["concept"], np.full(len(texts), -1)])
            sides["positives"] = Side("concept", torch.from_numpy(before + rows))
        inputs = {tower: torch.cat(some) for tower, some in parts.items()}
        masked, effects = self.given.masked, self.features.effects
        others_hidden = masked.between(anchors, clusters[others])
        return Batch(
            inputs=inputs,
            nodes=nodes,
            weights=torch.from_numpy(group.weights[step.pairs]),
            hidden=torch.from_numpy(masked.hidden(anchors, positives)),
            others_hidden=torch.from_numpy(others_hidden),
            anchors=sides["anchors"],
            positives=sides["positives"],
            others=sides.get("others"),
            effect_anchors=sides.get("effect_anchors"),
            effect_positives=sides.get("effect_positives"),
            measure=torch.from_numpy(effect_measure(effects.effects[step.effects])),
        )

    def _ends(self, step: TrainingStep) -> dict[str, tuple[str, int, NDArray[np.int64]]]:
        """(tower, fold, nodes) of anchors, positives (unless texts), and both ends of the effect pairs."""
        group, fold = self.groups[step.group], self.fold(step)
        pairs, effects = step.pairs[self.mine], step.effects[self.mine]
        ends = {"anchors": (group.towers[0], fold, group.anchors[pairs].astype(np.int64))}
        if not group.is_text:
            ends["positives"] = (group.towers[1], fold, group.positives[pairs].astype(np.int64))
        if len(step.effects):
            made = self.features.effects
            ends["effect_anchors"] = ("snp", step.fold, made.anchors[effects].astype(np.int64))
            ends["effect_positives"] = ("concept", step.fold, made.positives[effects].astype(np.int64))
        return ends

    def _denied(self, step: TrainingStep) -> NDArray[np.int64]:
        """What is denied of the anchors and is no positive of the batch: clusters, by their representatives."""
        group = self.groups[step.group]
        if group.is_text:
            return NO_NODES
        found = self.given.denied.of(group.anchor_clusters[step.pairs], group.positive_kind)
        return found[~np.isin(found, group.positive_clusters[step.pairs])]

    def _texts(self, group: TaskGroup, step: TrainingStep) -> tuple[NDArray[np.int64], Tensor]:
        vectors = self.given.synonyms[group.task][group.positives[step.pairs[self.mine]]]
        groups = self.features.adjacency.groups[group.anchor_clusters[step.pairs[self.mine]]]
        blocks = self.given.shapes["concept"].blocks
        return np.arange(len(vectors)), text_rows(vectors, groups, blocks, self.features.dtype)
