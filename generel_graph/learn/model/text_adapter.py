"""The text adapter: maps free text to the stored vectors of the concepts that it names.

The concept tower relies on neighbourhoods, so its output for a text without neighbours is a poor query vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, pi

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from generel_etl.progress import Progress, silent

WIDTH, DROPOUT = 1024, 0.1
RATE, DECAY, LAST_RATE = 1e-3, 0.01, 0.02
BATCH, NAMES_SHARE = 256, 0.55  # texts per batch; the share that are names, the rest are synonyms
NEGATIVES = 4_096  # random stored vectors that are negatives, beside those of the batch
TEMPERATURE, COSINE_WEIGHT = 0.05, 4.0  # of the softmax; of 1 − cosine


class Adapter(nn.Module):
    """Text vectors [k, d] → z [k, dimension] of unit length: a linear map, initially the identity, plus an MLP."""

    def __init__(self, text_dimension: int, dimension: int) -> None:
        super().__init__()
        self.skip = nn.Linear(text_dimension, dimension, bias=False)
        nn.init.eye_(self.skip.weight)
        self.first = nn.Linear(text_dimension, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.dropout = nn.Dropout(DROPOUT)
        self.last = nn.Linear(WIDTH, dimension)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, texts: Tensor) -> Tensor:
        """Map text vectors to the space of the model."""
        hidden = self.dropout(self.norm(nn.functional.gelu(self.first(texts))))
        return normalize(self.skip(texts) + self.last(hidden), dim=-1)


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Texts, as vectors of the encoder, and the concepts that they name."""

    vectors: NDArray[np.float32]  # [t, d]
    concepts: NDArray[np.int64]  # [t], rows of the targets

    def __len__(self) -> int:
        return len(self.concepts)

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Tensor, NDArray[np.int64]]:
        """Draw texts and their concepts, with replacement."""
        rows = rng.integers(0, len(self), size=size)
        return torch.from_numpy(self.vectors[rows]), self.concepts[rows]


def fit_adapter(
    targets: NDArray[np.float32],
    clusters: NDArray[np.int64],
    names: LabelledTexts,
    synonyms: LabelledTexts,
    *,
    steps: int,
    seed: int,
    progress: Progress = silent,
) -> Adapter:
    """Train an adapter that maps names and synonyms to the vectors of their concepts.

    `targets` [c, dimension]: z of the concepts. `clusters` [c]: concepts of one cluster are no negatives of each other.
    Loss: cross-entropy over the targets of the batch and NEGATIVES random ones, plus 4 · (1 − cosine).
    """
    rng = np.random.default_rng([seed, 3])
    torch.manual_seed(seed)
    adapter = Adapter(names.vectors.shape[1], targets.shape[1]).train()
    optimizer = torch.optim.AdamW(adapter.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    table, cluster = torch.from_numpy(targets), torch.from_numpy(clusters)
    names_per_batch = round(BATCH * NAMES_SHARE) if len(synonyms) else BATCH
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + cos(pi * step / steps)))
        texts, concepts = names.sample(rng, names_per_batch)
        if names_per_batch < BATCH:
            synonym_texts, synonym_concepts = synonyms.sample(rng, BATCH - names_per_batch)
            texts, concepts = torch.cat([texts, synonym_texts]), np.concatenate([concepts, synonym_concepts])
        positives = torch.from_numpy(concepts)
        negatives = torch.from_numpy(rng.integers(0, len(targets), size=min(NEGATIVES, len(targets))))
        candidates = torch.cat([positives, negatives])
        mapped = adapter(texts)
        s = mapped @ table[candidates].T / TEMPERATURE
        mask = cluster[positives][:, None] == cluster[candidates][None, :]
        mask[torch.arange(len(positives)), torch.arange(len(positives))] = False
        s = s.masked_fill(mask, float("-inf"))
        distance = 1 - (mapped * table[positives]).sum(-1)
        loss = cross_entropy(s, torch.arange(len(positives))) + COSINE_WEIGHT * distance.mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        progress("adapter", step + 1, steps, f"cosine {1 - distance.mean().item():.2f}")
    return adapter.eval()


def recall(
    concepts: NDArray[np.int64],
    clusters: NDArray[np.int64],
    scores_by_method: Mapping[str, NDArray[np.float32]],
) -> dict[str, tuple[float, float]]:
    """Recall at 1 and at 10 clusters of the concepts that texts name, for each search method.

    `concepts` [t]: the concept of each text, index into `clusters` [c]. `scores_by_method`: scores [t, c] of the texts
    against all concepts.
    """
    recalls = {}
    for method, scores in scores_by_method.items():
        at_1, at_10 = 0, 0
        for row, concept in enumerate(concepts):
            order = np.argsort(-scores[row], kind="stable")[:40]
            nearest = list(dict.fromkeys(clusters[order].tolist()))[:10]
            at_1 += bool(nearest) and nearest[0] == clusters[concept]
            at_10 += int(clusters[concept]) in nearest
        recalls[method] = (at_1 / max(len(concepts), 1), at_10 / max(len(concepts), 1))
    return recalls
