"""From a trained concept tower to the adapter that places texts: what it is taught with, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from generel_etl.progress import Progress, silent
from generel_graph.corpus.schema import Corpus
from generel_graph.learn.features.blocks import GROUPS
from generel_graph.learn.features.features import Features
from generel_graph.learn.model.text_adapter import Adapter, LabelledTexts, fit_adapter, recall
from generel_graph.learn.model.towers import with_text
from generel_graph.learn.pairs.training_data import TrainingData

MOST = 60_000  # concepts that texts are placed at; those with synonyms first
ASKED = 1_000  # held-out synonyms that recall is measured on
CHUNK = 2_048
RAW_SHARE = 0.5  # of the raw text's cosine to raw names, where both are fused
ASKABLE = ("condition", "phenotype")  # what people have words of their own for


def teach(
    given: TrainingData,
    towers: nn.ModuleDict,
    *,
    steps: int,
    seed: int,
    progress: Progress = silent,
) -> tuple[Adapter | None, dict[str, float]]:
    """Fit the adapter to a trained tower's vectors; and recall of held-out synonyms among conditions and phenotypes.

    A synonym is held out with all others of its concept. Gives None without a concept that has a name, or for no
    `steps`.
    """
    corpus, features, synonyms = given.corpus, given.features, given.synonyms
    a = features.adjacency
    nodes = _concepts(corpus, features, seed)
    if not len(nodes) or steps <= 0:
        return None, {}
    targets = _vectors(given, towers, nodes)
    clusters = features.clusters[nodes]
    place = np.full(len(corpus.nodes), -1, dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    names = LabelledTexts(given.own[torch.from_numpy(nodes)].float().numpy(), np.arange(len(nodes)))
    vectors, concepts = _texts(corpus, synonyms, place, names.vectors.shape[1])
    held = a.split.held(clusters[concepts], clusters[concepts])
    taught = LabelledTexts(vectors[~held], concepts[~held])
    adapter = fit_adapter(targets, clusters, names, taught, steps=steps, seed=seed, progress=progress)
    askable = np.isin(a.groups[clusters], [GROUPS.index(group) for group in ASKABLE])
    asked = np.flatnonzero(held & askable[concepts])[:ASKED] if len(concepts) else np.empty(0, dtype=np.int64)
    if not len(asked):
        return adapter, {}
    return adapter, _recall(adapter, LabelledTexts(vectors[asked], concepts[asked]), names, targets, clusters, askable)


def _recall(
    adapter: Adapter,
    asked: LabelledTexts,
    names: LabelledTexts,
    targets: NDArray[np.float32],
    clusters: NDArray[np.int64],
    askable: NDArray[np.bool_],
) -> dict[str, float]:
    rows = np.flatnonzero(askable)
    at = np.searchsorted(rows, asked.concepts)
    with torch.inference_mode():
        placed = adapter(torch.from_numpy(asked.vectors)).numpy()
        placed_names = adapter(torch.from_numpy(names.vectors[rows])).numpy()
    raw = asked.vectors @ names.vectors[rows].T
    space = placed @ targets[rows].T
    ways = {
        "text": raw,
        "adapter": space,
        "adapter to names": placed @ placed_names.T,
        "fused": space + RAW_SHARE * raw,
    }
    told = recall(LabelledTexts(asked.vectors, at), targets[rows], clusters[rows], ways)
    found = {"asked": float(len(asked)), "among": float(len(rows))}
    for way, (one, ten) in told.items():
        found |= {f"{way} @1": one, f"{way} @10": ten}
    return found


def _concepts(corpus: Corpus, features: Features, seed: int) -> NDArray[np.int64]:
    """Concepts with a text, sorted; at most MOST, those with synonyms or edges first."""
    named = np.array([bool(text) for text in corpus.nodes.texts], dtype=bool)
    snp = features.adjacency.groups == GROUPS.index("snp")
    nodes = np.flatnonzero(named & ~snp)
    if len(nodes) <= MOST:
        return nodes
    worded = np.array([bool(corpus.nodes.synonyms[node]) for node in nodes])
    linked = features.adjacency.degrees[-1][features.clusters[nodes]] > 0
    order = np.random.default_rng([seed, 4]).permutation(len(nodes))
    order = order[np.argsort(-(2 * worded + linked)[order], kind="stable")]
    return np.sort(nodes[order[:MOST]])


@torch.inference_mode()
def _vectors(given: TrainingData, towers: nn.ModuleDict, nodes: NDArray[np.int64]) -> NDArray[np.float32]:
    towers.eval()
    shape, parts = given.shapes["concept"], []
    for at in range(0, len(nodes), CHUNK):
        some = nodes[at : at + CHUNK]
        x = given.features.rows(some, None, shape.blocks)
        parts.append(towers["concept"](with_text(x, shape, given.own[torch.from_numpy(some)]).float()))
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)


def _texts(
    corpus: Corpus, synonyms: Mapping[str, NDArray[np.float32]], place: NDArray[np.int64], dimension: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vectors and concepts of all text tasks' pairs whose concept has a place."""
    vectors, concepts = [np.empty((0, dimension), dtype=np.float32)], [np.empty(0, dtype=np.int64)]
    for name, table in sorted(synonyms.items()):
        pairs = corpus.tasks[name]
        there = place[pairs.anchors] >= 0
        vectors.append(table[pairs.positives[there]])
        concepts.append(place[pairs.anchors[there]])
    return np.concatenate(vectors), np.concatenate(concepts)
