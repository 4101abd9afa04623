"""Vectors of texts kept on disk: parts that are written whole and only ever added.

One folder an encoder digest and number format. A part `<first keys' digest>.safetensors` has `keys` uint8 [n, 16]
(blake2b-128 of the text's UTF-8) and `vectors` float16 [n, d].
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from generel_etl.atomic import write_atomically

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
        self._rows = np.empty(0, dtype=np.int64)  # [n], where a key's vector stands in the parts, one after the other
        self._parts: list[NDArray[np.float16]] = []  # [any, d] each, memory-mapped: a question needs few of them
        self.refresh()

    def __len__(self) -> int:
        return len(self._keys)

    def refresh(self) -> None:
        """Read the parts that came since; one that is damaged is put aside and made again."""
        keys, rows = [self._keys], [self._rows]
        for path in sorted(self.folder.glob("*.safetensors")):
            if path.name in self._seen:
                continue
            try:
                with safe_open(path, framework="numpy") as part:
                    found = part.get_tensor("keys")
                vectors = _mapped(path, "vectors")
            except FileNotFoundError:
                continue  # another process merged the parts meanwhile
            except (SafetensorError, OSError, ValueError, KeyError):
                path.replace(path.with_suffix(".damaged"))
                continue
            self._seen.add(path.name)
            if vectors.shape[1:] == (self.dimension,):
                keys.append(np.ascontiguousarray(found).view(f"S{KEY_BYTES}").ravel())
                rows.append(sum(map(len, self._parts)) + np.arange(len(vectors)))
                self._parts.append(vectors)
        if len(keys) > 1:
            self._keys, first = np.unique(np.concatenate(keys), return_index=True)
            self._rows = np.concatenate(rows)[first]

    def find(self, keys: NDArray[np.bytes_]) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        """Which keys are known, [n], and their vectors, [number known, d]."""
        if not len(self._keys):
            return np.zeros(len(keys), dtype=bool), np.empty((0, self.dimension), dtype=np.float16)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known = self._keys[at] == keys
        return known, self._gather(self._rows[at[known]])

    def add(self, keys: NDArray[np.bytes_], vectors: NDArray[np.float16]) -> None:
        """Keep new vectors, as one part more."""
        self._write(keys, vectors)
        self.refresh()
        if len(self._seen) > MERGE_PARTS:
            old = set(self._seen)
            whole = self._write(self._keys, self._gather(self._rows))
            for name in old - {whole}:
                (self.folder / name).unlink(missing_ok=True)
            self._seen = {whole}

    def _gather(self, rows: NDArray[np.int64]) -> NDArray[np.float16]:
        out = np.empty((len(rows), self.dimension), dtype=np.float16)
        first = 0
        for part in self._parts:
            here = (rows >= first) & (rows < first + len(part))
            out[here] = part[rows[here] - first]
            first += len(part)
        return out

    def _write(self, keys: NDArray[np.bytes_], vectors: NDArray[np.float16]) -> str:
        plain = np.frombuffer(keys.tobytes(), dtype=np.uint8).reshape(-1, KEY_BYTES)
        name = f"{hashlib.blake2b(plain.tobytes(), digest_size=8).hexdigest()}.safetensors"
        content = save({"keys": plain, "vectors": np.ascontiguousarray(vectors)})
        write_atomically(self.folder / name, content)
        return name


def _mapped(path: Path, name: str) -> NDArray[np.float16]:
    """One float16 tensor of a safetensors file, memory-mapped: after 8 bytes of length stands a header of JSON."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        said = json.loads(file.read(length))[name]
    shape = tuple(said["shape"])
    if said["dtype"] != "F16" or 0 in shape:
        return np.empty(shape, dtype=np.float16)
    return np.memmap(path, np.float16, "r", 8 + length + said["data_offsets"][0], shape)
