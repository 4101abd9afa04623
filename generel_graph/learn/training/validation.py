"""How training is getting on, by task: pairs that nothing in training sees, told from pairs that nobody states."""

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
from generel_graph.learn.model.towers import with_text
from generel_graph.learn.pairs.groups import KnownPairs, TaskGroup
from generel_graph.learn.pairs.training_data import TrainingData
from generel_graph.learn.training.schedule import LANGUAGE
from generel_graph.metrics import auc, spearman
from generel_graph.model_folder import ValidationRow

MOST = 256  # pairs of a group; a validation is for seconds
FEWEST = 8
NEGATIVES = 20  # of each kind, a pair
CHUNK = 4096  # nodes that go through a tower at once
MEANS = ("loss", "chance", "auc", "auc_degree", "mrr", "spearman")  # the fields of a ValidationRow that are means
KINDS = ("uniform", "degree")  # how the other positive ends are drawn


@dataclass(frozen=True, slots=True)
class _Held:
    """The held-out pairs of a group that are looked at: rows of the tables of inputs."""

    task: str
    anchors: NDArray[np.int64]  # [p]
    positives: NDArray[np.int64]  # [p]
    others: Mapping[str, NDArray[np.int64]]  # by KINDS: [p, NEGATIVES], −1 where none was found
    towers: tuple[str, str]
    weights: NDArray[np.float32]  # [p]
    hidden: NDArray[np.bool_]  # [p, p]
    effects: NDArray[np.float32]  # [p], |ln odds ratio|; NaN unknown


class Validation:
    """The held-out pairs of all groups with their inputs, made once; `measure` asks how the towers do now."""

    def __init__(self, given: TrainingData, *, temperature: float, seed: int) -> None:
        features, groups, known, shapes = given.features, given.groups, given.known, given.shapes
        synonyms, own_rows = given.synonyms, given.own_rows
        self.temperature = temperature
        rng = np.random.default_rng([seed, 2])
        chosen = [(g, rng.permutation(g.held)[:MOST]) for g in groups if len(g.held) >= FEWEST]
        drawn = [(group, rows, _others(rng, group, rows, known)) for group, rows in chosen]
        fold = features.adjacency.folds
        wanted: dict[str, list[NDArray[np.int64]]] = {tower: [] for tower in shapes}
        for group, rows, others in drawn:
            wanted[group.towers[0]].append(group.anchors[rows].astype(np.int64))
            if not group.is_text:
                at = np.concatenate([rows, *(o[o >= 0] for o in others.values())])
                wanted[group.towers[1]].append(group.positives[at].astype(np.int64))
        self._nodes = {tower: sorted_unique(np.concatenate([np.empty(0, np.int64), *p])) for tower, p in wanted.items()}
        self._shape = shapes["concept"]
        self._texts = [given.corpus.nodes.texts[node] for node in self._nodes["concept"].tolist()]
        inputs = {tower: [features.rows(nodes, fold, shapes[tower].blocks)] for tower, nodes in self._nodes.items()}
        sizes = {tower: len(nodes) for tower, nodes in self._nodes.items()}
        self.held: list[_Held] = []
        for group, rows, others in drawn:
            anchors = np.searchsorted(self._nodes[group.towers[0]], group.anchors[rows])
            if group.is_text:
                at = sorted_unique(np.concatenate([rows, *(o[o >= 0] for o in others.values())]))
                kinds = features.adjacency.groups[group.anchor_clusters[at]]
                vectors = synonyms[group.task][group.positives[at]]
                self._texts += [given.corpus.tasks[group.task].texts[row] for row in group.positives[at].tolist()]
                inputs["concept"].append(text_rows(vectors, kinds, shapes["concept"].blocks, features.dtype))
                offset = sizes["concept"]
                sizes["concept"] += len(at)
                places = {kind: np.where(o >= 0, offset + np.searchsorted(at, o), -1) for kind, o in others.items()}
                positives = offset + np.searchsorted(at, rows)
            else:
                nodes = self._nodes[group.towers[1]]
                places = {
                    kind: np.where(o >= 0, np.searchsorted(nodes, group.positives[np.maximum(o, 0)]), -1)
                    for kind, o in others.items()
                }
                positives = np.searchsorted(nodes, group.positives[rows])
            a, b = group.anchor_clusters[rows], group.positive_clusters[rows]
            self.held.append(
                _Held(
                    task=group.task,
                    anchors=anchors,
                    positives=positives,
                    others=places,
                    towers=("concept", "concept") if group.is_text else group.towers,
                    weights=group.weights[rows],
                    hidden=known.hidden(a, b),
                    effects=group.effects[rows],
                )
            )
        self._inputs = {tower: torch.cat(parts) for tower, parts in inputs.items()}
        self._own = {
            tower: np.concatenate([own_rows[nodes], np.full(sizes[tower] - len(nodes), -1)])
            for tower, nodes in self._nodes.items()
        }

    def __len__(self) -> int:
        return len(self.held)

    @torch.inference_mode()
    def measure(self, towers: nn.ModuleDict, step: int, *, moved: bool = False) -> list[ValidationRow]:
        """Each task as the towers are now; they are left in training mode.

        `moved`: the language model beside the towers is another one than at the start, and encodes the texts anew.
        """
        towers.eval()
        z = {tower: self._run(towers, tower, moved) for tower in self._inputs}
        towers.train()
        by_task: dict[str, list[ValidationRow]] = {}
        for held in self.held:
            by_task.setdefault(held.task, []).append(self._one(held, z, step))
        return [_mean(rows) for rows in by_task.values()]

    def _run(self, towers: nn.ModuleDict, tower: str, moved: bool) -> Tensor:
        x, own = self._inputs[tower], torch.from_numpy(self._own[tower])
        if not len(x):
            return torch.empty(0, 1)
        device, parts = next(towers.parameters()).device, []
        with torch.autocast(device.type, x.dtype, enabled=x.dtype != torch.float32):  # as in training
            for at in range(0, len(x), CHUNK):
                some = x[at : at + CHUNK].to(device)
                if moved and tower == "concept":
                    words = towers[LANGUAGE](self._texts[at : at + CHUNK])
                    some = with_text(some, self._shape, words)
                parts.append(towers[tower](some, own[at : at + CHUNK].to(device)).cpu())
        return torch.cat(parts)

    def _one(self, held: _Held, z: Mapping[str, Tensor], step: int) -> ValidationRow:
        u, v = z[held.towers[0]][held.anchors], z[held.towers[1]][held.positives]
        weights = torch.from_numpy(held.weights / held.weights.mean())
        loss, chance = info_nce(u, v, weights, torch.from_numpy(held.hidden), self.temperature)
        own = (u * v).sum(-1).numpy().astype(np.float64)
        found: dict[str, NDArray[np.float64]] = {}
        for kind, places in held.others.items():
            cosines = torch.einsum("pd,pkd->pk", u, z[held.towers[1]][np.maximum(places, 0)]).numpy()
            found[kind] = np.where(places >= 0, cosines.astype(np.float64), np.nan)
        areas = {kind: _area(own, other) for kind, other in found.items()}
        rank = 1 + (found["degree"] > own[:, None]).sum(axis=1) + (found["degree"] == own[:, None]).sum(axis=1) / 2
        effects = np.isfinite(held.effects)
        return ValidationRow(
            step=step,
            task=held.task,
            pairs=len(own),
            loss=float(loss),
            chance=chance,
            auc=areas["uniform"],
            auc_degree=areas["degree"],
            mrr=float((1 / rank).mean()),
            spearman=spearman(own[effects], held.effects[effects].astype(np.float64)),
        )


def score(rows: Sequence[ValidationRow]) -> float:
    """What the best step is chosen by: the mean over tasks of the degree-matched AUC."""
    values = [row.auc_degree for row in rows if np.isfinite(row.auc_degree)]
    return float(np.mean(values)) if values else float("nan")


def _area(own: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    other = others[np.isfinite(others)]
    truth = np.r_[np.ones(len(own), dtype=bool), np.zeros(len(other), dtype=bool)]
    return auc(np.concatenate([own, other]), truth)


def _others(
    rng: np.random.Generator, group: TaskGroup, rows: NDArray[np.int64], known: KnownPairs
) -> dict[str, NDArray[np.int64]]:
    """Rows of the group whose positives are no positives of the anchors, [p, NEGATIVES] by KINDS."""
    _, first = np.unique(group.positives, return_index=True)
    pools = {"uniform": first, "degree": np.arange(len(group.positives))}
    found = {}
    for kind, pool in pools.items():
        drawn = rng.choice(pool, size=(len(rows), NEGATIVES))
        stated = known.stated(np.repeat(group.anchor_clusters[rows], NEGATIVES), group.positive_clusters[drawn].ravel())
        found[kind] = np.where(stated.reshape(drawn.shape), -1, drawn)
    return found


def _mean(rows: Sequence[ValidationRow]) -> ValidationRow:
    """One task's groups as one, each by its pairs."""
    pairs = np.array([row.pairs for row in rows], dtype=np.float64)

    def mean(name: str) -> float:
        values = np.array([getattr(row, name) for row in rows], dtype=np.float64)
        there = np.isfinite(values)
        return float((values[there] * pairs[there]).sum() / pairs[there].sum()) if there.any() else float("nan")

    told = {name: mean(name) for name in MEANS}
    return ValidationRow(rows[0].step, rows[0].task, int(pairs.sum()), **told)
