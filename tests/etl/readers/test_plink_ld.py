"""PLINK's LD tables: aligned and tab-separated, both versions, SNPs without rsIDs, and pairs below the threshold."""

from __future__ import annotations

from pathlib import Path

import pytest

from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.errors import ConfigError, DataError
from generel_etl.stage import Stage, stage_source
from tests.etl.conftest import stage_files
from tests.etl.readers.conftest import edge_rows

DATA = Path(__file__).parents[2] / "data" / "plink_ld"


def stage(tmp_path: Path, file: str, folder: Path = DATA, **options: object) -> Stage:
    return stage_files(tmp_path, "plink_ld", file, folder=folder, **{"build": "GRCh37", **options})


def test_snps_are_identified_by_rsid_by_the_position_in_the_id_or_by_the_position_in_the_row(tmp_path: Path) -> None:
    staged = stage(tmp_path, "eur.ld", population="EUR")
    assert edge_rows(staged, "start_id", "end_id", "r2", "weight", "population") == [
        ("rs1", "rs2", 1.0, 1.0, "EUR"),
        ("rs1", "GRCh37:6:30000200", 0.25, 0.25, "EUR"),
        ("rs1", "GRCh37:6:30000300:GA:G", 0.2, 0.2, "EUR"),
        ("rs2", "GRCh37:6:30000400", 0.000012, 0.000012, "EUR"),
        ("GRCh37:X:50000000", "rs5", 0.75, 0.75, "EUR"),
    ]
    assert [r[0] for r in edge_rows(staged, "flags")] == [["mhc"]] * 4 + [[]]


def test_pairs_below_the_threshold_are_staged_and_not_rejected(tmp_path: Path) -> None:
    assert [r[0] for r in edge_rows(stage(tmp_path, "eur.ld"), "keep_staged")] == [False, False, False, True, False]
    strict = stage(tmp_path, "eur.ld", min_r2=0.5)
    assert [r[0] for r in edge_rows(strict, "keep_staged")] == [False, True, True, True, False]
    assert strict.rows_rejected == 4


def test_snps_are_loaded_only_if_mentioned_unless_create_is_set(tmp_path: Path) -> None:
    snps = stage(tmp_path, "eur.ld").snps().collect()
    assert snps.filter(id="rs2").select("chromosome", "position", "build", "load_if_mentioned").rows() == [
        ("6", 30_000_100, "GRCh37", True)
    ]
    assert snps["id"].is_unique().all()
    created = stage(tmp_path, "eur.ld", create=True)
    assert not created.snps().collect()["load_if_mentioned"].any()
    assert not created.edges().collect()["load_if_mentioned"].any()
    assert edge_rows(stage(tmp_path, "eur.ld"), "load_if_mentioned") == [(True,)] * 5


def test_rejects_state_the_reason(tmp_path: Path) -> None:
    staged = stage(tmp_path, "eur.ld")
    assert staged.rejects().select("line", "column", "found", "reason").collect().rows() == [
        (7, "SNP_A", "kgp-77", "neither an rsID nor a position"),
        (8, "R2", "nan", "not a number from 0 to 1"),
        (9, "R2", "1.500", "not a number from 0 to 1"),
        (10, "#fields", "6\t30000100\trs2\t6\t30000400\trs4", "6 fields instead of 7"),
    ]
    assert staged.rows_read == 9


def test_plink_2_columns_are_recognised_and_alleles_are_read(tmp_path: Path) -> None:
    staged = stage(tmp_path, "pairs.vcor", build="GRCh38")
    assert edge_rows(staged, "start_id", "end_id", "r2") == [("rs11", "rs12", 0.8), ("rs11", "GRCh38:1:300:A:C", 0.4)]
    assert dict(staged.snps().select("id", "alleles").collect().rows()) == {
        "rs11": ["A", "G"],
        "rs12": ["C", "G", "T"],
        "GRCh38:1:300:A:C": ["A", "C"],
    }


def test_r_is_squared_and_optional_columns_are_ignored(tmp_path: Path) -> None:
    assert edge_rows(stage(tmp_path, "signed.ld"), "start_id", "end_id", "r2") == [("rs21", "rs22", 0.36)]


@pytest.mark.parametrize(
    ("options", "named"), [({"build": "hg17"}, "hg17"), ({"min_r2": 2}, "2.0"), ({"min_r": 0.1}, "min_r2")]
)
def test_invalid_options_are_rejected(tmp_path: Path, options: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        stage(tmp_path, "eur.ld", **options)


def test_a_build_is_required(tmp_path: Path) -> None:
    config = EtlConfig(data=DATA, state=tmp_path)
    with pytest.raises(ConfigError, match=r"missing key.*build"):
        stage_source(SourceConfig("ld", "plink_ld", ("eur.ld",)), config)


def test_missing_and_unknown_columns_are_named(tmp_path: Path) -> None:
    text = (DATA / "eur.ld").read_text()
    for name, other, named in (("SNP_B", "NAME2", "SNP_B"), (" R2", " LD", "LD")):
        (tmp_path / "x.ld").write_text(text.replace(name, other, 1))
        with pytest.raises(DataError, match=f"found: '{named}'"):
            stage(tmp_path, "x.ld", tmp_path)
    (tmp_path / "y.ld").write_text("CHR_A BP_A SNP_A CHR_B BP_B SNP_B DP\n1 1 rs1 1 2 rs2 1\n")
    with pytest.raises(DataError, match="no r2 column"):
        stage(tmp_path, "y.ld", tmp_path)


def test_shared_pairs_are_read(tmp_path: Path, shared_data: Path) -> None:
    staged = stage(tmp_path, "ld/ld_r2_chr11_excerpt.tsv.gz", shared_data)
    assert (staged.rows_read, staged.rows_rejected) == (139_749, 0)
    edges = staged.edges().collect()
    assert (edges.height, edges["keep_staged"].sum()) == (139_749, 0)
    assert edges["start_id"].str.contains("^(rs[0-9]+|GRCh37:11:[0-9]+:[ACGT]+:[ACGT]+)$").all()
