"""Vectors of texts kept on disk: parts that are written whole and only ever added.

One folder an encoder digest. A part `<first keys' digest>.safetensors` has `keys` uint8 [n, 16]
(blake2b-128 of the text's UTF-8) and `vectors` float16 [n, d].
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from generel_graph.encode.files import write_whole

KEY_BYTES = 16
MERGE_PARTS = 32  # more parts than this become one


def text_keys(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """The keys of texts, [n] of 16 bytes."""
    joined = b"".join(hashlib.blake2b(t.encode(), digest_size=KEY_BYTES).digest() for t in texts)
    return np.frombuffer(joined, dtype=f"S{KEY_BYTES}")


class VectorStore:
    """The vectors that an encoder has made before; safe to be killed, and to be used by two at once."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.folder = folder
        self.dimension = dimension
        self._seen: set[str] = set()
        self._keys = np.empty(0, dtype=f"S{KEY_BYTES}")  # [n], sorted
        self._vectors = np.empty((0, dimension), dtype=np.float16)  # [n, d], in the keys' order
        self.refresh()

    def __len__(self) -> int:
        return len(self._keys)

    def refresh(self) -> None:
        """Read the parts that came since; one that is damaged is put aside and made again."""
        keys, vectors = [self._keys], [self._vectors]
        for path in sorted(self.folder.glob("*.safetensors")):
            if path.name in self._seen:
                continue
            try:
                with safe_open(path, framework="numpy") as part:
                    found, rows = part.get_tensor("keys"), part.get_tensor("vectors")
            except FileNotFoundError:
                continue  # another process merged the parts meanwhile
            except (SafetensorError, OSError, ValueError):
                path.replace(path.with_suffix(".damaged"))
                continue
            self._seen.add(path.name)
            if rows.shape[1:] == (self.dimension,):
                keys.append(np.ascontiguousarray(found).view(f"S{KEY_BYTES}").ravel())
                vectors.append(rows)
        if len(keys) > 1:
            self._keys, first = np.unique(np.concatenate(keys), return_index=True)
            self._vectors = np.concatenate(vectors)[first]

    def find(self, keys: NDArray[np.bytes_]) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        """Which keys are known, [n], and their vectors, [number known, d]."""
        if not len(self._keys):
            return np.zeros(len(keys), dtype=bool), self._vectors
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known = self._keys[at] == keys
        return known, self._vectors[at[known]]

    def add(self, keys: NDArray[np.bytes_], vectors: NDArray[np.float16]) -> None:
        """Keep new vectors, as one part more."""
        self._write(keys, vectors)
        self.refresh()
        if len(self._seen) > MERGE_PARTS:
            old = set(self._seen)
            whole = self._write(self._keys, self._vectors)
            for name in old - {whole}:
                (self.folder / name).unlink(missing_ok=True)
            self._seen = {whole}

    def _write(self, keys: NDArray[np.bytes_], vectors: NDArray[np.float16]) -> str:
        plain = np.frombuffer(keys.tobytes(), dtype=np.uint8).reshape(-1, KEY_BYTES)
        name = f"{hashlib.blake2b(plain.tobytes(), digest_size=8).hexdigest()}.safetensors"
        content = save({"keys": plain, "vectors": np.ascontiguousarray(vectors)})
        write_whole(self.folder / name, content)
        return name
