"""Names: when two wordings are one, and the ids of concepts that have nothing but a name."""

from __future__ import annotations

import re
from hashlib import blake2b

import polars as pl

_LONGEST = 60  # characters of a name in an id


def name_key(column: pl.Expr) -> pl.Expr:
    """What of a name counts when names are compared exactly: null where nothing is left.

    Case, width of characters, possessives, quotation marks, and the choice of blank, hyphen, underscore,
    comma, colon, semicolon or slash between words do not count; the words and their order do.
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


def own_id(source: str, kind_class: str, key: str) -> str:
    """The id of a concept that only a name is known of: `<SOURCE>:<name>`.

    Kinds other than conditions stand before the name, so that a gene and a trait of one name are two nodes;
    a long name is cut and told apart by eight digits of its hash.
    """
    slug = key.replace(" ", "_")
    if len(slug) > _LONGEST:
        slug = f"{slug[: _LONGEST - 9]}-{blake2b(key.encode(), digest_size=4).hexdigest()}"
    kind = "" if kind_class == "Condition" else f"{kind_class.lower()}."
    return f"{re.sub(r'[^A-Z0-9_.-]', '_', source.upper())}:{kind}{slug}"
