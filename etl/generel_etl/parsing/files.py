"""Open the files of a source: wildcards, gzip, encodings, digests.

Every problem with a file is raised here or in `delimited`, as a DataError that names file, line and column.
"""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from generel_etl.config import SourceConfig
from generel_etl.errors import DataError

_DATA_DIR = "file names are relative to `data_dir` (GENEREL_DATA_DIR)"


def find_files(source: SourceConfig, data: Path) -> tuple[Path, ...]:
    """The files of a source under `data`, wildcards expanded in sorted order.

    Raises DataError for a missing file, a pattern without a match, and a directory.
    """
    paths: list[Path] = []
    where = f"sources.{source.name}.files"
    for name in source.files:
        path = data / Path(name).expanduser()
        if any(c in name for c in "*?"):
            matches = sorted(p for p in path.parent.glob(path.name) if p.is_file())
            if not matches:
                raise DataError("no file matches the pattern", where=where, found=str(path), next_step=_DATA_DIR)
            paths += matches
            continue
        if path.is_dir():
            raise DataError(
                "this is a directory, not a file",
                where=where,
                found=str(path),
                valid=sorted(p.name for p in path.iterdir())[:20],
                next_step="name a file in it, or a pattern such as 'folder/*.tsv'",
            )
        if not path.exists():
            siblings = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
            raise DataError(
                "no such file",
                where=where,
                found=path.name if siblings else str(path),
                valid=siblings,
                next_step=f"looked in {path.parent}; {_DATA_DIR}",
            )
        paths.append(path)
    return tuple(paths)


def sha256(path: Path) -> str:
    """The SHA-256 of a file as stored, without decompression."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error


def read_bytes(path: Path) -> bytes:
    """The content of a file, decompressed if it is gzip (recognised by its first bytes, not its name).

    Raises DataError for a truncated or damaged archive, a directory, and a file that cannot be read.
    """
    try:
        raw = path.read_bytes()
    except IsADirectoryError as error:
        raise DataError("this is a directory, not a file", where=path) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
    if raw[:2] != b"\x1f\x8b":
        return raw
    parts = []
    rest = raw
    while rest[:2] == b"\x1f\x8b":  # an archive may have several members (bgzip)
        unpacker = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpacker.decompress(rest))
        except zlib.error as error:
            raise DataError(f"damaged gzip: {error}", where=path, next_step="download the file again") from error
        if not unpacker.eof:
            raise DataError(
                f"truncated gzip: it ends after {sum(map(len, parts)):,} decompressed bytes, without an end marker",
                where=path,
                next_step="download the file again",
            )
        rest = unpacker.unused_data
    return b"".join(parts)


def read_text(path: Path, encoding: str = "utf-8", fallback_encoding: str = "") -> bytes:
    """The content of a file as UTF-8 without a byte order mark; raises DataError for bytes of another encoding."""
    data = read_bytes(path)
    if not data.strip():
        raise DataError("the file is empty", where=path, next_step="download the file again")
    try:
        if encoding.replace("-", "").lower() != "utf8":
            return data.decode(encoding).encode()
        data.decode("utf-8")
    except LookupError as error:
        raise DataError("unknown encoding", where=path, found=encoding, valid=("utf-8", "latin-1")) from error
    except UnicodeDecodeError as error:
        if fallback_encoding:
            return data.decode(fallback_encoding).encode()
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"a byte that is invalid in {encoding}",
            where=f"{path}, line {line}",
            found=data[max(0, error.start - 20) : error.start + 20].decode("latin-1"),
            next_step='set the encoding of the source, for example `encoding = "latin-1"`',
        ) from error
    return data.removeprefix(b"\xef\xbb\xbf")
