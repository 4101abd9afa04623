"""Layouts kept on disk: the same vectors are laid out once."""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generel_graph.draw import layout
from generel_graph.progress import Progress, silent
from generel_graph.whole import write_whole

KEPT = 8  # layouts; the oldest go


def kept_layout(
    folder: Path, vectors: NDArray[np.float32], seed: int = 0, progress: Progress = silent
) -> NDArray[np.float64]:
    """Places [n, 2] of vectors [n, d], as `lay_out` gives them, from `folder` if it gave them before.

    A file is named by all that a layout depends on, so that none is ever stale; one that cannot be read is made anew.
    """
    settings = (layout.LANDMARKS, layout.PERPLEXITY, layout.BESIDE, layout.EARLY, layout.LATE, seed, vectors.shape)
    digest = hashlib.blake2b(repr(settings).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(vectors).data)
    path = folder / f"{digest.hexdigest()}.npy"
    try:
        places = np.load(path, allow_pickle=False)
        if places.shape == (len(vectors), 2):
            return np.asarray(places, dtype=np.float64)
    except (OSError, ValueError):
        pass
    places = layout.lay_out(vectors, seed, progress)
    file = io.BytesIO()
    np.save(file, places, allow_pickle=False)
    write_whole(path, file.getvalue())
    with suppress(FileNotFoundError):  # another process takes the oldest away too
        for old in sorted(folder.glob("*.npy"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
            old.unlink()
    return places
