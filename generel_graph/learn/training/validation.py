"""Validation during training: held-out pairs against negatives that are not known positives, by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from generel_graph.corpus.arrays import sorted_unique
from generel_graph.learn.features.features import text_rows
from generel_graph.learn.losses import info_nce
from generel_graph.learn.model.towers import replace_text
from generel_graph.learn.pairs.groups import KnownPairs, TaskGroup
from generel_graph.learn.pairs.training_data import TrainingData
from generel_graph.learn.training.schedule import LANGUAGE
from generel_graph.metrics import auc, spearman
from generel_graph.model_folder import ValidationRow

MAX_PAIRS = 256  # per group, so that a validation takes seconds
MIN_PAIRS = 8
NEGATIVES = 20  # of each kind, per pair
CHUNK = 4096  # nodes per forward pass of a tower
MEANS = ("loss", "chance", "auc", "auc_degree", "mrr", "spearman")  # the fields of a ValidationRow that are means
SAMPLING = ("uniform", "degree")  # how negatives are drawn


@dataclass(frozen=True, slots=True)
class HeldOutSample:
    """Held-out pairs of a group, and negatives for each, as rows of the group."""

    group: TaskGroup
    rows: NDArray[np.int64]  # [p]
    negatives: Mapping[str, NDArray[np.int64]]  # by SAMPLING: [p, NEGATIVES], −1 for a known positive

    @property
    def all_rows(self) -> NDArray[np.int64]:
        """The rows of the pairs and of the negatives."""
        return np.concatenate([self.rows, *(rows[rows >= 0] for rows in self.negatives.values())])


@dataclass(frozen=True, slots=True)
class ValidationGroup:
    """The validated pairs of a group, as rows of the input tables."""

    task: str
    anchors: NDArray[np.int64]  # [p]
    positives: NDArray[np.int64]  # [p]
    negatives: Mapping[str, NDArray[np.int64]]  # by SAMPLING: [p, NEGATIVES], −1 for a known positive
    towers: tuple[str, str]
    weights: NDArray[np.float32]  # [p]
    mask: NDArray[np.bool_]  # [p, p]
    effects: NDArray[np.float32]  # [p], |ln odds ratio|; NaN unknown


class InputTables:
    """The inputs of all nodes and texts of the samples, one table per tower."""

    def __init__(self, data: TrainingData, samples: Sequence[HeldOutSample]) -> None:
        features, corpus = data.features, data.corpus
        wanted = {tower: [np.empty(0, np.int64)] for tower in data.shapes}
        for sample in samples:
            group = sample.group
            wanted[group.towers[0]].append(group.anchors[sample.rows].astype(np.int64))
            if not group.is_text:
                wanted[group.towers[1]].append(group.positives[sample.all_rows].astype(np.int64))
        self.nodes = {tower: sorted_unique(np.concatenate(parts)) for tower, parts in wanted.items()}
        fold = features.adjacency.folds
        parts = {tower: [features.rows(nodes, fold, data.shapes[tower].blocks)] for tower, nodes in self.nodes.items()}
        self.texts = [corpus.nodes.texts[node] for node in self.nodes["concept"].tolist()]  # of the concepts' table
        self._text_rows: dict[str, tuple[int, NDArray[np.int64]]] = {}  # key → first table row, rows of the group
        for sample in samples:
            group = sample.group
            if group.is_text:
                rows = sorted_unique(sample.all_rows)
                self._text_rows[_key(group)] = len(self.texts), rows
                kinds = features.adjacency.groups[group.anchor_clusters[rows]]
                vectors = data.synonyms[group.task][group.positives[rows]]
                self.texts += [corpus.tasks[group.task].texts[row] for row in group.positives[rows].tolist()]
                parts["concept"].append(text_rows(vectors, kinds, data.shapes["concept"].blocks, features.dtype))
        self.inputs = {tower: torch.cat(tower_parts) for tower, tower_parts in parts.items()}
        self.identities = {
            tower: np.concatenate([data.own_rows[nodes], np.full(len(self.inputs[tower]) - len(nodes), -1)])
            for tower, nodes in self.nodes.items()
        }

    def anchors(self, group: TaskGroup, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The table rows of the anchors of some rows of a group."""
        return np.searchsorted(self.nodes[group.towers[0]], group.anchors[rows])

    def positives(self, group: TaskGroup, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The table rows of the positives of some rows of a group; −1 for row −1."""
        if group.is_text:
            first, group_rows = self._text_rows[_key(group)]
            table_rows = first + np.searchsorted(group_rows, rows)
        else:
            table_rows = np.searchsorted(self.nodes[group.towers[1]], group.positives[np.maximum(rows, 0)])
        return np.where(rows >= 0, table_rows, -1)


class Validation:
    """The held-out pairs of all groups and their inputs, prepared once; `measure` evaluates the current towers."""

    def __init__(self, data: TrainingData, *, temperature: float, seed: int) -> None:
        self.temperature = temperature
        samples = draw_samples(data, seed)
        self.tables = InputTables(data, samples)
        self.groups = [_locate(sample, self.tables, data.known) for sample in samples]
        self._concept_shape = data.shapes["concept"]

    def __len__(self) -> int:
        return len(self.groups)

    @torch.inference_mode()
    def measure(self, towers: nn.ModuleDict, step: int, *, is_finetuned: bool = False) -> list[ValidationRow]:
        """Validate each task with the current towers, which are left in training mode.

        `is_finetuned`: the language model beside the towers has been trained, so the texts are encoded again.
        """
        towers.eval()
        z = {tower: self.run_tower(towers, tower, is_finetuned) for tower in self.tables.inputs}
        towers.train()
        by_task: dict[str, list[ValidationRow]] = {}
        for group in self.groups:
            by_task.setdefault(group.task, []).append(self._measure_group(group, z, step))
        return [_mean(rows) for rows in by_task.values()]

    def run_tower(self, towers: nn.ModuleDict, tower: str, is_finetuned: bool) -> Tensor:
        """The vectors of a tower's input table, [rows, dimension]."""
        x, identities = self.tables.inputs[tower], torch.from_numpy(self.tables.identities[tower])
        if not len(x):
            return torch.empty(0, 1)
        device, parts = next(towers.parameters()).device, []
        with torch.autocast(device.type, x.dtype, enabled=x.dtype != torch.float32):  # as in training
            for first in range(0, len(x), CHUNK):
                chunk = x[first : first + CHUNK].to(device)
                if is_finetuned and tower == "concept":
                    texts = towers[LANGUAGE](self.tables.texts[first : first + CHUNK])
                    chunk = replace_text(chunk, self._concept_shape, texts)
                parts.append(towers[tower](chunk, identities[first : first + CHUNK].to(device)).cpu())
        return torch.cat(parts)

    def _measure_group(self, group: ValidationGroup, z: Mapping[str, Tensor], step: int) -> ValidationRow:
        u, v = z[group.towers[0]][group.anchors], z[group.towers[1]][group.positives]
        weights = torch.from_numpy(group.weights / group.weights.mean())
        loss, chance = info_nce(u, v, weights, torch.from_numpy(group.mask), self.temperature)
        own = (u * v).sum(-1).numpy().astype(np.float64)
        cosines: dict[str, NDArray[np.float64]] = {}
        for sampling, rows in group.negatives.items():
            values = torch.einsum("pd,pkd->pk", u, z[group.towers[1]][np.maximum(rows, 0)]).numpy()
            cosines[sampling] = np.where(rows >= 0, values.astype(np.float64), np.nan)
        areas = {sampling: _auc(own, values) for sampling, values in cosines.items()}
        degree = cosines["degree"]
        rank = 1 + (degree > own[:, None]).sum(axis=1) + (degree == own[:, None]).sum(axis=1) / 2
        has_effect = np.isfinite(group.effects)
        return ValidationRow(
            step=step,
            task=group.task,
            pairs=len(own),
            loss=float(loss),
            chance=chance,
            auc=areas["uniform"],
            auc_degree=areas["degree"],
            mrr=float((1 / rank).mean()),
            spearman=spearman(own[has_effect], group.effects[has_effect].astype(np.float64)),
        )


def mean_auc(rows: Sequence[ValidationRow]) -> float:
    """The criterion of the best step: the mean degree-matched AUC of the tasks; NaN if no task has one."""
    values = [row.auc_degree for row in rows if np.isfinite(row.auc_degree)]
    return float(np.mean(values)) if values else float("nan")


def draw_samples(data: TrainingData, seed: int) -> list[HeldOutSample]:
    """Draw at most MAX_PAIRS held-out pairs of each group, and their negatives."""
    rng = np.random.default_rng([seed, 2])
    drawn = [
        (group, rng.permutation(group.held_out)[:MAX_PAIRS])
        for group in data.groups
        if len(group.held_out) >= MIN_PAIRS
    ]
    return [HeldOutSample(group, rows, _draw_negatives(rng, group, rows, data.known)) for group, rows in drawn]


def _draw_negatives(
    rng: np.random.Generator, group: TaskGroup, rows: NDArray[np.int64], known: KnownPairs
) -> dict[str, NDArray[np.int64]]:
    """Rows of the group whose positives serve as negatives, [p, NEGATIVES] by SAMPLING; −1 for a known positive."""
    _, first = np.unique(group.positives, return_index=True)
    pools = dict(zip(SAMPLING, (first, np.arange(len(group.positives))), strict=True))
    negatives = {}
    for sampling, pool in pools.items():
        drawn = rng.choice(pool, size=(len(rows), NEGATIVES))
        anchors = np.repeat(group.anchor_clusters[rows], NEGATIVES)
        is_known = known.contains(anchors, group.positive_clusters[drawn].ravel())
        negatives[sampling] = np.where(is_known.reshape(drawn.shape), -1, drawn)
    return negatives


def _locate(sample: HeldOutSample, tables: InputTables, known: KnownPairs) -> ValidationGroup:
    group, rows = sample.group, sample.rows
    return ValidationGroup(
        task=group.task,
        anchors=tables.anchors(group, rows),
        positives=tables.positives(group, rows),
        negatives={sampling: tables.positives(group, drawn) for sampling, drawn in sample.negatives.items()},
        towers=("concept", "concept") if group.is_text else group.towers,
        weights=group.weights[rows],
        mask=known.batch_mask(group.anchor_clusters[rows], group.positive_clusters[rows]),
        effects=group.effects[rows],
    )


def _key(group: TaskGroup) -> str:
    return f"{group.task} {group.anchor_kind} {group.positive_kind}"


def _auc(own: NDArray[np.float64], negatives: NDArray[np.float64]) -> float:
    scores = negatives[np.isfinite(negatives)]
    truth = np.r_[np.ones(len(own), dtype=bool), np.zeros(len(scores), dtype=bool)]
    return auc(np.concatenate([own, scores]), truth)


def _mean(rows: Sequence[ValidationRow]) -> ValidationRow:
    """The groups of one task as one row, weighted by pairs."""
    pairs = np.array([row.pairs for row in rows], dtype=np.float64)

    def mean(name: str) -> float:
        values = np.array([getattr(row, name) for row in rows], dtype=np.float64)
        known = np.isfinite(values)
        return float((values[known] * pairs[known]).sum() / pairs[known].sum()) if known.any() else float("nan")

    return ValidationRow(rows[0].step, rows[0].task, int(pairs.sum()), **{name: mean(name) for name in MEANS})
