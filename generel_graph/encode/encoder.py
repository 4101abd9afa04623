"""The text encoder: a frozen transformer language model that maps texts to unit vectors."""

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

CHUNK = 64  # texts per forward pass; they are sorted by length, so that there is little padding
PART = 8192  # texts per part of the cache: a killed process loses at most one part
MIN_CACHED_TEXTS = 64  # a call with fewer texts (a query) does not write a part of the cache


@dataclass(slots=True)
class Encoder:
    """A text encoder; its weights are loaded when the first text is not in the cache.

    `digest` (32 hex digits) identifies weights, tokenizer, pooling and `max_tokens`: encoders of equal digests give
    equal vectors, up to rounding. `dtype`: that of the matrix products. A cache holds the vectors of one dtype.
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
        """Open the encoder `name` (minilm, a folder, or a Hugging Face name); `cache`: the folder of cached vectors.

        The default is float32 on every device: in bfloat16, the vector of a text depends on the other texts of its
        batch (decision 5). Raises ModelError if the encoder is not found, is not the published one, or has an
        unsupported pooling.
        """
        folder, weights = find_encoder(name, cache)
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            dimension = int(config["hidden_size"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelError("not the config.json of a transformer", where=folder, found=str(error)) from error
        pooling = _pooling(folder)
        parts = [weights, pooling, str(max_tokens)]
        for file in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "config.json"):
            path = folder / file
            parts.append(hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        digest = hashlib.blake2b("|".join(parts).encode(), digest_size=16).hexdigest()
        store = VectorStore(cache / f"{digest}-{format_name(dtype)}", dimension) if cache else None
        return cls(name, folder, digest, dimension, max_tokens, pooling, store, dtype)

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """The unit vectors of texts, [n, d]; the vector of an empty text is zeros.

        Each distinct text is encoded once, in order of length, whatever the order of `texts`. A call with many texts
        caches all new ones, so that stored vectors and later computations use the same text vectors.
        """
        unique = sorted(set(texts))
        number = {text: i for i, text in enumerate(unique)}
        vectors = np.zeros((len(unique), self.dimension), dtype=np.float16)
        missing = np.array([bool(text.strip()) for text in unique], dtype=bool)
        keys = text_keys(unique)
        if self.store is not None and unique:
            cached, rows = self.store.find(keys)
            vectors[cached] = rows
            missing &= ~cached
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
            if self.store is not None and len(unique) >= MIN_CACHED_TEXTS:
                self.store.add(keys[part], vectors[part])
        single = vectors.astype(np.float32)  # always from half precision: a cached vector equals a new one
        length = np.linalg.norm(single, axis=1, keepdims=True)
        return np.asarray((single / np.where(length > 0, length, 1.0))[[number[text] for text in texts]])

    def is_truncated(self, text: str) -> bool:
        """Whether a text has more than `max_tokens` tokens, special tokens included."""
        if len(text) + 2 <= self.max_tokens:  # a token has at least one letter
            return False
        tokenizer, _ = self._weights()
        return len(tokenizer(text, truncation=False, verbose=False)["input_ids"]) > self.max_tokens

    def _forward_all(
        self, chunks: Sequence[tuple[NDArray[np.int64], list[str]]]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """Encode chunks in parallel, one core each; the order of the results is arbitrary.

        Threads within one product wait for each other at every layer: on a busy machine, two of them used five times
        the CPU time of one. Separate chunks do not wait.
        """
        device = best_device().type
        workers = min(torch.get_num_threads() if device == "cpu" else 1, len(chunks))
        pending = iter(chunks)  # shared by the threads: next() is atomic
        done: Queue[tuple[NDArray[np.int64], NDArray[np.float16]] | BaseException] = Queue()
        tokenizer, _ = self._weights()
        tokenizer_lock = Lock()  # the tokenizer is not thread-safe

        def work() -> None:
            # One autocast context for all chunks of a thread: it caches the weights that it has cast.
            try:
                with torch.autocast(device, self.dtype, enabled=self.dtype != torch.float32):
                    for indices, texts in pending:
                        with tokenizer_lock:
                            batch = tokenizer(
                                texts, padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
                            )
                        done.put((indices, self._forward(batch)))
            except BaseException as error:
                done.put(error)

        with torch_threads(1), ThreadPoolExecutor(workers) as threads:
            for _ in range(workers):
                threads.submit(work)
            for _ in chunks:
                result = done.get()
                if isinstance(result, BaseException):
                    raise result
                yield result

    @torch.inference_mode()
    def _forward(self, batch: Any) -> NDArray[np.float16]:
        _, model = self._weights()
        batch = batch.to(model.device)
        hidden = model(**batch).last_hidden_state.float()  # [n, tokens, d]
        pooled = pool(hidden, batch["attention_mask"], self.pooling)
        return np.asarray(torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy().astype(np.float16))

    def _weights(self) -> tuple[Any, Any]:
        if self._loaded is None:
            tokenizer, model = self.load()
            self._loaded = tokenizer, model.eval().to(best_device())
        return self._loaded

    def load(self) -> tuple[Any, Any]:
        """Load the tokenizer and a new copy of the model (float32) from the folder; raises ModelError."""
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        has_progress_bar = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.folder, local_files_only=True)
            model = AutoModel.from_pretrained(
                self.folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ModelError("the encoder cannot be read", where=self.folder, found=str(error)) from error
        finally:
            if has_progress_bar:
                logging.enable_progress_bar()
        return tokenizer, model

    def open_finetuned(self, folder: Path) -> Encoder:
        """Open the fine-tuned copy of this encoder in `folder`; its vectors are cached beside those of this one."""
        cache = self.store.folder.parent if self.store else None
        return Encoder.open(str(folder), self.max_tokens, cache, self.dtype)


def pool(hidden: Tensor, mask: Tensor, pooling: str) -> Tensor:
    """Pool token vectors [n, tokens, d] into text vectors [n, d]; `mask` [n, tokens]: 1 for a token, 0 for padding."""
    if pooling == "cls":
        return hidden[:, 0]
    is_token = mask.unsqueeze(-1).float()
    return (hidden * is_token).sum(1) / is_token.sum(1).clamp(min=1)


def _pooling(folder: Path) -> str:
    """The pooling in the sentence-transformers configuration of a folder; mean if there is none."""
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return "mean"
    config = json.loads(path.read_text(encoding="utf-8"))
    modes = [key.removeprefix("pooling_mode_") for key, on in config.items() if key.startswith("pooling_mode_") and on]
    supported = {"mean_tokens": "mean", "cls_token": "cls"}
    if len(modes) != 1 or modes[0] not in supported:
        raise ModelError("unsupported pooling", where=path, found=modes, valid=supported)
    return supported[modes[0]]
