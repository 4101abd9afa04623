"""Cache of text vectors on disk, in parts that are written atomically and never changed.

There is one folder per encoder digest and number format. A part `<digest of its keys>.safetensors` has `keys` uint8
[n, 16] (blake2b-128 of the text's UTF-8) and `vectors` float16 [n, d].
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
MERGE_PARTS = 32  # more parts than this are merged into one


def text_keys(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """The keys of texts, [n] of 16 bytes."""
    joined = b"".join(hashlib.blake2b(t.encode(), digest_size=KEY_BYTES).digest() for t in texts)
    return np.frombuffer(joined, dtype=f"S{KEY_BYTES}")


class VectorStore:
    """The cached vectors of one encoder. Several processes can use it, and a killed writer does no damage."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.folder = folder
        self.dimension = dimension
        self._read_parts: set[str] = set()
        self._keys = np.empty(0, dtype=f"S{KEY_BYTES}")  # [n], sorted
        self._rows = np.empty(0, dtype=np.int64)  # [n], row of each key's vector in the concatenated parts
        self._parts: list[NDArray[np.float16]] = []  # [any, d] each, memory-mapped: a query reads few rows
        self.refresh()

    def __len__(self) -> int:
        return len(self._keys)

    def refresh(self) -> None:
        """Read the new parts. A damaged part is renamed to `.damaged`; its texts are encoded again when needed."""
        keys, rows = [self._keys], [self._rows]
        for path in sorted(self.folder.glob("*.safetensors")):
            if path.name in self._read_parts:
                continue
            try:
                with safe_open(path, framework="numpy") as part:
                    part_keys = part.get_tensor("keys")
                vectors = _map_tensor(path, "vectors")
            except FileNotFoundError:
                continue  # another process has merged the parts
            except (SafetensorError, OSError, ValueError, KeyError):
                path.replace(path.with_suffix(".damaged"))
                continue
            self._read_parts.add(path.name)
            if vectors.shape[1:] == (self.dimension,):
                keys.append(np.ascontiguousarray(part_keys).view(f"S{KEY_BYTES}").ravel())
                rows.append(sum(map(len, self._parts)) + np.arange(len(vectors)))
                self._parts.append(vectors)
        if len(keys) > 1:
            self._keys, first = np.unique(np.concatenate(keys), return_index=True)
            self._rows = np.concatenate(rows)[first]

    def find(self, keys: NDArray[np.bytes_]) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        """Whether each key is cached, [n], and the vectors of those that are, [number cached, d]."""
        if not len(self._keys):
            return np.zeros(len(keys), dtype=bool), np.empty((0, self.dimension), dtype=np.float16)
        index = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        is_cached = self._keys[index] == keys
        return is_cached, self._gather(self._rows[index[is_cached]])

    def add(self, keys: NDArray[np.bytes_], vectors: NDArray[np.float16]) -> None:
        """Write new vectors as one more part."""
        self._write(keys, vectors)
        self.refresh()
        if len(self._read_parts) > MERGE_PARTS:
            old = set(self._read_parts)
            merged = self._write(self._keys, self._gather(self._rows))
            for name in old - {merged}:
                (self.folder / name).unlink(missing_ok=True)
            self._read_parts = {merged}

    def _gather(self, rows: NDArray[np.int64]) -> NDArray[np.float16]:
        out = np.empty((len(rows), self.dimension), dtype=np.float16)
        first = 0
        for part in self._parts:
            in_part = (rows >= first) & (rows < first + len(part))
            out[in_part] = part[rows[in_part] - first]
            first += len(part)
        return out

    def _write(self, keys: NDArray[np.bytes_], vectors: NDArray[np.float16]) -> str:
        key_bytes = np.frombuffer(keys.tobytes(), dtype=np.uint8).reshape(-1, KEY_BYTES)
        name = f"{hashlib.blake2b(key_bytes.tobytes(), digest_size=8).hexdigest()}.safetensors"
        content = save({"keys": key_bytes, "vectors": np.ascontiguousarray(vectors)})
        write_atomically(self.folder / name, content)
        return name


def _map_tensor(path: Path, name: str) -> NDArray[np.float16]:
    """Map one float16 tensor of a safetensors file, which begins with 8 bytes of length and a JSON header."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))[name]
    shape = tuple(header["shape"])
    if header["dtype"] != "F16" or 0 in shape:
        return np.empty(shape, dtype=np.float16)
    return np.memmap(path, np.float16, "r", 8 + length + header["data_offsets"][0], shape)
