"""How often a phenotype is seen in a disease, as HPO's files write it: a term, a ratio or a percentage.

Format: https://obophenotype.github.io/human-phenotype-ontology/annotations/frequency/
"""

from __future__ import annotations

import polars as pl

# HPO's terms below HP:0040279 and the middle of the interval that each stands for.
TERMS = {
    "HP:0040280": 1.0,  # obligate: 100 %
    "HP:0040281": 0.895,  # very frequent: 80 to 99 %
    "HP:0040282": 0.545,  # frequent: 30 to 79 %
    "HP:0040283": 0.17,  # occasional: 5 to 29 %
    "HP:0040284": 0.025,  # very rare: 1 to 4 %
    "HP:0040285": 0.0,  # excluded: 0 %
}


def frequency(text: pl.Expr) -> pl.Expr:
    """The share of "HP:0040283", "3/7" or "12.5%", 0…1; null where the text is none of these."""
    ratio = text.str.extract_groups(r"^\s*([0-9]+)\s*/\s*([0-9]+)\s*$").struct
    seen, looked_at = (ratio.field(n).cast(pl.Float64, strict=False) for n in ("1", "2"))
    percent = text.str.extract(r"^\s*([0-9]+(?:\.[0-9]*)?)\s*%\s*$", 1).cast(pl.Float64, strict=False) / 100
    share = pl.coalesce(pl.when(looked_at > 0).then(seen / looked_at), percent)
    term = text.str.strip_chars().replace_strict(TERMS, default=None, return_dtype=pl.Float64)
    return pl.coalesce(term, pl.when(share <= 1).then(share))


def frequency_flags(text: pl.Expr) -> dict[str, pl.Expr]:
    """Flags of a frequency's text: `frequency_unknown` (no such text), `never_seen` (0: looked for, and not found)."""
    share = frequency(text)
    return {"frequency_unknown": text.is_not_null() & share.is_null(), "never_seen": share == 0}
