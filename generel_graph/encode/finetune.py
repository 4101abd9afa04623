"""An encoder whose weights move: texts in, unit vectors out, with gradients."""

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

POOLING = "1_Pooling"


class LanguageModel(nn.Module):
    """The language model of an encoder, to be trained: all of it, or low-rank changes of its linear layers alone.

    `rank`: of the changes (LoRA, arXiv 2106.09685), through the library peft; 0: every weight moves.
    """

    def __init__(self, encoder: Encoder, rank: int = 0) -> None:
        super().__init__()
        self.encoder = encoder
        self.tokenizer, model = encoder.fresh()
        self.model: Any = model
        if rank > 0:
            peft = _peft()
            # Twice the rank as scale, and no dropout of its own: as peft's own examples for encoders have it.
            changes = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", bias="none")
            self.model = peft.get_peft_model(model, changes)

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Give texts their vectors, [k, d] of unit length; an empty text gives zeros.

        Each distinct text is encoded once, in order of length.
        """
        unique = sorted({text for text in texts if text.strip()}, key=lambda text: (len(text), text))
        place = {text: row for row, text in enumerate(unique)}
        device = next(self.parameters()).device
        parts = [torch.zeros(1, self.encoder.dimension, device=device)]  # the last row: of empty texts
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
        rows = torch.tensor([place.get(text, len(unique)) for text in texts], dtype=torch.long, device=device)
        return torch.cat(parts)[rows]

    def save(self, folder: Path) -> None:
        """Write it to an empty folder as an encoder in Hugging Face's layout, low-rank changes merged in."""
        folder.mkdir(parents=True, exist_ok=True)
        for pattern in PATTERNS:
            for file in self.encoder.folder.glob(pattern):
                if file.name != WEIGHTS:
                    (folder / file.relative_to(self.encoder.folder)).parent.mkdir(exist_ok=True)
                    shutil.copyfile(file, folder / file.relative_to(self.encoder.folder))
        whole = self.model.merge_and_unload() if hasattr(self.model, "merge_and_unload") else self.model
        whole.cpu().save_pretrained(folder)


def _peft() -> Any:
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
