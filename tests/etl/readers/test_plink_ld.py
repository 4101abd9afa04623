"""PLINK's LD tables: aligned and tabbed, both versions, SNPs without rsIDs, and what stays in the stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.errors import ConfigError, DataError
from generel_etl.stage import Stage, stage_source

DATA = Path(__file__).parents[2] / "data" / "plink_ld"


def stage(tmp_path: Path, file: str, folder: Path = DATA, **options: object) -> Stage:
    config = EtlConfig(data=folder, state=tmp_path)
    options = {"build": "GRCh37", **options}
    return stage_source(SourceConfig("ld", "plink_ld", (file,), options=options), config)


def edges(made: Stage, *columns: str) -> list[tuple[object, ...]]:
    return made.edges().select(columns).collect().rows()


def test_an_aligned_table_names_snps_by_rsid_by_their_own_place_or_by_the_rows(tmp_path: Path) -> None:
    made = stage(tmp_path, "eur.ld", population="EUR")
    assert edges(made, "start_id", "end_id", "r2", "weight", "population") == [
        ("rs1", "rs2", 1.0, 1.0, "EUR"),
        ("rs1", "GRCh37:6:30000200", 0.25, 0.25, "EUR"),
        ("rs1", "GRCh37:6:30000300:GA:G", 0.2, 0.2, "EUR"),
        ("rs2", "GRCh37:6:30000400", 0.000012, 0.000012, "EUR"),
        ("GRCh37:X:50000000", "rs5", 0.75, 0.75, "EUR"),
    ]
    assert [r[0] for r in edges(made, "flags")] == [["mhc"]] * 4 + [[]]


def test_pairs_below_the_threshold_stay_in_the_stage_and_are_no_rejects(tmp_path: Path) -> None:
    assert [r[0] for r in edges(stage(tmp_path, "eur.ld"), "keep_staged")] == [False, False, False, True, False]
    strict = stage(tmp_path, "eur.ld", min_r2=0.5)
    assert [r[0] for r in edges(strict, "keep_staged")] == [False, True, True, True, False]
    assert strict.rows_rejected == 4


def test_places_are_lists_rows_that_make_no_node(tmp_path: Path) -> None:
    snps = stage(tmp_path, "eur.ld").snps().collect()
    assert snps.filter(id="rs2").select("chromosome", "position", "build", "load_if_mentioned").rows() == [
        ("6", 30_000_100, "GRCh37", True)
    ]
    assert snps["id"].is_unique().all()
    created = stage(tmp_path, "eur.ld", create=True)
    assert not created.snps().collect()["load_if_mentioned"].any()
    assert not created.edges().collect()["load_if_mentioned"].any()
    assert edges(stage(tmp_path, "eur.ld"), "load_if_mentioned") == [(True,)] * 5


def test_rows_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    made = stage(tmp_path, "eur.ld")
    assert made.rejects().select("line", "column", "found", "reason").collect().rows() == [
        (7, "SNP_A", "kgp-77", "neither an rsID nor a position"),
        (8, "R2", "nan", "not a number from 0 to 1"),
        (9, "R2", "1.500", "not a number from 0 to 1"),
        (10, "#fields", "6\t30000100\trs2\t6\t30000400\trs4", "6 fields instead of 7"),
    ]
    assert made.rows_read == 9


def test_plink_2_names_its_columns_otherwise_and_gives_alleles(tmp_path: Path) -> None:
    made = stage(tmp_path, "pairs.vcor", build="GRCh38")
    assert edges(made, "start_id", "end_id", "r2") == [("rs11", "rs12", 0.8), ("rs11", "GRCh38:1:300:A:C", 0.4)]
    assert dict(made.snps().select("id", "alleles").collect().rows()) == {
        "rs11": ["A", "G"],
        "rs12": ["C", "G", "T"],
        "GRCh38:1:300:A:C": ["A", "C"],
    }


def test_r_is_squared_and_optional_columns_are_passed_over(tmp_path: Path) -> None:
    assert edges(stage(tmp_path, "signed.ld"), "start_id", "end_id", "r2") == [("rs21", "rs22", 0.36)]


@pytest.mark.parametrize(
    ("options", "found"), [({"build": "hg17"}, "hg17"), ({"min_r2": 2}, "2.0"), ({"min_r": 0.1}, "min_r2")]
)
def test_options_that_cannot_be(tmp_path: Path, options: dict[str, object], found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        stage(tmp_path, "eur.ld", **options)


def test_a_build_is_required(tmp_path: Path) -> None:
    config = EtlConfig(data=DATA, state=tmp_path)
    with pytest.raises(ConfigError, match=r"missing key.*build"):
        stage_source(SourceConfig("ld", "plink_ld", ("eur.ld",)), config)


def test_a_table_without_its_columns_is_an_error_that_names_them(tmp_path: Path) -> None:
    text = (DATA / "eur.ld").read_text()
    for found, other, named in (("SNP_B", "NAME2", "SNP_B"), (" R2", " LD", "LD")):
        (tmp_path / "x.ld").write_text(text.replace(found, other, 1))
        with pytest.raises(DataError, match=f"found: '{named}'"):
            stage(tmp_path, "x.ld", tmp_path)
    (tmp_path / "y.ld").write_text("CHR_A BP_A SNP_A CHR_B BP_B SNP_B DP\n1 1 rs1 1 2 rs2 1\n")
    with pytest.raises(DataError, match="no r2 column"):
        stage(tmp_path, "y.ld", tmp_path)


def test_real_pairs(tmp_path: Path, shared_data: Path) -> None:
    made = stage(tmp_path, "ld/ld_r2_chr11_excerpt.tsv.gz", shared_data)
    assert (made.rows_read, made.rows_rejected) == (139_749, 0)
    found = made.edges().collect()
    assert (found.height, found["keep_staged"].sum()) == (139_749, 0)
    assert found["start_id"].str.contains("^(rs[0-9]+|GRCh37:11:[0-9]+:[ACGT]+:[ACGT]+)$").all()
