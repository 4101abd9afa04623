"""Weights are in (0, 1], are 1/2 at the usual threshold of significance, and combine over studies."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generel_etl.weights import (
    FORMULAS,
    association,
    co_occurrence,
    combine_weights,
    flag_list,
    log_standard_error,
    phewas,
    shrunken_ppmi,
    sub_significant,
    z_of_p,
    z_score,
)


def value(expression):
    return pl.select(expression).item()


def test_weight_is_one_half_at_genome_wide_significance():
    x = -math.log10(5e-8)
    assert value(association(pl.lit(x))) == pytest.approx(0.5, abs=1e-3)
    assert value(phewas(z_of_p(pl.lit(x)))) == pytest.approx(0.5, abs=1e-3)


@given(st.floats(0, 1000))
def test_association_weights_increase_and_stay_below_one(x):
    assert 0 <= value(association(pl.lit(x))) < 1
    assert value(association(pl.lit(x))) < value(association(pl.lit(x + 1)))


@pytest.mark.parametrize(("p", "z"), [(0.05, 1.959964), (5e-8, 5.451310), (1.0, 0.0)])
def test_z_of_p_agrees_with_tables(p, z):
    assert value(z_of_p(pl.lit(-math.log10(p)))) == pytest.approx(z, abs=1e-5)


def test_z_of_p_is_exact_below_the_smallest_float():
    assert 66 < value(z_of_p(pl.lit(971.0))) < 67
    assert value(z_of_p(pl.lit(None, dtype=pl.Float64))) is None


def test_standard_error_comes_from_the_interval():
    low, high = math.exp(0.2 - 1.959964 * 0.05), math.exp(0.2 + 1.959964 * 0.05)
    assert value(log_standard_error(pl.lit(low), pl.lit(high))) == pytest.approx(0.05, abs=1e-6)
    assert value(log_standard_error(pl.lit(0.0), pl.lit(high))) is None
    assert value(z_score(pl.lit(-0.2), pl.lit(0.05))) == pytest.approx(4.0)
    assert value(z_score(pl.lit(0.2), pl.lit(0.0))) is None


def test_pair_below_expectation_has_no_weight():
    assert value(shrunken_ppmi(pl.lit(3.0), pl.lit(10.0))) == 0
    assert value(co_occurrence(pl.lit(0.0))) is None
    assert value(co_occurrence(pl.lit(1.0))) == 0.5


def test_rare_pairs_are_shrunken():
    assert value(shrunken_ppmi(pl.lit(1.0), pl.lit(0.01))) < 1.6
    assert value(shrunken_ppmi(pl.lit(100.0), pl.lit(1.0))) > 6


@pytest.mark.parametrize(("x", "flagged"), [(4.99, True), (5.0, False), (None, False)])
def test_p_value_at_the_threshold_is_significant(x, flagged):
    assert value(sub_significant(pl.lit(x, dtype=pl.Float64), 1e-5)) is flagged


def test_flag_list_is_sorted_and_drops_nulls():
    flags = flag_list(b=pl.lit(True), a=pl.lit(True), c=pl.lit(None, dtype=pl.Boolean))
    assert value(flags).to_list() == ["a", "b"]


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=lambda f: f.name)
def test_every_formula_gives_a_weight_in_range_and_flags(formula):
    row = {
        "neg_log10_p": [8.0], "r2": [0.7], "odds_ratio": [1.3], "standard_error": [None], "ci_low": [1.1],
        "ci_high": [1.5], "ppmi": [2.0],
    }  # fmt: skip
    frame = pl.DataFrame(row, schema_overrides={"standard_error": pl.Float64}).select(formula.columns or pl.all())
    weight, flags = frame.select(formula.weight().alias("w"), formula.flags().alias("f")).row(0)
    assert 0 < weight <= 1
    assert flags == []


def test_phewas_falls_back_on_the_p_value():
    row = dict.fromkeys(FORMULAS["phewas"].columns) | {"odds_ratio": 1.2, "neg_log10_p": 1.0}
    frame = pl.DataFrame([row], schema=dict.fromkeys(row, pl.Float64))
    weight, flags = frame.select(FORMULAS["phewas"].weight().alias("w"), FORMULAS["phewas"].flags().alias("f")).row(0)
    assert weight == pytest.approx(1.6449 / (1.6449 + 5.45), abs=1e-3)
    assert flags == ["sub_significant"]


def test_largest_weight_counts_within_a_study_and_studies_combine():
    edges = pl.DataFrame(
        {
            "start": ["rs1"] * 5,
            "end": ["D:1", "D:1", "D:1", "D:2", "D:2"],
            "study": ["S1", "S1", "S2", None, None],
            "source": ["gwas"] * 5,
            "weight": [0.5, 0.25, 0.5, 0.5, None],
        }
    )
    assert combine_weights(edges).rows() == [("rs1", "D:1", 0.75), ("rs1", "D:2", 0.5)]


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=6))
def test_combined_weight_is_in_range_and_at_least_the_largest(weights):
    frame = pl.DataFrame({"start": "a", "end": "b", "source": [str(i) for i in range(len(weights))], "weight": weights})
    combined = combine_weights(frame)["weight"].item()
    assert max(weights) - 1e-12 <= combined <= 1.0
