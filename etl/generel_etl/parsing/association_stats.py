"""Parse p-values, effects and alleles from the text of studies: Polars expressions of text columns.

p-values are stored as logarithms, because they underflow floats. An effect is a `beta` with its unit or an odds
ratio, never a number of unknown scale. Nothing is dropped; doubtful values get a flag.
"""

from __future__ import annotations

import polars as pl

from generel_etl.weights import Z_95, log_standard_error

UNDERFLOW = 324.0  # −log10 of a p-value that is reported as 0; the smallest double is 5e-324
MAX_ODDS_RATIO = 1000.0  # odds ratios above this or below its inverse are treated as errors
MHC = (25_000_000, 34_000_000)  # chromosome 6; the same in GRCh36, 37 and 38

_NUMBER = r"[-−–]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_P = (
    r"^\s*(?:[pP]\s*)?([<>≤≥=~]*)\s*([0-9]+\.?[0-9]*|\.[0-9]+)"
    r"\s*(?:(?:[eE]|[x×*]\s*10\s*\^?)\s*([-−–+]?[0-9]+))?\s*$"
)
_BRACKET = r"\[\s*(?:[-−–+.0-9][^\]]*|NR|NA|)\s*\]?"  # an interval, or a mark that there is none
_INTERVAL = rf"^\s*\(?\[?\s*({_NUMBER})\s*(?:-|−|–|,|;|\bto\b)\s*({_NUMBER})\s*(?:\]|$|\()"

# Words that reverse the sign of a number, with the misspellings in catalogues.
LESS = (
    "de?cre?ae?s?[a-z]*|lower[a-z]*|short(?:er|ening)|younger|fewer|less|smaller|reduc[a-z]+|thinner|lighter"
    "|earlier|slower|declin[a-z]+|diminish[a-z]+"
)
MORE = "incr?e?a?s?[a-z]*|higher|taller|longer|older|more|greater|larger|thicker|heavier|later|faster|ris(?:e|ing)"
_LESS = rf"(?i)(?-u:\b)(?:{LESS})(?-u:\b)"
_DIRECTION = rf"(?i)(?-u:\b)(?:{LESS}|{MORE})(?-u:\b)"
# Text in brackets that describes the sample and is not a unit. The number is read as one without a unit.
_NOTE = r"(?i)^\(.*\)$|(?-u:\b)(?:samples?|patients?|cohort|females?|males?|wom[ae]n|m[ae]n|ancestry|only)(?-u:\b)"
_NO_EFFECT = r"(?i)varian(?:ce|ts?)(?-u:\b)|hazard|(?-u:\b)(?:HR|r2)(?-u:\b)|heritab"
_ODDS = r"(?i)(?-u:\b)(?:odds|OR)(?-u:\b)"
EFFECT = {
    "beta": pl.Float64,
    "beta_unit": pl.String,
    "odds_ratio": pl.Float64,
    "standard_error": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "effect_inferred": pl.Boolean,
    "effect_unknown": pl.Boolean,
    "negated": pl.Boolean,
}


def neg_log10_p(text: pl.Expr) -> pl.Expr:
    """−log10 of a p-value's text ("5E-324", "1.5 x 10-8", "<1e-10", ".03"), ≥ 0; null for texts outside 0…1.

    Computed from mantissa and exponent, so that nothing underflows; 0 gives 324 (see `p_flags`).
    """
    parts = text.str.extract_groups(_P).struct
    mantissa = parts.field("2").cast(pl.Float64, strict=False)
    exponent = _ascii_minus(parts.field("3")).cast(pl.Float64, strict=False).fill_null(0.0)
    # Rounded, so that a text gives the same number and digest with every C library.
    value = (-mantissa.log(10.0) - exponent).round(9)
    return pl.when(mantissa == 0).then(pl.lit(UNDERFLOW)).when(value >= 0).then(value.abs())


def p_flags(text: pl.Expr) -> dict[str, pl.Expr]:
    """Flags of a p-value's text: `p_underflow` (written as 0), `p_bound` ("<1e-10"), `p_unknown` (none)."""
    parts = text.str.extract_groups(_P).struct
    return {
        "p_underflow": parts.field("2").cast(pl.Float64, strict=False) == 0,
        "p_bound": parts.field("1").str.contains("[<>≤≥]"),
        "p_unknown": neg_log10_p(text).is_null(),
    }


def interval(text: pl.Expr) -> pl.Expr:
    """The numbers of "[0.10-0.22] (unit increase)": a struct of `low` ≤ `high`, null if there are none."""
    parts = text.str.extract_groups(_INTERVAL).struct
    one, two = (_ascii_minus(parts.field(n)).cast(pl.Float64, strict=False) for n in ("1", "2"))
    return pl.struct(pl.min_horizontal(one, two).alias("low"), pl.max_horizontal(one, two).alias("high"))


def unit_text(text: pl.Expr) -> pl.Expr:
    """The text beside the interval: "[NR] (mg/dL decrease)" → "mg/dL decrease"; null without text, or for a note."""
    outside = text.str.replace_all(_BRACKET, " ").str.strip_chars()
    outside = outside.str.replace(rf"^{_NUMBER}\s*(?:-|−|–|to)\s*{_NUMBER}", "").str.strip_chars()
    outside = outside.str.replace(rf"^[-−–]\s*{_NUMBER}\s*", "").str.strip_chars()
    inner = outside.str.replace(r"^(?:NR\s*)?[(\[](.*)[)\]]$", "$1").str.strip_chars(" \t[],;")
    note = inner.str.contains(_NOTE) & ~inner.str.contains(_DIRECTION)
    # "((mm Hg decrease))" has the brackets of a note and the words of a unit: it is a unit.
    inner = inner.str.replace(r"^\((.*)\)$", "$1")
    return pl.when(~note & ~inner.is_in(["", "NR", "NA", "nr", "-"])).then(inner)


def effect(value: pl.Expr, text: pl.Expr) -> pl.Expr:
    """An "OR or BETA" cell and its "95% CI (TEXT)" as a struct of numbers and booleans (EFFECT).

    `standard_error` is that of beta or of log OR, computed from the interval. Rules, in this order:

    1. A number with a unit, or below 0, is a beta; LESS words negate it and its interval (`negated`).
    2. A number with the word "odds" is an odds ratio. A share of variance or a hazard ratio is not an effect.
    3. A number ≥ 1 without a unit and within a positive interval is an odds ratio.
    4. Any other number > 0 without a unit is assumed to be an odds ratio (`effect_inferred`); `resolve` keeps it
       only for a Disease (`keep_inferred_effect`).
    5. Everything else, an odds ratio above 1000 or below 1/1000, and a beta rounded to 0 outside its interval are
       not effects (`effect_unknown`).

    An interval that does not contain its number, with a tolerance for rounding, is dropped.
    """
    return pl.struct(value.alias("value"), text.alias("text")).map_batches(_effects, return_dtype=pl.Struct(EFFECT))


def _effects(cells: pl.Series) -> pl.Series:
    """`effect` of a struct of `value` and `text`; each distinct pair is computed once."""
    pairs = cells.struct.unnest()
    number, text, unit = pl.col("number"), pl.col("text"), pl.col("unit")
    low, high = pl.col("low"), pl.col("high")
    texts = (
        pairs.select(text.unique())
        .with_columns(unit=unit_text(text), interval=interval(text))
        .unnest("interval")
        .with_columns(
            less=unit.str.contains(_LESS).fill_null(False),
            none=unit.str.contains(_NO_EFFECT).fill_null(False),
            odds=(unit.str.contains(_ODDS) & ~unit.str.contains("(?i)log")).fill_null(False),
            beta_unit=_bare_unit(unit),
        )
    )
    parsed = (
        pairs.unique()
        .with_columns(number=_ascii_minus(pl.col("value").str.strip_chars()).cast(pl.Float64, strict=False))
        .join(texts, on="text", how="left", nulls_equal=True)
        .with_columns(slack=(high - low) * 0.05 + number.abs() * 0.01)
        .with_columns(holds=((low - pl.col("slack") <= number) & (number <= high + pl.col("slack"))))
    )
    less, none, odds, holds = (
        pl.col("less"),
        pl.col("none"),
        pl.col("odds") & ~pl.col("none"),
        pl.col("holds"),
    )
    rounded_away = (number == 0) & (low.is_null() | ~holds | unit.is_null())
    is_beta = ~none & ~odds & (unit.is_not_null() | (number < 0)) & ~rounded_away
    is_plausible = number.is_between(1 / MAX_ODDS_RATIO, MAX_ODDS_RATIO)
    sure = (odds & ~less & is_plausible) | (unit.is_null() & is_plausible & (number >= 1) & (low > 0) & holds)
    parsed = parsed.with_columns(is_beta=is_beta.fill_null(False), sure=sure.fill_null(False)).with_columns(
        effect_inferred=(unit.is_null() & is_plausible & ~pl.col("sure")).fill_null(False)
    )
    is_beta, is_odds = pl.col("is_beta"), pl.col("sure") | pl.col("effect_inferred")
    # "-0.3 decrease" is read as −0.3, and its interval is not negated.
    is_negated = pl.col("is_beta") & less & (number > 0)
    sign = pl.when(is_negated).then(-1.0).otherwise(1.0)
    has_interval = holds & (is_beta | (is_odds & (low > 0)))
    error = pl.when(is_beta).then((high - low) / (2 * Z_95)).otherwise(log_standard_error(low, high))
    effects = parsed.select(
        "value",
        "text",
        beta=pl.when(is_beta).then(number * sign),
        beta_unit=pl.when(is_beta).then(pl.col("beta_unit")),
        odds_ratio=pl.when(is_odds).then(number),
        standard_error=pl.when(has_interval & (error > 0)).then(error),
        ci_low=pl.when(has_interval).then(pl.min_horizontal(low * sign, high * sign)),
        ci_high=pl.when(has_interval).then(pl.max_horizontal(low * sign, high * sign)),
        effect_inferred=pl.col("effect_inferred"),
        effect_unknown=pl.col("value").is_not_null() & ~is_beta & ~is_odds,
        negated=is_negated.fill_null(False),
    )
    joined = pairs.join(effects, on=["value", "text"], how="left", nulls_equal=True, maintain_order="left")
    return joined.select(pl.struct(*EFFECT)).to_series()


def keep_inferred_effect(end_kind: pl.Expr, flags: pl.Expr) -> pl.Expr:
    """True if an edge keeps its effect; otherwise `resolve` sets INFERRED_EFFECT_COLUMNS to null.

    A number without a unit was assumed to be an odds ratio (flag `effect_inferred`), which is valid only if the end
    is a Disease. Only `resolve` knows the kind of the end.
    """
    return ~flags.list.contains("effect_inferred") | (end_kind == "Disease")


INFERRED_EFFECT_COLUMNS = ("odds_ratio", "standard_error", "ci_low", "ci_high")


def inferred_effect_flags(end_kind: pl.Expr, flags: pl.Expr) -> pl.Expr:
    """The flags of an edge, sorted; if its effect is not kept, `effect_unknown` replaces `effect_inferred`."""
    others = flags.list.eval(pl.element().filter(pl.element() != "effect_inferred"))
    without_effect = others.list.concat(pl.lit(["effect_unknown"])).list.sort()
    return pl.when(keep_inferred_effect(end_kind, flags)).then(flags).otherwise(without_effect)


# --- alleles ---


def risk_allele(text: pl.Expr) -> pl.Expr:
    """The allele of "rs123-A" in upper case; null for "rs123-?" and other texts without bases."""
    return text.str.extract(r"(?i)[-_]\s*([ACGT]+)\s*$", 1).str.to_uppercase()


def complement(allele: pl.Expr) -> pl.Expr:
    """The allele on the other strand: the reverse complement."""
    return allele.str.replace_many(["A", "C", "G", "T"], ["T", "G", "C", "A"]).str.reverse()


def harmonise_to_known_alleles(effect_allele: pl.Expr, alleles: pl.Expr) -> pl.Expr:
    """Put `effect_allele` on the strand of the SNP's known `alleles` (a list).

    Returns a struct of `effect_allele` and three booleans, which are names of flags. `strand_flipped`: only the
    complement is a known allele, so it replaces the allele. `palindromic` (A/T, C/G): the strands cannot be
    distinguished, so the allele is never flipped. `allele_mismatch`: neither is a known allele. Without an allele
    or without known alleles, nothing changes.
    """
    flipped_allele = complement(effect_allele)
    known = effect_allele.is_not_null() & (alleles.list.len().fill_null(0) > 0)
    complements = alleles.list.eval(complement(pl.element()))
    palindromic = known & (alleles.list.set_intersection(complements).list.len() > 0)
    matches = alleles.list.contains(effect_allele)
    flipped = known & ~palindromic & ~matches & alleles.list.contains(flipped_allele)
    return pl.struct(
        pl.when(flipped).then(flipped_allele).otherwise(effect_allele).alias("effect_allele"),
        flipped.fill_null(False).alias("strand_flipped"),
        palindromic.fill_null(False).alias("palindromic"),
        (known & ~matches & ~flipped).fill_null(False).alias("allele_mismatch"),
    )


def in_mhc(chromosome: pl.Expr, position: pl.Expr) -> pl.Expr:
    """True for 25–34 Mb of chromosome 6 (the MHC), where LD is unusually long-ranged."""
    return ((chromosome == "6") & position.is_between(*MHC)).fill_null(False)


def _ascii_minus(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(["−", "–"], ["-", "-"])


def _bare_unit(unit: pl.Expr) -> pl.Expr:
    """A unit without its direction: "mg/dL decrease" → "mg/dL"; null if nothing else remains."""
    bare = unit.str.replace_all(_DIRECTION, " ").str.replace_all(r"\s+", " ")
    bare = bare.str.strip_chars(" ,;[]").str.replace(r"^(?:in|of)\s+", "").str.strip_chars()
    return pl.when(bare != "").then(bare)
