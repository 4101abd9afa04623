"""Look up SNPs that are not in the graph in staged tables."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.stage import Stage, stage_source
from generel_etl.stage_lookup import eqtl_rows, rsids_at_positions, searchable_sources, snp_positions

LIST = "rsid\tchr\tpos\ta1\ta2\nrs1\t1\t100\tA\tG\nrs2\t1\t200\tA\tC\nrs3\t1\t200\tA\tT\n"
COLUMNS = {"id": "rsid", "chromosome": "chr", "position": "pos", "alleles": ["a1", "a2"]}
EQTL = "rsid\tgene\tid\tp\ttissue\nrs1\tAAA\t\t1e-9\tlung\nrs1\t\tENSG00000000001\t1e-8\tskin\nrs9\tBBB\t\t1e-9\tlung\n"


def stages(folder: Path) -> list[Stage]:
    """Two SNP lists that disagree, an eQTL table, and a vocabulary without SNPs."""
    for name, text in (
        ("one", LIST),
        ("two", LIST.replace("\t100\t", "\t111\t")),
        ("eqtl", EQTL),
        ("words", "i\tn\nMONDO:1\tgout\n"),
    ):
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    snps = {"node": "snp", "columns": COLUMNS}
    eqtl = {
        "type": "REGULATES",
        "columns": {"start_id": "rsid", "end_name": "gene", "end_id": "id", "p": "p", "tissue": "tissue"},
    }
    words = {"node": "concept", "kind": "Disease", "columns": {"id": "i", "name": "n"}}
    options = {
        "words": words,
        "two": {**snps, "build": "GRCh38"},
        "one": {**snps, "build": "GRCh38"},
        "old": {**snps, "build": "GRCh37"},
        "eqtl": eqtl,
    }
    files = {"old": "one.tsv"}
    config = EtlConfig(data=folder, state=folder / "state")
    return [
        stage_source(SourceConfig(name, "table", (files.get(name, f"{name}.tsv"),), options=some), config)
        for name, some in options.items()
    ]


def test_position_in_each_build_comes_from_the_first_source(tmp_path: Path) -> None:
    result = snp_positions(stages(tmp_path), ["rs1", "rs7"])
    assert sorted(result.rows()) == [("rs1", "GRCh37", "1", 100, "old"), ("rs1", "GRCh38", "1", 111, "two")]
    assert snp_positions([], ["rs1"]).is_empty()


def test_position_is_an_rsid_if_only_one_matches(tmp_path: Path) -> None:
    positions = pl.DataFrame(
        {
            "code": ["both", "allele", "other", "elsewhere", "first"],
            "build": ["GRCh38"] * 5,
            "chromosome": ["1", "1", "1", "2", "1"],
            "position": [200, 200, 200, 200, 100],
            "alleles": [[], ["A", "T"], ["A", "G"], [], []],
        },
        schema_overrides={"alleles": pl.List(pl.String)},
    )
    result = rsids_at_positions(stages(tmp_path), positions)
    assert dict(result.select("code", "id").iter_rows()) == {"allele": "rs3", "first": "rs1"}


def test_eqtl_rows_include_conditional_ones(tmp_path: Path) -> None:
    made = stages(tmp_path)
    rows = eqtl_rows(made, ["rs1", "rs2"]).sort("neg_log10_p")
    assert rows.select("id", "gene_id", "gene_name", "source").rows() == [
        ("rs1", "ENSEMBL:ENSG00000000001", None, "eqtl"),
        ("rs1", None, "AAA", "eqtl"),
    ]
    assert rows["neg_log10_p"].round(6).to_list() == [8, 9]
    assert eqtl_rows(made, []).is_empty()


def test_searchable_sources_have_snps_or_eqtl_rows(tmp_path: Path) -> None:
    assert searchable_sources(stages(tmp_path)) == ["two", "one", "old", "eqtl"]
