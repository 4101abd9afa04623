"""Fine-tuning of the text encoder: a language model that maps texts to unit vectors, with gradients."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from generel_etl.errors import ModelError
from generel_graph.encode.encoder import CHUNK, Encoder, pool
from generel_graph.encode.locate import PATTERNS, WEIGHTS


class LanguageModel(nn.Module):
    """The trainable language model of an encoder: all weights, or only low-rank updates of its linear layers.

    `rank`: that of the updates (LoRA, arXiv 2106.09685), by the library peft; 0: all weights are trained.
    """

    def __init__(self, encoder: Encoder, rank: int = 0) -> None:
        super().__init__()
        self.encoder = encoder
        self.tokenizer, model = encoder.load()
        self.model: Any = model
        if rank > 0:
            peft = _import_peft()
            # A scale of twice the rank, and no extra dropout, as in peft's examples for encoders.
            settings = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", bias="none")
            self.model = peft.get_peft_model(model, settings)

    def forward(self, texts: Sequence[str]) -> Tensor:
        """The vectors of texts, [k, d] of unit length; the vector of an empty text is zeros.

        Each distinct text is encoded once, in order of length.
        """
        unique = sorted({text for text in texts if text.strip()}, key=lambda text: (len(text), text))
        row_of = {text: row for row, text in enumerate(unique)}
        device = next(self.parameters()).device
        parts = [torch.zeros(1, self.encoder.dimension, device=device)]  # the last row, for empty texts
        for at in range(0, len(unique), CHUNK):
            batch = self.tokenizer(
                unique[at : at + CHUNK],
                padding=True,
                truncation=True,
                max_length=self.encoder.max_tokens,
                return_tensors="pt",
            ).to(device)
            hidden = self.model(**batch).last_hidden_state.float()
            parts.insert(-1, normalize(pool(hidden, batch["attention_mask"], self.encoder.pooling), dim=-1))
        rows = torch.tensor([row_of.get(text, len(unique)) for text in texts], dtype=torch.long, device=device)
        return torch.cat(parts)[rows]

    def save(self, folder: Path) -> None:
        """Write the encoder to an empty folder in Hugging Face's layout, with low-rank updates merged in."""
        folder.mkdir(parents=True, exist_ok=True)
        for pattern in PATTERNS:
            for file in self.encoder.folder.glob(pattern):
                if file.name != WEIGHTS:
                    (folder / file.relative_to(self.encoder.folder)).parent.mkdir(exist_ok=True)
                    shutil.copyfile(file, folder / file.relative_to(self.encoder.folder))
        merged = self.model.merge_and_unload() if hasattr(self.model, "merge_and_unload") else self.model
        merged.cpu().save_pretrained(folder)


def _import_peft() -> Any:
    try:
        import peft
    except ImportError as error:
        raise ModelError(
            "low-rank training needs the library peft",
            where="train.mode",
            found="lora",
            valid=("frozen", "full"),
            next_step="pip install 'generel-graph[lora]'",
        ) from error
    return peft
