"""The data of a training, prepared once from a corpus: inputs, groups of pairs, known positives and tower shapes."""

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
from generel_graph.learn.features.splits import make_split
from generel_graph.learn.model.towers import TowerShape
from generel_graph.learn.pairs.groups import KnownPairs, TaskGroup, ld_pairs, task_groups
from generel_graph.learn.pairs.negatives import NegatedPairs, negated_pairs


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The pairs of a corpus, and the data from which their tensors are built."""

    corpus: Corpus
    features: Features
    text_vectors: Tensor  # [n, d], of the nodes' own texts; those of the features unless the encoder is fine-tuned
    groups: tuple[TaskGroup, ...]
    known: KnownPairs  # the known positives, including those of SNPs in LD
    masked: KnownPairs  # the pairs that are not negatives in training: `known`, unless [train] mask_known is false
    negated: NegatedPairs  # true negatives
    shapes: Mapping[str, TowerShape]
    synonyms: Mapping[str, NDArray[np.float32]]  # text task → [texts, d]
    own_rows: NDArray[np.int64]  # [n + 1], index of each node among the SNPs or the concepts; −1 at index −1, for texts


def training_data(
    corpus: Corpus,
    encoder: Encoder,
    model: ModelConfig,
    train: TrainConfig,
    task_weights: Mapping[str, float],
    progress: Progress = silent,
    dtype: torch.dtype = torch.float32,
) -> TrainingData:
    """Encode the texts of a corpus, build its neighbourhoods and group its pairs.

    Raises ConfigError for an invalid split, and ModelError for invalid weights or too few pairs.
    """
    split = make_split(corpus, train)
    features = node_features(corpus, encoder, train.folds, progress, dtype, split=split, same_locus=model.same_locus)
    groups = task_groups(corpus, features.adjacency, task_weights)
    known = KnownPairs(features.adjacency, groups, ld_pairs(corpus))
    return TrainingData(
        corpus=corpus,
        features=features,
        text_vectors=features.texts,
        groups=groups,
        known=known,
        masked=known if train.mask_known else KnownPairs(features.adjacency, groups, mask_known=False),
        negated=negated_pairs(corpus, features.adjacency, known) if train.true_negatives else NegatedPairs.none(),
        shapes={name: _shape(name, features, model, corpus) for name in TOWERS},
        synonyms={name: encoder.encode(pairs.texts, progress) for name, pairs in corpus.tasks.items() if pairs.texts},
        own_rows=_own_rows(corpus),
    )


def _shape(tower: str, features: Features, model: ModelConfig, corpus: Corpus) -> TowerShape:
    has_identities = model.snp_embedding if tower == "snp" else model.concept_embedding
    identities = sum((kind == "SNP") == (tower == "snp") for kind in corpus.nodes.kinds) if has_identities else 0
    blocks = used_blocks(features.adjacency, tower, model.without)
    return TowerShape(tower, blocks, features.dimension, model.hidden, model.dimension, identities)


def _own_rows(corpus: Corpus) -> NDArray[np.int64]:
    snp = np.array([kind == "SNP" for kind in corpus.nodes.kinds], dtype=bool)
    return np.append(np.where(snp, np.cumsum(snp), np.cumsum(~snp)) - 1, -1)
