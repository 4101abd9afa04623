"""Weights of edges in (0, 1]: each a named function of polars expressions, with its formula.

A weight says how far a statement is to be believed, not how large an effect is. It is null where an edge is
never to be sampled. Thresholds of a task become flags, never a loss of rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

ASSOCIATION_HALF = 7.3  # −log10(5e-8): genome-wide significance weighs 1/2
PHEWAS_HALF = 5.45  # the z of p = 5e-8, two-sided
PSEUDO_COUNT = 0.5  # pseudo-count of observed and expected (Norén et al. 2013, doi:10.1177/0962280211403604)
CURATED = 1.0
PREDICTED = 0.5  # predicted or text-mined, where the source gives no score

GWAS_P = 1e-5  # above it a row is flagged sub_significant
EQTL_P = 1e-5
PHEWAS_P = 0.05
Z_95 = 1.959963984540054  # half the width of a 95 % interval in standard errors


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
    """`ppmi / (ppmi + 1)`, ppmi in bits; null where there is no excess (the edge is `depleted`)."""
    return pl.when(ppmi > 0).then(ppmi / (ppmi + 1))


def shrunken_ppmi(count: pl.Expr, expected: pl.Expr) -> pl.Expr:
    """`max(0, log2((count + ½) / (expected + ½)))` in bits.

    The half on both sides draws rare pairs to no excess: one report where .01 is expected gives 1.6 bits, not
    6.6 (the shrunken observed-to-expected ratio of drug safety, Norén et al. 2013).
    """
    return ((count + PSEUDO_COUNT) / (expected + PSEUDO_COUNT)).log(2.0).clip(lower_bound=0.0)


def z_score(log_odds_ratio: pl.Expr, standard_error: pl.Expr) -> pl.Expr:
    """`|log OR| / SE`; null where SE is null or 0."""
    return pl.when(standard_error > 0).then(log_odds_ratio.abs() / standard_error)


def log_standard_error(ci_low: pl.Expr, ci_high: pl.Expr) -> pl.Expr:
    """SE of a log odds ratio from its 95 % interval: `(ln high − ln low) / (2 · 1.96)`."""
    usable = (ci_low > 0) & (ci_high > ci_low)
    return pl.when(usable).then((ci_high.log() - ci_low.log()) / (2 * Z_95))


def z_of_p(neg_log10_p: pl.Expr) -> pl.Expr:
    """The two-sided z of a p-value; exact also where p underflows floats (it never leaves the logarithm)."""
    return neg_log10_p.cast(pl.Float64).map_batches(_z_of_p, return_dtype=pl.Float64)


def _z_of_p(values: pl.Series) -> pl.Series:
    from scipy.special import ndtri_exp  # slow to import, and asking needs no more than this module's constants

    logarithm = -values.fill_null(float("nan")).to_numpy() * math.log(10) - math.log(2)
    z = np.maximum(-ndtri_exp(np.minimum(logarithm, -math.log(2))), 0.0)
    return pl.Series(values.name, z).fill_nan(None)


def sub_significant(neg_log10_p: pl.Expr, p: float) -> pl.Expr:
    """True where the p-value is above `p`; false where there is none to judge by."""
    return (neg_log10_p < -math.log10(p) - 1e-9).fill_null(False)


def flag_list(**conditions: pl.Expr) -> pl.Expr:
    """A list of the names whose condition holds, in alphabetical order; nulls do not hold."""
    names = [
        pl.when(conditions[name].fill_null(False)).then(pl.lit(name)).otherwise(pl.lit(None, dtype=pl.String))
        for name in sorted(conditions)
    ]
    return pl.concat_list(names).list.drop_nulls()


@dataclass(frozen=True, slots=True)
class Formula:
    """A weight by name, over an edge table's canonical columns.

    `columns` are those that it reads; a reader adds missing ones as nulls. `weight` and `flags` are
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
    """z from OR and SE, else from OR and its interval, else from p."""
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


def unit(columns: Sequence[str]) -> pl.Expr:
    """What evidence of a pair is counted once for: the study, else the cohort, else the source.

    Tissues of one eQTL table are one unit: they are the same people.
    """
    return pl.coalesce(*(name for name in ("study", "cohort", "source") if name in columns))


def combine(edges: pl.DataFrame, pair: Sequence[str] = ("start", "end")) -> pl.DataFrame:
    """Join the weights of a pair's edges: the largest within a unit, then `1 − Π(1 − w)` over distinct units.

    `edges`: the `pair` columns, `weight`, and any of `study`, `cohort`, `source`; null weights are passed
    over. Returns the `pair` columns and `weight` in (0, 1], sorted by pair. In Cypher the same is
    `WITH a, b, coalesce(e.study, e.cohort, e.source) AS unit, max(e.weight) AS w`
    `WITH a, b, 1.0 - reduce(rest = 1.0, x IN collect(w) | rest * (1.0 - x)) AS weight`.
    """
    strongest = (
        edges.filter(pl.col("weight").is_not_null())
        .group_by(*pair, unit(edges.columns).alias("unit"))
        .agg(pl.col("weight").max())
    )
    return strongest.group_by(*pair).agg((1.0 - (1.0 - pl.col("weight")).product()).alias("weight")).sort(*pair)
