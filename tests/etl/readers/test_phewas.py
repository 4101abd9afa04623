"""A PheWAS: SNPs and phecodes with odds ratios of a named allele, p-values that underflow, texts that stay texts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.errors import ConfigError, DataError
from generel_etl.stage import Stage, stage_source

DATA = Path(__file__).parents[2] / "data" / "phewas"


def stage(tmp_path: Path, file: str = "results.csv", folder: Path = DATA, **options: object) -> Stage:
    config = EtlConfig(data=folder, state=tmp_path)
    options = {"build": "hg38", **options}
    return stage_source(SourceConfig("phewas", "phewas", (file,), options=options), config)


def edges(made: Stage, *columns: str) -> list[tuple[object, ...]]:
    return made.edges().select(columns).collect().rows()


def test_a_phecode_stays_a_text_and_brings_its_name(tmp_path: Path) -> None:
    made = stage(tmp_path, cohort="Made up")
    assert edges(made, "type", "start_id", "end_id", "end_name", "cases", "controls", "cohort")[:3] == [
        ("CORRELATES_WITH", "rs1", "PHECODE:250.2", "Diabetes, made up", 1000, 9000, "Made up"),
        ("CORRELATES_WITH", "rs1", "PHECODE:008.5", "Bacterial enteritis", 50, 9950, "Made up"),
        ("CORRELATES_WITH", "GRCh38:6:30000000:A:G", "PHECODE:714.1", "Rheumatoid arthritis", 700, 9300, "Made up"),
    ]


def test_the_odds_ratio_is_of_the_allele_that_the_option_names(tmp_path: Path) -> None:
    named = edges(stage(tmp_path), "effect_allele", "other_allele", "odds_ratio", "ci_low", "ci_high")
    assert named[0] == ("T", "C", 1.25, 1.2, 1.3)
    assert edges(stage(tmp_path, effect_allele="ref"), "effect_allele", "other_allele")[0] == ("C", "T")
    with pytest.raises(ConfigError, match=r"effect_allele.*A1"):
        stage(tmp_path, effect_allele="A1")


def test_weight_is_by_z_and_weak_rows_stay_with_a_flag(tmp_path: Path) -> None:
    found = edges(stage(tmp_path), "weight", "flags", "neg_log10_p")
    z = 0.2231435513142097 / ((0.26236426446749106 - 0.1823215567939546) / (2 * 1.959963984540054))
    assert found[0][0] == pytest.approx(z / (z + 5.45))
    assert found[1][1:] == (["sub_significant"], pytest.approx(0.69897))
    assert found[2][1:] == (["mhc", "p_underflow"], 324.0)
    assert found[6][1:] == (["p_bound"], 4.0)


def test_an_odds_ratio_or_an_interval_that_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    found = edges(stage(tmp_path), "odds_ratio", "ci_low", "standard_error", "flags")
    assert found[3] == (1.1, None, None, [])  # an interval of 0.2 to 0.3
    assert found[4] == found[5] == (None, None, None, ["effect_unknown"])
    assert found[0][2] == pytest.approx(0.0204, abs=1e-4)


def test_the_snps_bring_place_and_alleles(tmp_path: Path) -> None:
    snps = stage(tmp_path).snps().collect()
    assert snps.filter(id="rs2").select("chromosome", "position", "build", "alleles").rows() == [
        ("2", 2000, "GRCh38", ["G", "GA"])
    ]
    assert snps["id"].is_unique().all()


def test_rows_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    made = stage(tmp_path)
    what = 'not a phecode: three or four digits and up to two after a dot ("008.5")'
    assert made.rejects().select("line", "column", "found", "reason").collect().rows() == [
        (8, "cases", "many", "not an integer ≥ 0: left out"),
        (9, "phecode", "8", what),
        (10, "SNP", "a SNP", "neither an rsID nor a position"),
        (11, "odds_ratio", None, "neither an odds ratio nor a p-value"),
        (12, "#fields", "4:4000:A:C,250.2", "2 fields instead of 11"),
    ]
    assert (made.rows_read, made.rows_rejected) == (11, 4)  # the row of "many" cases stays


def test_columns_and_builds_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hg17"):
        stage(tmp_path, build="hg17")
    (tmp_path / "x.csv").write_text("SNP,phecode,OR,P\n1:1:A:C,250.2,1,1\n")
    with pytest.raises(DataError, match="odds_ratio"):
        stage(tmp_path, "x.csv", tmp_path)


def test_optional_columns_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("SNP,phecode,odds_ratio,P\nrs7,250.2,1.5,1e-8\n")
    assert edges(stage(tmp_path, "x.csv", tmp_path), "start_id", "end_name", "cases", "effect_allele") == [
        ("rs7", None, None, None)
    ]


def test_real_results(tmp_path: Path, shared_data: Path) -> None:
    made = stage(tmp_path, "phewas/ukbb_snp_phecode.csv.gz", shared_data)
    assert (made.rows_read, made.rows_rejected) == (1_188, 0)
    found = made.edges().collect()
    assert found["weight"].is_between(0, 1).all()
    assert found.filter(pl.col("flags").list.contains("sub_significant")).height == 362
    assert (found.filter(end_id="PHECODE:010").height, found.filter(end_id="PHECODE:10").height) == (2, 0)
    # TCF7L2: the T allele raises the risk of type 2 diabetes.
    row = found.filter(start_id="rs7903146", end_id="PHECODE:250.2").row(0, named=True)
    assert (row["effect_allele"], row["odds_ratio"] > 1) == ("T", True)
