"""What a training works on, made once of a corpus: inputs, groups of pairs, what is known, and the towers' shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generel_etl.progress import Progress, silent
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.corpus.schema import Corpus
from generel_graph.encode import Encoder
from generel_graph.learn.features.blocks import TOWERS
from generel_graph.learn.features.features import Features, node_features, used_blocks
from generel_graph.learn.features.splits import split_of
from generel_graph.learn.model.towers import TowerShape
from generel_graph.learn.pairs.groups import KnownPairs, TaskGroup, ld_pairs, task_groups
from generel_graph.learn.pairs.negatives import NegatedPairs, denied


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The pairs of a corpus and all that is needed to make tensors of them."""

    corpus: Corpus
    features: Features
    own: Tensor  # [n, d], the nodes' own texts, which are those of the features unless the language model has moved
    groups: tuple[TaskGroup, ...]
    known: KnownPairs  # what is stated anywhere, of an SNP or of one in LD with it
    masked: KnownPairs  # what is no negative in training: the same, unless nothing is masked
    denied: NegatedPairs  # pairs that are negatives because they are stated to be
    shapes: Mapping[str, TowerShape]
    synonyms: Mapping[str, NDArray[np.float32]]  # text task → [texts, d]
    own_rows: NDArray[np.int64]  # [n + 1], a node's number among the SNPs or the concepts; at −1, a text, −1


def training_data(
    corpus: Corpus,
    encoder: Encoder,
    model: ModelConfig,
    train: TrainConfig,
    task_weights: Mapping[str, float],
    progress: Progress = silent,
    dtype: torch.dtype = torch.float32,
) -> TrainingData:
    """Encode the texts of a corpus, find its neighbourhoods and part its pairs.

    Raises ConfigError for a split that cannot be, ModelError for pairs that cannot be trained on.
    """
    split = split_of(corpus, train)
    features = node_features(corpus, encoder, train.folds, progress, dtype, split=split, same_locus=model.same_locus)
    groups = task_groups(corpus, features.adjacency, task_weights)
    known = KnownPairs(features.adjacency, groups, ld_pairs(corpus))
    return TrainingData(
        corpus=corpus,
        features=features,
        own=features.texts,
        groups=groups,
        known=known,
        masked=known if train.mask_known else KnownPairs(features.adjacency, groups, stated=False),
        denied=denied(corpus, features.adjacency, known) if train.true_negatives else NegatedPairs.none(),
        shapes={name: _shape(name, features, model, corpus) for name in TOWERS},
        synonyms={name: encoder.encode(pairs.texts, progress) for name, pairs in corpus.tasks.items() if pairs.texts},
        own_rows=_own_rows(corpus),
    )


def _shape(tower: str, features: Features, model: ModelConfig, corpus: Corpus) -> TowerShape:
    with_rows = model.snp_embedding if tower == "snp" else model.concept_embedding
    identities = sum((kind == "SNP") == (tower == "snp") for kind in corpus.nodes.kinds) if with_rows else 0
    blocks = used_blocks(features.adjacency, tower, model.without)
    return TowerShape(tower, blocks, features.dimension, model.hidden, model.dimension, identities)


def _own_rows(corpus: Corpus) -> NDArray[np.int64]:
    snp = np.array([kind == "SNP" for kind in corpus.nodes.kinds], dtype=bool)
    return np.append(np.where(snp, np.cumsum(snp), np.cumsum(~snp)) - 1, -1)
