"""Map a file's columns to canonical columns, and parse their texts."""

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

POSITION_COLUMNS = ("chromosome", "position", "ref", "alt")  # of the SNP; of the start, if both endpoints are SNPs
END_POSITION_COLUMNS = tuple(f"end_{name}" for name in POSITION_COLUMNS)
ENDPOINT_TEXT_COLUMNS = tuple(
    f"{side}_{what}" for side in ("start", "end") for what in ("id", "name", "kind", "prefix")
)
EDGE_COLUMNS = (
    *ENDPOINT_TEXT_COLUMNS,
    *POSITION_COLUMNS,
    *END_POSITION_COLUMNS,
    "alleles",
    "predicate",
    "negated",
    "p",
    "weight",
    "flags",
    *EDGE_PROPERTIES,
)
SNP_COLUMNS = ("id", *POSITION_COLUMNS, "alleles", "alt_ids")
CONCEPT_LISTS = ("synonyms", "other_synonyms", "xrefs", "inexact_xrefs", "exact_matches", "alt_ids")
CONCEPT_COLUMNS = ("id", "name", "kind", "description", *CONCEPT_LISTS)
LIST_COLUMNS = frozenset({"alleles", "flags", "ancestry", *CONCEPT_LISTS})
UPPER_CASE_COLUMNS = ("effect_allele", "other_allele")
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%d-%b-%Y", "%Y%m%d", "%d.%m.%Y")

# The range of a number, by column.
POSITIVE = {"odds_ratio"}
COUNTS = {"sample_size", "distance", "cases", "controls", "count", "expected"}
NOT_NEGATIVE = {"neg_log10_p", "standard_error", "ppmi", *COUNTS}
SHARES = {"effect_allele_frequency", "r2", "frequency", "weight"}


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The file's columns, or the constant, of each canonical column."""

    columns: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str | tuple[str, ...]]
    list_separator: str
    nulls: tuple[str, ...]

    def __contains__(self, name: str) -> bool:
        return name in self.columns or name in self.constants

    def file_column(self, name: str) -> str:
        """The name of a canonical column in rejects: its first column in the file."""
        return self.columns[name][0] if name in self.columns else name

    @property
    def file_columns(self) -> tuple[str, ...]:
        """All columns of the file that are read."""
        return tuple(dict.fromkeys(c for names in self.columns.values() for c in names))


def map_columns(
    columns: Mapping[str, Any],
    constants: Mapping[str, Any],
    allowed: Iterable[str],
    list_separator: str,
    nulls: tuple[str, ...],
    where: str,
) -> ColumnMapping:
    """Check the configuration's `columns` and `constants`; raises ConfigError for an unknown name or a wrong type."""
    valid = tuple(allowed)
    file_columns: dict[str, tuple[str, ...]] = {}
    for name, value in columns.items():
        _check_name(name, valid, f"{where}.columns")
        names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, (list, tuple)) else ()
        if not names or not all(isinstance(v, str) for v in names):
            raise ConfigError(
                "expected a column name or a list of column names", where=f"{where}.columns.{name}", found=value
            )
        file_columns[name] = names
    fixed: dict[str, str | tuple[str, ...]] = {}
    for name, value in constants.items():
        _check_name(name, valid, f"{where}.constants")
        is_list = isinstance(value, (list, tuple))
        if is_list and name not in LIST_COLUMNS:
            raise ConfigError("expected one value", where=f"{where}.constants.{name}", found=value)
        fixed[name] = tuple(map(str, value)) if is_list else str(value)
    return ColumnMapping(file_columns, fixed, list_separator, nulls)


def _check_name(name: str, valid: Sequence[str], where: str) -> None:
    if name not in valid:
        raise ConfigError("unknown canonical column", where=where, found=name, valid=valid)


def canonical_columns(frame: pl.DataFrame, mapping: ColumnMapping, names: Iterable[str]) -> pl.DataFrame:
    """ROW, FILE, LINE and those canonical columns of `names` that are mapped, as text or lists of text.

    Blanks around a text are removed; texts that mean "no value" are null. Of several columns the first with a value is
    used; several columns of a list are joined.
    """
    columns = [pl.col(ROW), pl.col(FILE), pl.col(LINE)]
    for name in names:
        if name in mapping.columns:
            texts = [_text(c, mapping.nulls) for c in mapping.columns[name]]
            value = _list(name, frame, mapping) if name in LIST_COLUMNS else pl.coalesce(*texts)
        elif name in mapping.constants:
            fixed = mapping.constants[name]
            members = [fixed] if isinstance(fixed, str) else list(fixed)
            value = (
                pl.lit(pl.Series([members], dtype=pl.List(pl.String))).first()
                if name in LIST_COLUMNS
                else pl.lit(fixed)
            )
        else:
            continue
        columns.append(value.alias(name))
    return frame.select(columns)


def _text(column: str, nulls: tuple[str, ...]) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    return pl.when(~text.is_in(["", *nulls])).then(text)


def _list(name: str, frame: pl.DataFrame, mapping: ColumnMapping) -> pl.Expr:
    """The distinct members of one or several columns as a list, in their order."""
    texts, has_separator = [], False
    for column in mapping.columns[name]:
        text = _text(column, mapping.nulls)
        texts.append(text.str.to_uppercase() if name == "alleles" else text)
        separator = mapping.list_separator
        has_separator |= bool(separator) and bool(frame[column].str.contains(separator, literal=True).any())
    if not has_separator and name == "alleles" and len(texts) == 2:  # splitting lists is slow
        return sorted_pair(*texts)
    if not has_separator:
        return pl.concat_list(texts).list.drop_nulls().list.unique(maintain_order=True)
    empty = pl.lit([], dtype=pl.List(pl.String))
    parts = [t.str.split(mapping.list_separator).fill_null(empty) for t in texts]
    member = pl.element().str.strip_chars()
    joined = pl.concat_list(parts) if len(parts) > 1 else parts[0]
    members = joined.list.eval(member.filter(member.str.len_bytes() > 0)).list.unique(maintain_order=True)
    return members.list.sort() if name == "alleles" else members


def sorted_pair(one: pl.Expr, two: pl.Expr) -> pl.Expr:
    """Two alleles as a sorted list without nulls and duplicates; ten times faster than sorting lists."""
    low, high = pl.min_horizontal(one, two), pl.max_horizontal(one, two)
    return (
        pl.when(low < high)
        .then(pl.concat_list(low, high))
        .when(low.is_not_null())
        .then(pl.concat_list(low))
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
    )


def parse_values(frame: pl.DataFrame, mapping: ColumnMapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Parse the properties of edges; returns the frame, and the cells that cannot be parsed as rejects.

    A cell that cannot be parsed becomes null and a reject with the reason; its row stays. `p` becomes `neg_log10_p`. If
    the table has `count` and `expected`, then `ppmi` (bits) and `log_odds_ratio` (natural logarithm of the ratio of the
    counts, each plus 0.5; an estimate of the excess) are computed, unless the table has these columns.
    """
    columns, bad = {}, []
    for name in frame.columns:
        text = pl.col(name)
        if name in UPPER_CASE_COLUMNS:
            columns[name] = text.str.to_uppercase()
            continue
        if name in ("position", "end_position"):
            number = text.cast(pl.Int64, strict=False)
            columns[name], reason = pl.when(number > 0).then(number), "not an integer ≥ 1"
        elif name in ("chromosome", "end_chromosome"):
            columns[name], reason = chromosome(text), "not a chromosome (1–22, X, Y, MT)"
        elif name == "pubmed_id":
            columns[name] = text.str.extract(r"(\d+)\s*$", 1)
            reason = "not a PubMed id"
        elif name == "p":
            columns[name] = neg_log10_p(text)
            reason = "not a p-value"
        elif name == "weight" or EDGE_PROPERTIES.get(name) in (pl.Float64, pl.Int64):
            columns[name], reason = _number(name)
        elif EDGE_PROPERTIES.get(name) == pl.Date:
            columns[name] = pl.coalesce(*(text.str.to_date(f, strict=False, exact=True) for f in DATE_FORMATS))
            reason = "not a date such as 2024-12-31"
        else:
            continue
        wrong = frame.filter(text.is_not_null() & columns[name].is_null())
        if wrong.height:
            bad.append(as_rejects(wrong, mapping.file_column(name), f"{reason}: left out", text))
    flags = pl.col("flags") if "flags" in frame.columns else pl.lit([], dtype=pl.List(pl.String))
    if "p" in frame.columns:
        of_p = p_flags(pl.col("p"))
        flags = pl.concat_list(flags, flag_list(p_underflow=of_p["p_underflow"], p_bound=of_p["p_bound"]))
    frame = frame.with_columns(**columns, flags=flags)
    if "p" in frame.columns:
        stated = [pl.col("neg_log10_p")] if "neg_log10_p" in frame.columns else []
        frame = frame.with_columns(pl.coalesce(*stated, pl.col("p")).alias("neg_log10_p")).drop("p")
    if {"count", "expected"} <= set(frame.columns):
        count, expected = pl.col("count"), pl.col("expected")
        derived = {
            "ppmi": shrunken_ppmi(count, expected),
            "log_odds_ratio": ((count + PSEUDO_COUNT) / (expected + PSEUDO_COUNT)).log(),
        }
        frame = frame.with_columns(e.round(9).alias(n) for n, e in derived.items() if n not in frame.columns)
    return frame, concat_rejects(bad)


def _number(name: str) -> tuple[pl.Expr, str]:
    """The expression of a number, null if the text is not one or is out of range, and the reason for a reject."""
    is_integer = EDGE_PROPERTIES.get(name) == pl.Int64
    number = pl.col(name).str.replace("^[−–]", "-").cast(pl.Float64, strict=False)
    in_range, bounds = number.is_finite(), ""
    if name in POSITIVE:
        in_range, bounds = in_range & (number > 0), " > 0"
    elif name in NOT_NEGATIVE:
        in_range, bounds = in_range & (number >= 0), " ≥ 0"
    elif name in SHARES:
        in_range, bounds = in_range & number.is_between(0, 1), " from 0 to 1"
    if is_integer:
        in_range &= number == number.round()
    value = pl.when(in_range).then(number)
    return (value.cast(pl.Int64) if is_integer else value), f"not {'an integer' if is_integer else 'a number'}{bounds}"
