"""From a file's columns to canonical ones: which names there are, and how a text becomes a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from generel_etl.errors import ConfigError
from generel_etl.identifiers import chromosome
from generel_etl.parsing.association_stats import neg_log10_p, p_flags
from generel_etl.parsing.rejects import FILE, LINE, ROW, as_rejects, concat_rejects
from generel_etl.schema import EDGE_PROPERTIES
from generel_etl.weights import PSEUDO_COUNT, flag_list, shrunken_ppmi

PLACE = ("chromosome", "position", "ref", "alt")  # of the SNP; where both ends are SNPs, of the start
END_PLACE = tuple(f"end_{name}" for name in PLACE)
ENDS = tuple(f"{side}_{what}" for side in ("start", "end") for what in ("id", "name", "kind", "prefix"))
EDGE_COLUMNS = (
    *ENDS,
    *PLACE,
    *END_PLACE,
    "alleles",
    "predicate",
    "negated",
    "p",
    "weight",
    "flags",
    *EDGE_PROPERTIES,
)
SNP_COLUMNS = ("id", *PLACE, "alleles", "alt_ids")
CONCEPT_LISTS = ("synonyms", "other_synonyms", "xrefs", "inexact_xrefs", "exact_matches", "alt_ids")
CONCEPT_COLUMNS = ("id", "name", "kind", "description", *CONCEPT_LISTS)
LISTS = frozenset({"alleles", "flags", "ancestry", *CONCEPT_LISTS})
UPPER = ("effect_allele", "other_allele")
DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d-%b-%Y", "%Y%m%d", "%d.%m.%Y")

# What a number must be: the test, in words and as an expression.
POSITIVE = {"odds_ratio"}
COUNTS = {"sample_size", "distance", "cases", "controls", "count", "expected"}
NOT_NEGATIVE = {"neg_log10_p", "standard_error", "ppmi", *COUNTS}
SHARES = {"effect_allele_frequency", "r2", "frequency", "weight"}


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which of a file's columns, or which constant, a canonical column is made of."""

    columns: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str | tuple[str, ...]]
    list_separator: str
    nulls: tuple[str, ...]

    def __contains__(self, name: str) -> bool:
        return name in self.columns or name in self.constants

    def file_column(self, name: str) -> str:
        """How a reject names the place of a canonical column."""
        return self.columns[name][0] if name in self.columns else name

    @property
    def used(self) -> tuple[str, ...]:
        """All of the file's columns that are read."""
        return tuple(dict.fromkeys(c for several in self.columns.values() for c in several))


def mapped(
    columns: Mapping[str, Any],
    constants: Mapping[str, Any],
    allowed: Iterable[str],
    list_separator: str,
    nulls: tuple[str, ...],
    where: str,
) -> Mapped:
    """Check the configuration's `columns` and `constants`; ConfigError for an unknown name or a wrong type."""
    valid = tuple(allowed)
    named: dict[str, tuple[str, ...]] = {}
    for name, value in columns.items():
        _known(name, valid, f"{where}.columns")
        several = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, (list, tuple)) else ()
        if not several or not all(isinstance(v, str) for v in several):
            raise ConfigError("a column's name, or a list of them", where=f"{where}.columns.{name}", found=value)
        named[name] = several
    fixed: dict[str, str | tuple[str, ...]] = {}
    for name, value in constants.items():
        _known(name, valid, f"{where}.constants")
        many = isinstance(value, (list, tuple))
        if many and name not in LISTS:
            raise ConfigError("one value is expected", where=f"{where}.constants.{name}", found=value)
        fixed[name] = tuple(map(str, value)) if many else str(value)
    return Mapped(named, fixed, list_separator, nulls)


def _known(name: str, valid: Sequence[str], where: str) -> None:
    if name not in valid:
        raise ConfigError("no such canonical column", where=where, found=name, valid=valid)


def canonical(frame: pl.DataFrame, mapping: Mapped, names: Iterable[str]) -> pl.DataFrame:
    """The canonical columns of `names` that are mapped, as text or lists of text, beside ROW, FILE, LINE.

    Blanks around a text are cut; what stands for "no value" is null. Of several columns the first that is filled
    counts; several columns of a list are joined.
    """
    made = [pl.col(ROW), pl.col(FILE), pl.col(LINE)]
    for name in names:
        if name in mapping.columns:
            texts = [_text(c, mapping.nulls) for c in mapping.columns[name]]
            value = _list(name, frame, mapping) if name in LISTS else pl.coalesce(*texts)
        elif name in mapping.constants:
            fixed = mapping.constants[name]
            several = [fixed] if isinstance(fixed, str) else list(fixed)
            value = pl.lit(pl.Series([several], dtype=pl.List(pl.String))).first() if name in LISTS else pl.lit(fixed)
        else:
            continue
        made.append(value.alias(name))
    return frame.select(made)


def _text(column: str, nulls: tuple[str, ...]) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    return pl.when(~text.is_in(["", *nulls])).then(text)


def _list(name: str, frame: pl.DataFrame, mapping: Mapped) -> pl.Expr:
    """A list of the members of one or several columns, each once, in their order."""
    texts, parted = [], False
    for column in mapping.columns[name]:
        text = _text(column, mapping.nulls)
        texts.append(text.str.to_uppercase() if name == "alleles" else text)
        separator = mapping.list_separator
        parted |= bool(separator) and bool(frame[column].str.contains(separator, literal=True).any())
    if not parted and name == "alleles" and len(texts) == 2:  # taking lists apart is the costly step
        return sorted_pair(*texts)
    if not parted:
        return pl.concat_list(texts).list.drop_nulls().list.unique(maintain_order=True)
    empty = pl.lit([], dtype=pl.List(pl.String))
    parts = [t.str.split(mapping.list_separator).fill_null(empty) for t in texts]
    member = pl.element().str.strip_chars()
    joined = pl.concat_list(parts) if len(parts) > 1 else parts[0]
    members = joined.list.eval(member.filter(member.str.len_bytes() > 0)).list.unique(maintain_order=True)
    return members.list.sort() if name == "alleles" else members


def sorted_pair(one: pl.Expr, two: pl.Expr) -> pl.Expr:
    """Two alleles as a sorted list, without nulls and doubles; ten times faster than sorting lists."""
    low, high = pl.min_horizontal(one, two), pl.max_horizontal(one, two)
    return (
        pl.when(low < high)
        .then(pl.concat_list(low, high))
        .when(low.is_not_null())
        .then(pl.concat_list(low))
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
    )


def valued(frame: pl.DataFrame, mapping: Mapped) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Turn the properties of an edge from text into values; returns the frame and the cells that were none.

    A cell that cannot be read is null and stands in the rejects with its reason; its row stays. `p` becomes
    `neg_log10_p`; where `count` and `expected` are given and no such column, `ppmi` (bits) and `log_odds_ratio`
    (natural, of the counts with a half added, as an estimate of the excess) are worked out.
    """
    columns, bad = {}, []
    for name in frame.columns:
        text = pl.col(name)
        if name in UPPER:
            columns[name] = text.str.to_uppercase()
            continue
        if name in ("position", "end_position"):
            number = text.cast(pl.Int64, strict=False)
            columns[name], reason = pl.when(number > 0).then(number), "not a position from 1 up"
        elif name in ("chromosome", "end_chromosome"):
            columns[name], reason = chromosome(text), "not one of 1–22, X, Y, MT"
        elif name == "pubmed_id":
            columns[name] = text.str.extract(r"(\d+)\s*$", 1)
            reason = "not a PubMed id"
        elif name == "p":
            columns[name] = neg_log10_p(text)
            reason = "not a p-value"
        elif name == "weight" or EDGE_PROPERTIES.get(name) in (pl.Float64, pl.Int64):
            columns[name], reason = _number(name)
        elif EDGE_PROPERTIES.get(name) == pl.Date:
            columns[name] = pl.coalesce(*(text.str.to_date(f, strict=False, exact=True) for f in DATES))
            reason = "not a date as 2024-12-31"
        else:
            continue
        wrong = frame.filter(text.is_not_null() & columns[name].is_null())
        if wrong.height:
            bad.append(as_rejects(wrong, mapping.file_column(name), f"{reason}: left out", text))
    flags = pl.col("flags") if "flags" in frame.columns else pl.lit([], dtype=pl.List(pl.String))
    if "p" in frame.columns:
        about = p_flags(pl.col("p"))
        flags = pl.concat_list(flags, flag_list(p_underflow=about["p_underflow"], p_bound=about["p_bound"]))
    frame = frame.with_columns(**columns, flags=flags)
    if "p" in frame.columns:
        given = [pl.col("neg_log10_p")] if "neg_log10_p" in frame.columns else []
        frame = frame.with_columns(pl.coalesce(*given, pl.col("p")).alias("neg_log10_p")).drop("p")
    if {"count", "expected"} <= set(frame.columns):
        count, expected = pl.col("count"), pl.col("expected")
        derived = {
            "ppmi": shrunken_ppmi(count, expected),
            "log_odds_ratio": ((count + PSEUDO_COUNT) / (expected + PSEUDO_COUNT)).log(),
        }
        frame = frame.with_columns(e.round(9).alias(n) for n, e in derived.items() if n not in frame.columns)
    return frame, concat_rejects(bad)


def _number(name: str) -> tuple[pl.Expr, str]:
    """A number's expression, null where the text is none or out of range, and what it should have been."""
    whole = EDGE_PROPERTIES.get(name) == pl.Int64
    number = pl.col(name).str.replace("^[−–]", "-").cast(pl.Float64, strict=False)
    test, words = number.is_finite(), "not a number"
    if name in POSITIVE:
        test, words = test & (number > 0), "not a number above 0"
    elif name in NOT_NEGATIVE:
        test, words = test & (number >= 0), "not a number from 0 up"
    elif name in SHARES:
        test, words = test & number.is_between(0, 1), "not a number from 0 to 1"
    if whole:
        test, words = test & (number == number.round()), f"{words}, or not a whole one"
    value = pl.when(test).then(number)
    return (value.cast(pl.Int64) if whole else value), words
