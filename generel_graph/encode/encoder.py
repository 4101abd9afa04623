"""A frozen transformer language model: texts in, unit vectors out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generel_etl.errors import ModelError
from generel_etl.progress import Progress, silent
from generel_graph.encode.cache import VectorStore, text_keys
from generel_graph.encode.device import best_device, format_name, torch_threads
from generel_graph.encode.locate import find_encoder

CHUNK = 64  # texts a forward pass; sorted by length, so that little is padding
PART = 8192  # texts a part of the cache: what a kill can cost
KEEP_FROM = 64  # of fewer texts than this (a question) the new ones are not worth a part


@dataclass(slots=True)
class Encoder:
    """An encoder by name; its weights are read when the first unknown text comes.

    `digest` (32 hex) names weights, tokenizer, pooling and `max_tokens`: equal digests, equal vectors up to rounding.
    `dtype`: of the products. A cache holds the vectors of one dtype.
    """

    name: str
    folder: Path
    digest: str
    dimension: int
    max_tokens: int
    pooling: str  # "mean" or "cls"
    store: VectorStore | None = None
    dtype: torch.dtype = torch.float32
    _loaded: tuple[Any, Any] | None = field(default=None, repr=False)

    @classmethod
    def open(
        cls, name: str, max_tokens: int = 48, cache: Path | None = None, dtype: torch.dtype = torch.float32
    ) -> Encoder:
        """Find the encoder `name` (minilm, a folder, a Hugging Face name); `cache` keeps what it encodes.

        float32 on every device: in bfloat16 a text's vector depends on the other texts of its batch (decision 5).
        Raises ModelError if it cannot be found, is not the published one, or pools in a way unknown here.
        """
        folder, weights = find_encoder(name, cache)
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            dimension = int(config["hidden_size"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelError("not a transformer's config.json", where=folder, found=str(error)) from error
        pooling = _pooling(folder)
        parts = [weights, pooling, str(max_tokens)]
        for file in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "config.json"):
            path = folder / file
            parts.append(hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        digest = hashlib.blake2b("|".join(parts).encode(), digest_size=16).hexdigest()
        store = VectorStore(cache / f"{digest}-{format_name(dtype)}", dimension) if cache else None
        return cls(name, folder, digest, dimension, max_tokens, pooling, store, dtype)

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Give each text its unit vector, [n, d]; an empty text gives zeros.

        Each distinct text is encoded once, in order of length, whatever the order of `texts`. Of many texts those that
        are new are cached, however few: what is stored and what is computed later read the same vectors.
        """
        unique = sorted(set(texts))
        number = {text: i for i, text in enumerate(unique)}
        vectors = np.zeros((len(unique), self.dimension), dtype=np.float16)
        missing = np.array([bool(text.strip()) for text in unique], dtype=bool)
        keys = text_keys(unique)
        if self.store is not None and unique:
            known, rows = self.store.find(keys)
            vectors[known] = rows
            missing &= ~known
        order = np.flatnonzero(missing)
        order = order[np.argsort([len(unique[i]) for i in order], kind="stable")]
        done = 0
        for start in range(0, len(order), PART):
            part = order[start : start + PART]
            chunks = [part[at : at + CHUNK] for at in range(0, len(part), CHUNK)]
            for chunk, rows in self._forward_all([(c, [unique[i] for i in c]) for c in chunks]):
                vectors[chunk] = rows
                done += len(chunk)
                progress("encode", done, len(order), self.name)
            if self.store is not None and len(unique) >= KEEP_FROM:
                self.store.add(keys[part], vectors[part])
        wide = vectors.astype(np.float32)  # through half precision always: a cached vector equals a fresh one
        length = np.linalg.norm(wide, axis=1, keepdims=True)
        return np.asarray((wide / np.where(length > 0, length, 1.0))[[number[text] for text in texts]])

    def is_truncated(self, text: str) -> bool:
        """Whether a text has more than `max_tokens` tokens, the encoder's own marks among them."""
        if len(text) + 2 <= self.max_tokens:  # no token is shorter than a letter
            return False
        tokenizer, _ = self._weights()
        return len(tokenizer(text, truncation=False, verbose=False)["input_ids"]) > self.max_tokens

    def _forward_all(
        self, chunks: Sequence[tuple[NDArray[np.int64], list[str]]]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """Run chunks side by side, a core each, in any order.

        Threads inside one product wait for each other at every layer: on a busy machine two of them took five
        times the CPU of one. Chunks have nothing to wait for.
        """
        device = best_device().type
        workers = min(torch.get_num_threads() if device == "cpu" else 1, len(chunks))
        waiting = iter(chunks)  # shared: next() on it is atomic
        done: Queue[tuple[NDArray[np.int64], NDArray[np.float16]] | BaseException] = Queue()
        tokenizer, _ = self._weights()
        alone = Lock()  # a tokenizer is not to be asked by two threads at once

        def work() -> None:
            # One context for all chunks of a thread: it keeps the weights that it has cast.
            try:
                with torch.autocast(device, self.dtype, enabled=self.dtype != torch.float32):
                    for places, texts in waiting:
                        with alone:
                            batch = tokenizer(
                                texts, padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
                            )
                        done.put((places, self._forward(batch)))
            except BaseException as error:
                done.put(error)

        with torch_threads(1), ThreadPoolExecutor(workers) as threads:
            for _ in range(workers):
                threads.submit(work)
            for _ in chunks:
                found = done.get()
                if isinstance(found, BaseException):
                    raise found
                yield found

    @torch.inference_mode()
    def _forward(self, batch: Any) -> NDArray[np.float16]:
        _, model = self._weights()
        batch = batch.to(model.device)
        hidden = model(**batch).last_hidden_state.float()  # [n, tokens, d]
        pooled = pool(hidden, batch["attention_mask"], self.pooling)
        return np.asarray(torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy().astype(np.float16))

    def _weights(self) -> tuple[Any, Any]:
        if self._loaded is None:
            tokenizer, model = self.fresh()
            self._loaded = tokenizer, model.eval().to(best_device())
        return self._loaded

    def fresh(self) -> tuple[Any, Any]:
        """Read tokenizer and model (float32) from the folder, a copy of one's own; raises ModelError."""
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.folder, local_files_only=True)
            model = AutoModel.from_pretrained(
                self.folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ModelError("the encoder cannot be read", where=self.folder, found=str(error)) from error
        finally:
            if shown:
                logging.enable_progress_bar()
        return tokenizer, model

    def tuned(self, folder: Path) -> Encoder:
        """Open what a training made of this encoder and wrote to `folder`; its vectors are kept beside this one's."""
        cache = self.store.folder.parent if self.store else None
        return Encoder.open(str(folder), self.max_tokens, cache, self.dtype)


def pool(hidden: Tensor, mask: Tensor, pooling: str) -> Tensor:
    """One vector a text, [n, d], of its tokens' [n, tokens, d]; `mask` [n, tokens]: 1 where there is a token."""
    if pooling == "cls":
        return hidden[:, 0]
    seen = mask.unsqueeze(-1).float()
    return (hidden * seen).sum(1) / seen.sum(1).clamp(min=1)


def _pooling(folder: Path) -> str:
    """Read sentence-transformers' pooling; mean where nothing is said."""
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return "mean"
    config = json.loads(path.read_text(encoding="utf-8"))
    modes = [key.removeprefix("pooling_mode_") for key, on in config.items() if key.startswith("pooling_mode_") and on]
    known = {"mean_tokens": "mean", "cls_token": "cls"}
    if len(modes) != 1 or modes[0] not in known:
        raise ModelError("a pooling that is not known here", where=path, found=modes, valid=known)
    return known[modes[0]]
