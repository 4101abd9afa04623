"""The regional plot says what it shows, and what it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from generel_etl.errors import UsageError
from generel_graph.plots.locus import draw_locus


def words(snps: pd.DataFrame, path: Path) -> str:
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        return draw_locus(snps, path).read_text(encoding="utf-8")


def test_it_names_snps_genes_and_its_limits(snps: pd.DataFrame, tmp_path: Path) -> None:
    text = words(snps, tmp_path / "locus.svg")
    for said in ("rs2 and gout", "rs1", "ABC", "r² to rs2", "GRCh38", "not fine-mapping", "span of the SNPs"):
        assert said in text
    assert "4 SNPs with positions of another build are left out" in text
    assert "posterior" not in text


def test_posterior_inclusion_has_a_panel_where_it_is_loaded(snps: pd.DataFrame, tmp_path: Path) -> None:
    snps.loc[0, "posterior"] = 0.9
    assert "posterior" in words(snps, tmp_path / "locus.svg")


def test_an_snp_alone_without_report_ld_or_gene_is_drawn_and_told(snps: pd.DataFrame, tmp_path: Path) -> None:
    alone = snps.iloc[[1]].assign(neg_log10_p=np.nan)
    alone.attrs = snps.attrs | {"genes": [], "ld": False, "other_builds": 0}
    text = words(alone, tmp_path / "locus.svg")
    for said in (
        "no report joins",
        "No LD to the SNP is loaded",
        "no SNP here is said to lie in a gene",
        "0 of 1 SNPs",
    ):
        assert said in text
    assert "r² to" not in text and "left out" not in text


def test_an_ending_that_is_no_picture_is_told(snps: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.png, \.pdf, \.svg"):
        draw_locus(snps, tmp_path / "locus.docx")
