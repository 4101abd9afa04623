"""p-values, effects and alleles as studies write them, as numbers: polars expressions over text columns.

p-values stay logarithms from the text on (they underflow floats); an effect is a `beta` with its unit or an
odds ratio, never a number of unknown scale; nothing is dropped, what is doubtful gets a flag.
"""

from __future__ import annotations

import polars as pl

from generel_etl.weights import Z_95, log_standard_error

UNDERFLOW = 324.0  # −log10 of a p-value that was written as 0: the smallest double is 5e-324
MAX_ODDS_RATIO = 1000.0  # an odds ratio beyond this, or below its inverse, is a misread number
MHC = (25_000_000, 34_000_000)  # chromosome 6; the same in GRCh36, 37 and 38

_NUMBER = r"[-−–]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_P = (
    r"^\s*(?:[pP]\s*)?([<>≤≥=~]*)\s*([0-9]+\.?[0-9]*|\.[0-9]+)"
    r"\s*(?:(?:[eE]|[x×*]\s*10\s*\^?)\s*([-−–+]?[0-9]+))?\s*$"
)
_BRACKET = r"\[\s*(?:[-−–+.0-9][^\]]*|NR|NA|)\s*\]?"  # an interval, or that there is none
_INTERVAL = rf"^\s*\(?\[?\s*({_NUMBER})\s*(?:-|−|–|,|;|\bto\b)\s*({_NUMBER})\s*(?:\]|$|\()"

# Words that turn the sign of a number beside them, with the misspellings that catalogues have.
LESS = (
    "de?cre?ae?s?[a-z]*|lower[a-z]*|short(?:er|ening)|younger|fewer|less|smaller|reduc[a-z]+|thinner|lighter"
    "|earlier|slower|declin[a-z]+|diminish[a-z]+"
)
MORE = "incr?e?a?s?[a-z]*|higher|taller|longer|older|more|greater|larger|thicker|heavier|later|faster|ris(?:e|ing)"
_LESS = rf"(?i)(?-u:\b)(?:{LESS})(?-u:\b)"
_DIRECTION = rf"(?i)(?-u:\b)(?:{LESS}|{MORE})(?-u:\b)"
# What a bracket may hold that is no unit: who was looked at. The number is judged as if it stood alone.
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
    """−log10 of a p-value's text ("5E-324", "1.5 x 10-8", "<1e-10", ".03"), ≥ 0; null if it is none in 0…1.

    Worked out from mantissa and exponent, so that nothing underflows; 0 gives 324 (see `p_flags`).
    """
    parts = text.str.extract_groups(_P).struct
    mantissa = parts.field("2").cast(pl.Float64, strict=False)
    exponent = _minus(parts.field("3")).cast(pl.Float64, strict=False).fill_null(0.0)
    # Rounded so that one text gives one number, and one digest, whatever the C library.
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
    """The numbers of "[0.10-0.22] (unit increase)": a struct of `low` ≤ `high`, null where there are none."""
    parts = text.str.extract_groups(_INTERVAL).struct
    one, two = (_minus(parts.field(n)).cast(pl.Float64, strict=False) for n in ("1", "2"))
    return pl.struct(pl.min_horizontal(one, two).alias("low"), pl.max_horizontal(one, two).alias("high"))


def unit_text(text: pl.Expr) -> pl.Expr:
    """What stands beside the interval: "[NR] (mg/dL decrease)" → "mg/dL decrease"; null if nothing, or a note."""
    outside = text.str.replace_all(_BRACKET, " ").str.strip_chars()
    outside = outside.str.replace(rf"^{_NUMBER}\s*(?:-|−|–|to)\s*{_NUMBER}", "").str.strip_chars()
    outside = outside.str.replace(rf"^[-−–]\s*{_NUMBER}\s*", "").str.strip_chars()
    inner = outside.str.replace(r"^(?:NR\s*)?[(\[](.*)[)\]]$", "$1").str.strip_chars(" \t[],;")
    note = inner.str.contains(_NOTE) & ~inner.str.contains(_DIRECTION)
    # "((mm Hg decrease))": a note by its brackets, a unit by its words.
    inner = inner.str.replace(r"^\((.*)\)$", "$1")
    return pl.when(~note & ~inner.is_in(["", "NR", "NA", "nr", "-"])).then(inner)


def effect(value: pl.Expr, text: pl.Expr) -> pl.Expr:
    """An "OR or BETA" cell and its "95% CI (TEXT)" as a struct of numbers and booleans (EFFECT).

    `standard_error` is of beta, or of log OR, and comes from the interval. By order of:

    1. a unit, or a number below 0, makes a beta; LESS words negate it and its interval (`negated`);
    2. "odds" makes an odds ratio; a share of variance or a hazard ratio is no effect;
    3. a bare number ≥ 1 within a positive interval is an odds ratio;
    4. any other bare number > 0 is *taken* for one, `effect_inferred`: only a Disease may keep it
       (`keep_inferred_effect`, once the end's kind is known);
    5. what is left, an odds ratio beyond 1000, or a beta rounded to 0 outside its interval, is
       `effect_unknown`, and no effect.

    An interval that does not hold its number, half a last digit allowed, is left out.
    """
    return pl.struct(value.alias("value"), text.alias("text")).map_batches(_effects, return_dtype=pl.Struct(EFFECT))


def _effects(cells: pl.Series) -> pl.Series:
    """`effect` over a struct of `value` and `text`; each distinct pair is worked out once."""
    given = cells.struct.unnest()
    number, text, unit = pl.col("number"), pl.col("text"), pl.col("unit")
    low, high = pl.col("low"), pl.col("high")
    texts = (
        given.select(text.unique())
        .with_columns(unit=unit_text(text), interval=interval(text))
        .unnest("interval")
        .with_columns(
            less=unit.str.contains(_LESS).fill_null(False),
            none=unit.str.contains(_NO_EFFECT).fill_null(False),
            odds=(unit.str.contains(_ODDS) & ~unit.str.contains("(?i)log")).fill_null(False),
            beta_unit=_bare_unit(unit),
        )
    )
    work = (
        given.unique()
        .with_columns(number=_minus(pl.col("value").str.strip_chars()).cast(pl.Float64, strict=False))
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
    sound = number.is_between(1 / MAX_ODDS_RATIO, MAX_ODDS_RATIO)
    sure = (odds & ~less & sound) | (unit.is_null() & sound & (number >= 1) & (low > 0) & holds)
    work = work.with_columns(is_beta=is_beta.fill_null(False), sure=sure.fill_null(False)).with_columns(
        effect_inferred=(unit.is_null() & sound & ~pl.col("sure")).fill_null(False)
    )
    is_beta, is_odds = pl.col("is_beta"), pl.col("sure") | pl.col("effect_inferred")
    # "-0.3 decrease" is read as −0.3 with the interval as it stands.
    turns = pl.col("is_beta") & less & (number > 0)
    sign = pl.when(turns).then(-1.0).otherwise(1.0)
    kept = holds & (is_beta | (is_odds & (low > 0)))
    error = pl.when(is_beta).then((high - low) / (2 * Z_95)).otherwise(log_standard_error(low, high))
    done = work.select(
        "value",
        "text",
        beta=pl.when(is_beta).then(number * sign),
        beta_unit=pl.when(is_beta).then(pl.col("beta_unit")),
        odds_ratio=pl.when(is_odds).then(number),
        standard_error=pl.when(kept & (error > 0)).then(error),
        ci_low=pl.when(kept).then(pl.min_horizontal(low * sign, high * sign)),
        ci_high=pl.when(kept).then(pl.max_horizontal(low * sign, high * sign)),
        effect_inferred=pl.col("effect_inferred"),
        effect_unknown=pl.col("value").is_not_null() & ~is_beta & ~is_odds,
        negated=turns.fill_null(False),
    )
    joined = given.join(done, on=["value", "text"], how="left", nulls_equal=True, maintain_order="left")
    return joined.select(pl.struct(*EFFECT)).to_series()


def keep_inferred_effect(end_kind: pl.Expr, flags: pl.Expr) -> pl.Expr:
    """True where an effect may stay; elsewhere `resolve` empties INFERRED_EFFECT_COLUMNS.

    A bare number was taken for an odds ratio (flag `effect_inferred`) on the ground that the end is a Disease,
    which only `resolve` knows; where it is not, the flag becomes `effect_unknown` (`inferred_effect_flags`).
    """
    return ~flags.list.contains("effect_inferred") | (end_kind == "Disease")


INFERRED_EFFECT_COLUMNS = ("odds_ratio", "standard_error", "ci_low", "ci_high")


def inferred_effect_flags(end_kind: pl.Expr, flags: pl.Expr) -> pl.Expr:
    """The flags that go with `keep_inferred_effect`, sorted."""
    kept = flags.list.eval(pl.element().filter(pl.element() != "effect_inferred"))
    other = kept.list.concat(pl.lit(["effect_unknown"])).list.sort()
    return pl.when(keep_inferred_effect(end_kind, flags)).then(flags).otherwise(other)


# --- alleles ---


def risk_allele(text: pl.Expr) -> pl.Expr:
    """The allele of "rs123-A": upper-case bases; null for "rs123-?", and for what is no string of bases."""
    return text.str.extract(r"(?i)[-_]\s*([ACGT]+)\s*$", 1).str.to_uppercase()


def complement(allele: pl.Expr) -> pl.Expr:
    """The allele read on the other strand: complemented, and reversed where it is longer than a base."""
    return allele.str.replace_many(["A", "C", "G", "T"], ["T", "G", "C", "A"]).str.reverse()


def harmonise_to_known_alleles(effect_allele: pl.Expr, alleles: pl.Expr) -> pl.Expr:
    """Put `effect_allele` on the strand of an SNP's known `alleles` (a list); for `resolve` to call.

    A struct of `effect_allele` and three booleans, the names of flags: `strand_flipped`, where only the
    complement is among the alleles, so it took its place; `palindromic` (A/T, C/G), where strands cannot be told
    apart: never flipped; `allele_mismatch`, where neither fits. Without an allele, or with none known, nothing
    changes.
    """
    other = complement(effect_allele)
    known = effect_allele.is_not_null() & (alleles.list.len().fill_null(0) > 0)
    turned = alleles.list.eval(complement(pl.element()))
    palindromic = known & (alleles.list.set_intersection(turned).list.len() > 0)
    fits = alleles.list.contains(effect_allele)
    flipped = known & ~palindromic & ~fits & alleles.list.contains(other)
    return pl.struct(
        pl.when(flipped).then(other).otherwise(effect_allele).alias("effect_allele"),
        flipped.fill_null(False).alias("strand_flipped"),
        palindromic.fill_null(False).alias("palindromic"),
        (known & ~fits & ~flipped).fill_null(False).alias("allele_mismatch"),
    )


def in_mhc(chromosome: pl.Expr, position: pl.Expr) -> pl.Expr:
    """True within 25–34 Mb of chromosome 6, where everything is linked to everything."""
    return ((chromosome == "6") & position.is_between(*MHC)).fill_null(False)


def _minus(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(["−", "–"], ["-", "-"])


def _bare_unit(unit: pl.Expr) -> pl.Expr:
    """A unit without its direction: "mg/dL decrease" → "mg/dL"; null where nothing else was said."""
    bare = unit.str.replace_all(_DIRECTION, " ").str.replace_all(r"\s+", " ")
    bare = bare.str.strip_chars(" ,;[]").str.replace(r"^(?:in|of)\s+", "").str.strip_chars()
    return pl.when(bare != "").then(bare)
