"""p-values, effects, alleles and samples of studies are parsed or flagged as unknown, never guessed."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generel_etl.parsing.ancestry import ancestry_groups, sample_size
from generel_etl.parsing.association_stats import (
    complement,
    effect,
    harmonise_to_known_alleles,
    in_mhc,
    inferred_effect_flags,
    interval,
    keep_inferred_effect,
    neg_log10_p,
    p_flags,
    risk_allele,
    unit_text,
)


def text(value):
    return pl.lit(value, dtype=pl.String)


def one(expression):
    value = pl.select(expression).item()
    return value.to_list() if isinstance(value, pl.Series) else value


def read_effect(value, interval_text):
    frame = pl.DataFrame({"v": [value], "t": [interval_text]}, schema={"v": pl.String, "t": pl.String})
    return frame.select(effect(pl.col("v"), pl.col("t")).alias("e")).item()


@pytest.mark.parametrize(
    ("written", "x"),
    [
        ("5E-324", 324 - math.log10(5)),
        ("1e-400", 400.0),
        ("3E-971", 971 - math.log10(3)),
        ("1.5 x 10-8", 8 - math.log10(1.5)),
        ("2×10−9", 9 - math.log10(2)),
        ("<1e-10", 10.0),
        ("P = .05", -math.log10(0.05)),
        (".05", -math.log10(0.05)),
        ("1", 0.0),
        ("0", 324.0),
        ("0E0", 324.0),
        ("4E6", None),
        ("NR", None),
        ("", None),
        (None, None),
    ],
)
def test_p_value_texts_are_parsed(written, x):
    result = one(neg_log10_p(text(written)))
    assert result == (None if x is None else pytest.approx(x, abs=1e-8))


def test_p_values_are_flagged():
    def flags(written):
        return {name for name, held in p_flags(text(written)).items() if one(held)}

    assert flags("0") == {"p_underflow"}
    assert flags("<1e-10") == {"p_bound"}
    assert flags("NR") == {"p_unknown"}
    assert flags("5E-324") == set()


@given(st.integers(1, 99), st.integers(-5000, 0))
def test_any_mantissa_and_exponent_are_parsed(mantissa, exponent):
    for written in (f"{mantissa}E{exponent}", f"{mantissa / 10}e{exponent + 1}"):
        result, want = one(neg_log10_p(text(written))), -math.log10(mantissa) - exponent
        assert result is None if want < -1e-9 else result == pytest.approx(max(want, 0), abs=1e-6)


@given(st.text(max_size=20))
def test_any_text_is_parsed_without_error(written):
    x = one(neg_log10_p(text(written)))
    assert x is None or x >= 0
    parsed = read_effect(written, written)
    assert parsed["odds_ratio"] is None or parsed["odds_ratio"] > 0
    assert parsed["beta"] is None or parsed["odds_ratio"] is None
    assert one(risk_allele(text(written))) is None or set(one(risk_allele(text(written)))) <= set("ACGT")


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("[0.10-0.22] (unit increase)", 0.10, 0.22),
        ("[1.41 - 2.39]", 1.41, 2.39),
        ("[1.38–1.93]", 1.38, 1.93),
        ("[-0.01076-0.01276] (unit increase)", -0.01076, 0.01276),
        ("[-0.5--0.2]", -0.5, -0.2),
        ("[1.5-1.2]", 1.2, 1.5),
        ("[NR] (mg/dL decrease)", None, None),
        ("[1.33-]", None, None),
        (None, None, None),
    ],
)
def test_interval_texts_are_parsed(written, low, high):
    assert one(interval(text(written))) == {"low": low, "high": high}


@given(st.decimals(-99, 99, places=3), st.decimals(-99, 99, places=3))
def test_any_interval_is_parsed_in_order(a, b):
    assert one(interval(text(f"[{a}-{b}] (cm increase)"))) == {"low": float(min(a, b)), "high": float(max(a, b))}


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("[NR] (mg/dL decrease)", "mg/dL decrease"),
        ("[0.031-0.045] unit increase", "unit increase"),
        ("[mg/dl decrease]", "mg/dl decrease"),
        ("[1.42-1.80] ((males))", None),
        ("((mm Hg decrease))", "mm Hg decrease"),
        ("[NR]", None),
        ("NR", None),
        (None, None),
    ],
)
def test_units_are_read_without_notes_and_brackets(written, unit):
    assert one(unit_text(text(written))) == unit


@pytest.mark.parametrize(
    ("value", "written", "beta", "unit"),
    [
        ("0.3", "[0.2-0.4] (mg/dL decrease)", -0.3, "mg/dL"),
        ("0.3", "[0.2-0.4] (mg/dL increase)", 0.3, "mg/dL"),
        ("1.2", "[NR] (years younger)", -1.2, "years"),
        ("1.2", "[NR] (cm shorter)", -1.2, "cm"),
        ("2", "[NR] (fewer cigarettes per day)", -2, "cigarettes per day"),
        ("0.02", "[NR] (% dcrease)", -0.02, "%"),
        ("-0.24", " (unit decrease)", -0.24, "unit"),
        ("-0.1", "[-0.2--0.05]", -0.1, None),
        ("0.13", "[0.09-0.17] (decrease in log odds)", -0.13, "log odds"),
    ],
)
def test_numbers_with_a_unit_are_betas(value, written, beta, unit):
    parsed = read_effect(value, written)
    assert (parsed["beta"], parsed["beta_unit"], parsed["odds_ratio"]) == (beta, unit, None)
    assert parsed["negated"] == (beta < 0 < float(value))


def test_interval_of_a_negated_beta_is_negated():
    parsed = read_effect("0.3", "[0.2-0.4] (cm decrease)")
    assert (parsed["ci_low"], parsed["ci_high"]) == (-0.4, -0.2)
    assert parsed["standard_error"] == pytest.approx(0.2 / 3.919928, rel=1e-5)


def test_a_bare_number_in_a_positive_interval_is_an_odds_ratio():
    parsed = read_effect("1.20", "[1.10-1.31]")
    assert (parsed["odds_ratio"], parsed["beta"]) == (1.2, None)
    assert not parsed["effect_inferred"]
    assert not parsed["effect_unknown"]
    assert parsed["standard_error"] == pytest.approx(math.log(1.31 / 1.10) / 3.919928, rel=1e-5)


@pytest.mark.parametrize("written", [None, "[NR]", "NR", "[0.80-0.95]"])
def test_other_numbers_without_a_unit_are_inferred_odds_ratios(written):
    parsed = read_effect("0.9", written)
    assert (parsed["odds_ratio"], parsed["effect_inferred"]) == (0.9, True)


def test_inferred_odds_ratio_is_kept_only_for_a_disease():
    flags = pl.Series("f", [["effect_inferred", "mhc"]] * 2)
    frame = pl.DataFrame({"kind": ["Disease", "Trait"], "f": flags})
    result = frame.select(
        keep_inferred_effect(pl.col("kind"), pl.col("f")).alias("ok"),
        inferred_effect_flags(pl.col("kind"), pl.col("f")).alias("f"),
    )
    assert result["ok"].to_list() == [True, False]
    assert result["f"].to_list() == [["effect_inferred", "mhc"], ["effect_unknown", "mhc"]]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("0", None),
        ("123456", "[NR]"),
        ("12", "[NR] (% variance explained)"),
        ("abc", "[1.1-1.3]"),
        ("0", "[0.002-0.006] (fl decrease)"),
    ],
)
def test_unreadable_effect_is_flagged_unknown(value, written):
    parsed = read_effect(value, written)
    assert (parsed["beta"], parsed["odds_ratio"], parsed["effect_unknown"]) == (None, None, True)


def test_missing_number_is_not_an_unknown_effect():
    assert not read_effect(None, "[NR]")["effect_unknown"]


def test_interval_without_its_number_is_dropped():
    parsed = read_effect("1.43", "[0.60-0.81]")
    assert (parsed["ci_low"], parsed["standard_error"]) == (None, None)


@pytest.mark.parametrize(
    ("written", "allele"),
    [
        ("rs123-A", "A"),
        ("rs2147896 -g", "G"),
        ("rs1-ACT", "ACT"),
        ("rs123-?", None),
        ("rs1-G0.04", None),
        ("rs1", None),
        (None, None),
    ],
)
def test_risk_allele_texts_are_parsed(written, allele):
    assert one(risk_allele(text(written))) == allele


@pytest.mark.parametrize(
    ("allele", "known", "turned", "flags"),
    [
        ("A", ["A", "G"], "A", []),
        ("T", ["A", "G"], "A", ["strand_flipped"]),
        ("A", ["A", "T"], "A", ["palindromic"]),
        ("C", ["A", "T"], "C", ["palindromic", "allele_mismatch"]),
        ("G", ["C", "G"], "G", ["palindromic"]),
        ("AC", ["GT", "G"], "GT", ["strand_flipped"]),
        ("A", ["C", "G"], "A", ["palindromic", "allele_mismatch"]),
        ("A", ["C", "CT"], "A", ["allele_mismatch"]),
        ("A", [], "A", []),
        (None, ["A", "G"], None, []),
    ],
)
def test_alleles_are_harmonised_to_the_known_strand(allele, known, turned, flags):
    frame = pl.DataFrame({"a": [allele], "k": [known]}, schema={"a": pl.String, "k": pl.List(pl.String)})
    result = frame.select(harmonise_to_known_alleles(pl.col("a"), pl.col("k")).alias("o")).item()
    assert result.pop("effect_allele") == turned
    assert sorted(name for name, held in result.items() if held) == sorted(flags)


@given(st.text("ACGT", min_size=1, max_size=8))
def test_the_complement_of_the_complement_is_the_allele(allele):
    assert one(complement(complement(text(allele)))) == allele


@pytest.mark.parametrize(
    ("chromosome", "position", "inside"),
    [("6", 25_000_000, True), ("6", 34_000_001, False), ("1", 30_000_000, False), (None, None, False)],
)
def test_mhc_is_25_to_34_mb_of_chromosome_6(chromosome, position, inside):
    assert one(in_mhc(text(chromosome), pl.lit(position, dtype=pl.Int64))) is inside


@pytest.mark.parametrize(
    ("written", "groups", "size"),
    [
        ("1,000 European ancestry cases, 2,000 European ancestry controls", ["European"], 3000),
        ("300 Han Chinese ancestry cases, 100 African American controls", ["African American", "East Asian"], 400),
        ("20 American Indian ancestry individuals", ["other"], 20),
        ("85 Indian Asian ancestry individuals", ["South Asian"], 85),
        ("10 African ancestry children aged 5 years", ["African"], 10),
        ("~2,000 cases,364 controls", ["unknown"], 2364),
        ("lymphoblastoid cell lines", ["unknown"], None),
        ("5 Hispanic/Latino cases, 7 South Asian ancestry controls", ["Hispanic/Latino", "South Asian"], 12),
        (None, None, None),
    ],
)
def test_ancestry_and_size_are_read_from_sample_texts(written, groups, size):
    assert one(ancestry_groups(text(written))) == groups
    assert one(sample_size(text(written))) == size
