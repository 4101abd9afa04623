"""How often patients with a disease have a phenotype, as HPO files state it: a term, a ratio or a percentage.

Source of the format: https://obophenotype.github.io/human-phenotype-ontology/annotations/frequency/
"""

from __future__ import annotations

import polars as pl

# HPO's terms below HP:0040279, with the middle of each term's interval.
TERMS = {
    "HP:0040280": 1.0,  # obligate: 100 %
    "HP:0040281": 0.895,  # very frequent: 80 to 99 %
    "HP:0040282": 0.545,  # frequent: 30 to 79 %
    "HP:0040283": 0.17,  # occasional: 5 to 29 %
    "HP:0040284": 0.025,  # very rare: 1 to 4 %
    "HP:0040285": 0.0,  # excluded: 0 %
}


def frequency(text: pl.Expr) -> pl.Expr:
    """The share that "HP:0040283", "3/7" or "12.5%" states, 0…1; null for any other text."""
    ratio = text.str.extract_groups(r"^\s*([0-9]+)\s*/\s*([0-9]+)\s*$").struct
    affected, examined = (ratio.field(n).cast(pl.Float64, strict=False) for n in ("1", "2"))
    percent = text.str.extract(r"^\s*([0-9]+(?:\.[0-9]*)?)\s*%\s*$", 1).cast(pl.Float64, strict=False) / 100
    share = pl.coalesce(pl.when(examined > 0).then(affected / examined), percent)
    term = text.str.strip_chars().replace_strict(TERMS, default=None, return_dtype=pl.Float64)
    return pl.coalesce(term, pl.when(share <= 1).then(share))


def frequency_flags(text: pl.Expr) -> dict[str, pl.Expr]:
    """Flags of a frequency's text: `frequency_unknown` (not recognised), `never_seen` (0 of those examined)."""
    share = frequency(text)
    return {"frequency_unknown": text.is_not_null() & share.is_null(), "never_seen": share == 0}
