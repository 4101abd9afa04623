"""Weights of edges in (0, 1]: named functions of Polars expressions, with their formulas.

A weight measures the confidence in a statement, not the size of an effect. It is null if the edge must never be
sampled in training. Significance thresholds add flags; they never drop rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

ASSOCIATION_HALF = 7.3  # −log10(5e-8): genome-wide significance has weight 1/2
PHEWAS_HALF = 5.45  # the z of p = 5e-8, two-sided
PSEUDO_COUNT = 0.5  # added to observed and expected counts (Norén et al. 2013, doi:10.1177/0962280211403604)
CURATED = 1.0
PREDICTED = 0.5  # predicted or text-mined, if the source gives no score

GWAS_P = 1e-5  # rows with a larger p-value get the flag sub_significant
EQTL_P = 1e-5
PHEWAS_P = 0.05
Z_95 = 1.959963984540054  # half the width of a 95 % interval, in standard errors


def association(neg_log10_p: pl.Expr) -> pl.Expr:
    """`x / (x + 7.3)`, x = −log10 p ≥ 0: 1/2 at 5e-8."""
    return neg_log10_p / (neg_log10_p + ASSOCIATION_HALF)


def ld(r2: pl.Expr) -> pl.Expr:
    """`r2` itself, 0…1."""
    return r2


def phewas(z: pl.Expr) -> pl.Expr:
    """`z / (z + 5.45)`, z = |log OR| / SE ≥ 0: 1/2 at p = 5e-8."""
    return z / (z + PHEWAS_HALF)


def co_occurrence(ppmi: pl.Expr) -> pl.Expr:
    """`ppmi / (ppmi + 1)`, ppmi in bits; null if there is no excess (flag `depleted`)."""
    return pl.when(ppmi > 0).then(ppmi / (ppmi + 1))


def shrunken_ppmi(count: pl.Expr, expected: pl.Expr) -> pl.Expr:
    """`max(0, log2((count + ½) / (expected + ½)))` in bits.

    The pseudo-count shrinks rare pairs towards no excess: one report with .01 expected gives 1.6 bits, not 6.6
    (the shrunken observed-to-expected ratio of pharmacovigilance, Norén et al. 2013).
    """
    return ((count + PSEUDO_COUNT) / (expected + PSEUDO_COUNT)).log(2.0).clip(lower_bound=0.0)


def z_score(log_odds_ratio: pl.Expr, standard_error: pl.Expr) -> pl.Expr:
    """`|log OR| / SE`; null if SE is null or 0."""
    return pl.when(standard_error > 0).then(log_odds_ratio.abs() / standard_error)


def log_standard_error(ci_low: pl.Expr, ci_high: pl.Expr) -> pl.Expr:
    """SE of a log odds ratio from the 95 % interval of the odds ratio: `(ln high − ln low) / (2 · 1.96)`."""
    usable = (ci_low > 0) & (ci_high > ci_low)
    return pl.when(usable).then((ci_high.log() - ci_low.log()) / (2 * Z_95))


def z_of_p(neg_log10_p: pl.Expr) -> pl.Expr:
    """The two-sided z of a p-value; computed in logarithms, so that it is exact even if p underflows."""
    return neg_log10_p.cast(pl.Float64).map_batches(_z_of_p_values, return_dtype=pl.Float64)


def _z_of_p_values(values: pl.Series) -> pl.Series:
    from scipy.special import ndtri_exp  # slow to import; queries need only the constants of this module

    logarithm = -values.fill_null(float("nan")).to_numpy() * math.log(10) - math.log(2)
    z = np.maximum(-ndtri_exp(np.minimum(logarithm, -math.log(2))), 0.0)
    return pl.Series(values.name, z).fill_nan(None)


def sub_significant(neg_log10_p: pl.Expr, p: float) -> pl.Expr:
    """True if the p-value is larger than `p`; false if there is no p-value."""
    return (neg_log10_p < -math.log10(p) - 1e-9).fill_null(False)


def flag_list(**conditions: pl.Expr) -> pl.Expr:
    """A list of the names whose condition is true, in alphabetical order."""
    names = [
        pl.when(conditions[name].fill_null(False)).then(pl.lit(name)).otherwise(pl.lit(None, dtype=pl.String))
        for name in sorted(conditions)
    ]
    return pl.concat_list(names).list.drop_nulls()


@dataclass(frozen=True, slots=True)
class Formula:
    """A named weight, computed from the canonical columns of an edge table.

    `columns`: the columns that it reads; a reader adds missing ones as nulls. `weight` and `flags` return
    expressions: a number in (0, 1] or null, and a list of flags.
    """

    name: str
    text: str
    columns: tuple[str, ...]
    weight: Callable[[], pl.Expr]
    flags: Callable[[], pl.Expr]


def _no_flags() -> pl.Expr:
    return pl.lit([], dtype=pl.List(pl.String))


def _phewas_z() -> pl.Expr:
    """z from OR and SE, otherwise from OR and its interval, otherwise from p."""
    log_or = pl.col("odds_ratio").log()
    error = pl.coalesce("standard_error", log_standard_error(pl.col("ci_low"), pl.col("ci_high")))
    return pl.coalesce(z_score(log_or, error), z_of_p(pl.col("neg_log10_p")))


def _p_below(p: float) -> Callable[[], pl.Expr]:
    return lambda: flag_list(sub_significant=sub_significant(pl.col("neg_log10_p"), p))


FORMULAS: dict[str, Formula] = {
    formula.name: formula
    for formula in (
        Formula(
            "association",
            "x / (x + 7.3), x = -log10 p; p > 1e-5: sub_significant",
            ("neg_log10_p",),
            lambda: association(pl.col("neg_log10_p")),
            _p_below(GWAS_P),
        ),
        Formula(
            "eqtl",
            "x / (x + 7.3), x = -log10 p; p > 1e-5: sub_significant",
            ("neg_log10_p",),
            lambda: association(pl.col("neg_log10_p")),
            _p_below(EQTL_P),
        ),
        Formula("ld", "r2", ("r2",), lambda: ld(pl.col("r2")), _no_flags),
        Formula(
            "phewas",
            "z / (z + 5.45), z = |log OR| / SE; p > .05: sub_significant",
            ("odds_ratio", "standard_error", "ci_low", "ci_high", "neg_log10_p"),
            lambda: phewas(_phewas_z()),
            _p_below(PHEWAS_P),
        ),
        Formula(
            "co_occurrence",
            "ppmi / (ppmi + 1), ppmi = max(0, log2((n + 1/2) / (expected + 1/2))); 0: depleted, no weight",
            ("ppmi",),
            lambda: co_occurrence(pl.col("ppmi")),
            lambda: flag_list(depleted=pl.col("ppmi") <= 0),
        ),
        Formula("curated", "1", (), lambda: pl.lit(CURATED), _no_flags),
        Formula("predicted", "1/2", (), lambda: pl.lit(PREDICTED), _no_flags),
    )
}


def evidence_unit(columns: Sequence[str]) -> pl.Expr:
    """The unit of independent evidence for a pair: the study, otherwise the cohort, otherwise the source.

    All tissues of one eQTL table are one unit, because they come from the same people.
    """
    return pl.coalesce(*(name for name in ("study", "cohort", "source") if name in columns))


def combine_weights(edges: pl.DataFrame, pair: Sequence[str] = ("start", "end")) -> pl.DataFrame:
    """Combine the weights of a pair's edges: the largest within each unit, then `1 − Π(1 − w)` over the units.

    `edges`: the `pair` columns, `weight`, and any of `study`, `cohort`, `source`; null weights are ignored.
    Returns the `pair` columns and `weight` in (0, 1], sorted by pair. The equivalent Cypher is
    `WITH a, b, coalesce(e.study, e.cohort, e.source) AS unit, max(e.weight) AS w`
    `WITH a, b, 1.0 - reduce(rest = 1.0, x IN collect(w) | rest * (1.0 - x)) AS weight`.
    """
    strongest = (
        edges.filter(pl.col("weight").is_not_null())
        .group_by(*pair, evidence_unit(edges.columns).alias("unit"))
        .agg(pl.col("weight").max())
    )
    return strongest.group_by(*pair).agg((1.0 - (1.0 - pl.col("weight")).product()).alias("weight")).sort(*pair)
