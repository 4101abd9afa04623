"""Names of concepts: the key by which names are compared, and ids for concepts that have only a name."""

from __future__ import annotations

import re
from hashlib import blake2b

import polars as pl

_MAX_NAME = 60  # characters of a name in an id


def name_key(column: pl.Expr) -> pl.Expr:
    """The key by which names are compared: null if nothing remains.

    The key ignores case, width of characters, possessives, quotation marks, and whether a blank, hyphen, underscore,
    comma, colon, semicolon or slash separates words. The words and their order count.
    """
    key = (
        column.str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_all(r"['’]s\b", "")
        .str.replace_all(r"['’‘`´\"“”]", "")
        .str.replace_all(r"[\s_,;:/\-‐‑‒–—]+", " ")
        .str.strip_chars(" .")
    )
    return pl.when(key.str.len_bytes() > 0).then(key)


def id_from_name(source: str, kind_class: str, key: str) -> str:
    """The id of a concept of which only the name is known: `<SOURCE>:<name>`.

    Kinds other than conditions precede the name, so that a gene and a trait with the same name are two nodes. A long
    name is truncated, and eight digits of its hash make the id unique.
    """
    slug = key.replace(" ", "_")
    if len(slug) > _MAX_NAME:
        slug = f"{slug[: _MAX_NAME - 9]}-{blake2b(key.encode(), digest_size=4).hexdigest()}"
    kind = "" if kind_class == "Condition" else f"{kind_class.lower()}."
    return f"{re.sub(r'[^A-Z0-9_.-]', '_', source.upper())}:{kind}{slug}"
