"""Fit the text adapter to the vectors of a trained concept tower, and measure its recall on held-out synonyms."""

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
from generel_graph.learn.model.towers import replace_text
from generel_graph.learn.pairs.training_data import TrainingData

MAX_CONCEPTS = 60_000  # that texts are mapped to; those with synonyms first
MAX_TEST_SYNONYMS = 1_000  # held-out synonyms for the recall
CHUNK = 2_048
RAW_SHARE = 0.5  # weight of the encoder's cosine in the method "fused"
QUERY_GROUPS = ("condition", "phenotype")  # groups that users query by free text


def fit_and_test_adapter(
    data: TrainingData,
    towers: nn.ModuleDict,
    *,
    steps: int,
    seed: int,
    progress: Progress = silent,
) -> tuple[Adapter | None, dict[str, float]]:
    """Fit the adapter to the vectors of a trained tower, and measure recall on held-out conditions and phenotypes.

    A held-out concept is held out with all its synonyms. The adapter is None if no concept has a name, or for 0 steps.
    """
    corpus, features, synonyms = data.corpus, data.features, data.synonyms
    nodes = _concepts(corpus, features, seed)
    if not len(nodes) or steps <= 0:
        return None, {}
    targets = _concept_vectors(data, towers, nodes)
    clusters = features.clusters[nodes]
    row = np.full(len(corpus.nodes), -1, dtype=np.int64)
    row[nodes] = np.arange(len(nodes))
    names = LabelledTexts(data.text_vectors[torch.from_numpy(nodes)].float().numpy(), np.arange(len(nodes)))
    vectors, concepts = _synonyms(corpus, synonyms, row, names.vectors.shape[1])
    held_out = features.adjacency.split.is_held_out(clusters[concepts], clusters[concepts])
    taught = LabelledTexts(vectors[~held_out], concepts[~held_out])
    adapter = fit_adapter(targets, clusters, names, taught, steps=steps, seed=seed, progress=progress)
    in_query_group = np.isin(features.adjacency.groups[clusters], [GROUPS.index(group) for group in QUERY_GROUPS])
    tested = np.empty(0, dtype=np.int64)
    if len(concepts):
        tested = np.flatnonzero(held_out & in_query_group[concepts])[:MAX_TEST_SYNONYMS]
    if not len(tested):
        return adapter, {}
    queries = LabelledTexts(vectors[tested], concepts[tested])
    return adapter, _recall_by_method(adapter, queries, names, targets, clusters, in_query_group)


def _recall_by_method(
    adapter: Adapter,
    queries: LabelledTexts,
    names: LabelledTexts,
    targets: NDArray[np.float32],
    clusters: NDArray[np.int64],
    candidates: NDArray[np.bool_],
) -> dict[str, float]:
    """Recall at 1 and 10 by search method, the number of queries ("asked") and of candidates ("among")."""
    rows = np.flatnonzero(candidates)
    with torch.inference_mode():
        mapped = adapter(torch.from_numpy(queries.vectors)).numpy()
        mapped_names = adapter(torch.from_numpy(names.vectors[rows])).numpy()
    text_cosines = queries.vectors @ names.vectors[rows].T
    adapter_cosines = mapped @ targets[rows].T
    scores = {
        "text": text_cosines,
        "adapter": adapter_cosines,
        "adapter to names": mapped @ mapped_names.T,
        "fused": adapter_cosines + RAW_SHARE * text_cosines,
    }
    recalls = recall(np.searchsorted(rows, queries.concepts), clusters[rows], scores)
    results = {"asked": float(len(queries)), "among": float(len(rows))}
    for method, (at_1, at_10) in recalls.items():
        results |= {f"{method} @1": at_1, f"{method} @10": at_10}
    return results


def _concepts(corpus: Corpus, features: Features, seed: int) -> NDArray[np.int64]:
    """The concepts with a text, sorted; at most MAX_CONCEPTS, those with synonyms or edges first."""
    has_text = np.array([bool(text) for text in corpus.nodes.texts], dtype=bool)
    snp = features.adjacency.groups == GROUPS.index("snp")
    nodes = np.flatnonzero(has_text & ~snp)
    if len(nodes) <= MAX_CONCEPTS:
        return nodes
    has_synonyms = np.array([bool(corpus.nodes.synonyms[node]) for node in nodes])
    has_edges = features.adjacency.degrees[-1][features.clusters[nodes]] > 0
    order = np.random.default_rng([seed, 4]).permutation(len(nodes))
    order = order[np.argsort(-(2 * has_synonyms + has_edges)[order], kind="stable")]
    return np.sort(nodes[order[:MAX_CONCEPTS]])


@torch.inference_mode()
def _concept_vectors(data: TrainingData, towers: nn.ModuleDict, nodes: NDArray[np.int64]) -> NDArray[np.float32]:
    """z of some concepts, [k, dimension]."""
    towers.eval()
    shape, parts = data.shapes["concept"], []
    for first in range(0, len(nodes), CHUNK):
        chunk = nodes[first : first + CHUNK]
        x = data.features.rows(chunk, None, shape.blocks)
        parts.append(towers["concept"](replace_text(x, shape, data.text_vectors[torch.from_numpy(chunk)]).float()))
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)


def _synonyms(
    corpus: Corpus, synonyms: Mapping[str, NDArray[np.float32]], row: NDArray[np.int64], dimension: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The vectors and the concepts of the pairs of all text tasks; `row` [n]: of each concept, −1 for others."""
    vectors, concepts = [np.empty((0, dimension), dtype=np.float32)], [np.empty(0, dtype=np.int64)]
    for name, table in sorted(synonyms.items()):
        pairs = corpus.tasks[name]
        has_row = row[pairs.anchors] >= 0
        vectors.append(table[pairs.positives[has_row]])
        concepts.append(row[pairs.anchors[has_row]])
    return np.concatenate(vectors), np.concatenate(concepts)
