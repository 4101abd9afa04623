"""The regional plot: its panels, labels and notes on limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from generel_etl.errors import UsageError
from generel_graph.plots.locus import draw_locus


def svg_text(snps: pd.DataFrame, path: Path) -> str:
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        return draw_locus(snps, path).read_text(encoding="utf-8")


def test_plot_names_snps_genes_and_limits(snps: pd.DataFrame, tmp_path: Path) -> None:
    text = svg_text(snps, tmp_path / "locus.svg")
    for part in ("rs2 and gout", "rs1", "ABC", "r² to rs2", "GRCh38", "not fine-mapping", "span of the SNPs"):
        assert part in text
    assert "4 SNPs with positions of another build are left out" in text
    assert "posterior" not in text


def test_loaded_posterior_inclusion_has_a_panel(snps: pd.DataFrame, tmp_path: Path) -> None:
    snps.loc[0, "posterior"] = 0.9
    assert "posterior" in svg_text(snps, tmp_path / "locus.svg")


def test_snp_without_reports_ld_and_genes_is_drawn_with_notes(snps: pd.DataFrame, tmp_path: Path) -> None:
    alone = snps.iloc[[1]].assign(neg_log10_p=np.nan)
    alone.attrs = snps.attrs | {"genes": [], "ld": False, "other_builds": 0}
    text = svg_text(alone, tmp_path / "locus.svg")
    for part in (
        "no report links",
        "No LD to the SNP is loaded",
        "no SNP of this region is annotated to a gene",
        "0 of 1 SNPs",
    ):
        assert part in text
    assert "r² to" not in text
    assert "left out" not in text


def test_other_picture_formats_are_rejected(snps: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.png, \.pdf, \.svg"):
        draw_locus(snps, tmp_path / "locus.docx")
