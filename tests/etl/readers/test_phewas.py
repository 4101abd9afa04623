"""PheWAS results: odds ratios of a named allele, p-values that underflow, phecodes as text."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from generel_etl.errors import ConfigError, DataError
from generel_etl.stage import Stage
from tests.etl.conftest import stage_files
from tests.etl.readers.conftest import edge_rows

DATA = Path(__file__).parents[2] / "data" / "phewas"


def stage(tmp_path: Path, file: str = "results.csv", folder: Path = DATA, **options: object) -> Stage:
    return stage_files(tmp_path, "phewas", file, folder=folder, **{"build": "hg38", **options})


def test_phecodes_are_read_as_text_with_their_names(tmp_path: Path) -> None:
    staged = stage(tmp_path, cohort="Made up")
    assert edge_rows(staged, "type", "start_id", "end_id", "end_name", "cases", "controls", "cohort")[:3] == [
        ("CORRELATES_WITH", "rs1", "PHECODE:250.2", "Diabetes, made up", 1000, 9000, "Made up"),
        ("CORRELATES_WITH", "rs1", "PHECODE:008.5", "Bacterial enteritis", 50, 9950, "Made up"),
        ("CORRELATES_WITH", "GRCh38:6:30000000:A:G", "PHECODE:714.1", "Rheumatoid arthritis", 700, 9300, "Made up"),
    ]


def test_the_option_selects_the_effect_allele(tmp_path: Path) -> None:
    named = edge_rows(stage(tmp_path), "effect_allele", "other_allele", "odds_ratio", "ci_low", "ci_high")
    assert named[0] == ("T", "C", 1.25, 1.2, 1.3)
    assert edge_rows(stage(tmp_path, effect_allele="ref"), "effect_allele", "other_allele")[0] == ("C", "T")
    with pytest.raises(ConfigError, match=r"effect_allele.*A1"):
        stage(tmp_path, effect_allele="A1")


def test_weight_follows_from_z_and_weak_rows_have_a_flag(tmp_path: Path) -> None:
    edges = edge_rows(stage(tmp_path), "weight", "flags", "neg_log10_p")
    z = 0.2231435513142097 / ((0.26236426446749106 - 0.1823215567939546) / (2 * 1.959963984540054))
    assert edges[0][0] == pytest.approx(z / (z + 5.45))
    assert edges[1][1:] == (["sub_significant"], pytest.approx(0.69897))
    assert edges[2][1:] == (["mhc", "p_underflow"], 324.0)
    assert edges[6][1:] == (["p_bound"], 4.0)


def test_implausible_odds_ratios_and_intervals_are_left_out(tmp_path: Path) -> None:
    edges = edge_rows(stage(tmp_path), "odds_ratio", "ci_low", "standard_error", "flags")
    assert edges[3] == (1.1, None, None, [])  # an interval of 0.2 to 0.3
    assert edges[4] == edges[5] == (None, None, None, ["effect_unknown"])
    assert edges[0][2] == pytest.approx(0.0204, abs=1e-4)


def test_snps_have_positions_and_alleles(tmp_path: Path) -> None:
    snps = stage(tmp_path).snps().collect()
    assert snps.filter(id="rs2").select("chromosome", "position", "build", "alleles").rows() == [
        ("2", 2000, "GRCh38", ["G", "GA"])
    ]
    assert snps["id"].is_unique().all()


def test_rejects_state_the_reason(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    what = 'not a phecode: three or four digits and up to two after a dot ("008.5")'
    assert staged.rejects().select("line", "column", "found", "reason").collect().rows() == [
        (8, "cases", "many", "not an integer ≥ 0: left out"),
        (9, "phecode", "8", what),
        (10, "SNP", "a SNP", "neither an rsID nor a position"),
        (11, "odds_ratio", None, "neither an odds ratio nor a p-value"),
        (12, "#fields", "4:4000:A:C,250.2", "2 fields instead of 11"),
    ]
    assert (staged.rows_read, staged.rows_rejected) == (11, 4)  # the row of "many" cases stays


def test_unknown_builds_and_missing_columns_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hg17"):
        stage(tmp_path, build="hg17")
    (tmp_path / "x.csv").write_text("SNP,phecode,OR,P\n1:1:A:C,250.2,1,1\n")
    with pytest.raises(DataError, match="odds_ratio"):
        stage(tmp_path, "x.csv", tmp_path)


def test_optional_columns_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("SNP,phecode,odds_ratio,P\nrs7,250.2,1.5,1e-8\n")
    assert edge_rows(stage(tmp_path, "x.csv", tmp_path), "start_id", "end_name", "cases", "effect_allele") == [
        ("rs7", None, None, None)
    ]


def test_shared_results_are_read(tmp_path: Path, shared_data: Path) -> None:
    staged = stage(tmp_path, "phewas/ukbb_snp_phecode.csv.gz", shared_data)
    assert (staged.rows_read, staged.rows_rejected) == (1_188, 0)
    edges = staged.edges().collect()
    assert edges["weight"].is_between(0, 1).all()
    assert edges.filter(pl.col("flags").list.contains("sub_significant")).height == 362
    assert (edges.filter(end_id="PHECODE:010").height, edges.filter(end_id="PHECODE:10").height) == (2, 0)
    # TCF7L2: the T allele raises the risk of type 2 diabetes.
    row = edges.filter(start_id="rs7903146", end_id="PHECODE:250.2").row(0, named=True)
    assert (row["effect_allele"], row["odds_ratio"] > 1) == ("T", True)
