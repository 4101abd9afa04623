"""The text adapter: places wordings that are in no vocabulary where the stored vectors of their concepts lie.

The concept tower has learnt to lean on neighbourhoods, so what it makes of a text alone is a poor place to look from.
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
BATCH, NAMES_SHARE = 256, 0.55  # the others of a batch are synonyms
CROWD = 4_096  # stored vectors that a text is told from, beside those of its batch
TEMPERATURE, PULL = 0.05, 4.0  # of the softmax; of 1 − cosine


class Adapter(nn.Module):
    """Text vectors [k, d] → z [k, dimension] of unit length: a linear way, the identity at first, and an MLP beside."""

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
        """Place texts."""
        hidden = self.dropout(self.norm(nn.functional.gelu(self.first(texts))))
        return normalize(self.skip(texts) + self.last(hidden), dim=-1)


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Texts and the concepts that they name."""

    vectors: NDArray[np.float32]  # [t, d], the encoder's
    concepts: NDArray[np.int64]  # [t], rows of the targets

    def __len__(self) -> int:
        return len(self.concepts)

    def drawn(self, rng: np.random.Generator, many: int) -> tuple[Tensor, NDArray[np.int64]]:
        """Some of them, with repetition where they are few."""
        rows = rng.integers(0, len(self), size=many)
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
    """Learn to place names and synonyms at their concepts' vectors.

    `targets` [c, dimension]: z of concepts; `clusters` [c]: concepts of one are not told from each other.
    Cross-entropy over the batch's and CROWD random targets, and 4 · (1 − cosine).
    """
    rng = np.random.default_rng([seed, 3])
    torch.manual_seed(seed)
    adapter = Adapter(names.vectors.shape[1], targets.shape[1]).train()
    optimizer = torch.optim.AdamW(adapter.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    table, cluster = torch.from_numpy(targets), torch.from_numpy(clusters)
    many = round(BATCH * NAMES_SHARE) if len(synonyms) else BATCH
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + cos(pi * step / steps)))
        texts, concepts = names.drawn(rng, many)
        if many < BATCH:
            more, others = synonyms.drawn(rng, BATCH - many)
            texts, concepts = torch.cat([texts, more]), np.concatenate([concepts, others])
        own = torch.from_numpy(concepts)
        crowd = torch.from_numpy(rng.integers(0, len(targets), size=min(CROWD, len(targets))))
        candidates = torch.cat([own, crowd])
        placed = adapter(texts)
        s = placed @ table[candidates].T / TEMPERATURE
        same = cluster[own][:, None] == cluster[candidates][None, :]
        same[torch.arange(len(own)), torch.arange(len(own))] = False
        s = s.masked_fill(same, float("-inf"))
        pull = 1 - (placed * table[own]).sum(-1)
        loss = cross_entropy(s, torch.arange(len(own))) + PULL * pull.mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        progress("adapter", step + 1, steps, f"cosine {1 - pull.mean().item():.2f}")
    return adapter.eval()


@torch.inference_mode()
def recall(
    asked: LabelledTexts,
    targets: NDArray[np.float32],
    clusters: NDArray[np.int64],
    ways: Mapping[str, NDArray[np.float32]],
) -> dict[str, tuple[float, float]]:
    """How often a wording's own concept is the first, or among the first ten clusters: by way of asking.

    `ways`: scores [t, c] of the wordings against the concepts of `targets`.
    """
    found = {}
    for name, scores in ways.items():
        first, ten = 0, 0
        for row, concept in enumerate(asked.concepts):
            order = np.argsort(-scores[row], kind="stable")[:40]
            seen = list(dict.fromkeys(clusters[order].tolist()))[:10]
            first += bool(seen) and seen[0] == clusters[concept]
            ten += int(clusters[concept]) in seen
        found[name] = (first / max(len(asked), 1), ten / max(len(asked), 1))
    return found
