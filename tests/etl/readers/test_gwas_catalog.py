"""GWAS Catalog rows become edges, in both layouts, and every row is accounted for."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from generel_etl.errors import ConfigError, DataError
from generel_etl.readers.gwas_catalog.reader import GwasCatalogOptions, read
from generel_etl.readers.gwas_catalog.traits import catalogue_trait_id
from tests.etl.conftest import read_tables

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data" / "gwas_catalog"
OLD, NEW = DATA / "associations_v1.0.1.tsv", DATA / "associations_v1.0.2.tsv"


def read_files(*paths, build="GRCh38", position_build="GRCh37"):
    return read_tables(read, *paths, name="gwas", options=GwasCatalogOptions(build, position_build))


@pytest.fixture(scope="module")
def old():
    return read_files(OLD)


def edges(tables, line, type_="ASSOCIATED_WITH"):
    """The edges of the row on that line of the file."""
    return tables.edges.filter(pl.col("row") == line - 1, pl.col("type") == type_).to_dicts()


def test_every_row_is_an_association_or_a_reject(old):
    used_rows = set(old.edges.filter(type="ASSOCIATED_WITH")["row"]) | set(old.rejects["row"])
    assert used_rows == set(range(1, old.rows_read + 1))
    assert not set(old.edges["row"]) & set(old.rejects["row"])


def test_an_association_has_the_values_of_its_row(old):
    (edge,) = edges(old, 2)
    assert (edge["start_id"], edge["end_id"], edge["end_name"]) == ("rs11", "EFO:0004274", "gout")
    assert edge["neg_log10_p"] == pytest.approx(323.30103)
    assert (edge["odds_ratio"], edge["ci_low"], edge["ci_high"], edge["effect_allele"]) == (1.2, 1.1, 1.31, "A")
    assert (edge["study"], edge["pubmed_id"], edge["published"]) == ("PMID:11111111", "11111111", date(2014, 10, 21))
    assert (edge["ancestry"], edge["sample_size"], edge["effect_allele_frequency"]) == (["European"], 3000, 0.3)


def test_several_snps_share_the_weight_and_have_no_effect(old):
    haplotype = edges(old, 3)
    assert [(e["start_id"], e["effect_allele"]) for e in haplotype] == [("rs21", "A"), ("rs22", "G")]
    assert all(e["flags"] == ["effect_unknown", "multi_snp"] and e["odds_ratio"] is None for e in haplotype)
    assert [e["weight"] for e in haplotype] == [pytest.approx(0.25, abs=1e-3)] * 2
    assert [e["start_id"] for e in edges(old, 4)] == ["rs31", "rs32"]


def test_an_hla_allele_in_the_cell_counts_but_is_not_an_snp(old):
    (edge,) = edges(old, 21)
    assert (edge["start_id"], edge["weight"]) == ("rs63", pytest.approx(0.25, abs=1e-3))


def test_one_position_for_two_snps_belongs_to_the_current_one(old):
    assert {e["start_id"] for e in edges(old, 4, "LOCATED_IN")} == {"rs31"}
    placed = dict(old.snps.select("id", "position").rows())
    assert placed["rs31"] == 1_000_000
    assert "rs32" not in placed


def test_positions_need_a_build():
    tables = read_files(OLD)
    assert {"GRCh37:6:30000000", "GRCh36:11:27369242"} <= set(tables.snps["id"])
    without = read_files(OLD, position_build="")
    (reject,) = without.rejects.filter(pl.col("found") == "chr6:30000000").to_dicts()
    assert (reject["line"], reject["column"]) == (5, "SNPS")
    assert "position_build" in reject["reason"]
    assert "GRCh36:11:27369242" in set(without.snps["id"])  # it states its own


def test_merged_ids_are_replaced_unless_truncated(old):
    (merged,) = edges(old, 7)
    assert (merged["start_id"], merged["flags"]) == ("rs40", ["merged_rsid", "was:rs41"])
    (truncated,) = edges(old, 8)
    assert (truncated["start_id"], truncated["flags"]) == ("rs1234567890", [])


def test_the_id_of_a_misspelt_snp_comes_from_its_risk_allele(old):
    (edge,) = edges(old, 19)
    assert (edge["start_id"], edge["effect_allele"], edge["flags"]) == ("rs61", "T", ["snp_from_risk_allele"])


def test_decrease_negates_beta(old):
    (edge,) = edges(old, 9)
    assert (edge["beta"], edge["beta_unit"], edge["ci_low"], edge["ci_high"]) == (-0.3, "mg/dL", -0.4, -0.2)


def test_a_few_traits_share_the_weight(old):
    few = edges(old, 10)
    assert [(e["end_id"], e["end_name"]) for e in few] == [("EFO:0004274", "gout"), ("EFO:0004339", "body height")]
    assert all("composite_trait" in e["flags"] for e in few)
    assert sum(e["weight"] for e in few) == pytest.approx(0.5, abs=1e-3)


def test_labels_that_contain_commas_are_not_split(old):
    few = edges(old, 11)
    assert [(e["end_id"], e["end_kind"], e["end_name"]) for e in few] == [
        ("GO:0070542", "BiologicalProcess", None),
        ("ORPHA:1234", "Disease", None),
    ]


def test_many_traits_become_one_trait_of_this_source(old):
    (edge,) = edges(old, 12)
    assert edge["end_id"] == catalogue_trait_id("Metabolite levels") == catalogue_trait_id(" metabolite  LEVELS")
    assert (edge["end_kind"], edge["context"]) == ("Trait", "glycine")
    (concept,) = old.concepts.to_dicts()
    assert (concept["id"], concept["name"], concept["defined"]) == (edge["end_id"], "Metabolite levels", True)
    xrefs = edges(old, 12, "XREF")
    assert [e["end_id"] for e in xrefs] == [f"EFO:000000{i}" for i in range(1, 6)]
    assert all(e["weight"] is None for e in xrefs)


def test_no_row_is_rejected_for_its_p_value(old):
    (zero,), (none,), (weak,) = edges(old, 13), edges(old, 14), edges(old, 15)
    assert (zero["neg_log10_p"], zero["flags"]) == (324.0, ["p_underflow"])
    assert (none["neg_log10_p"], none["weight"], none["flags"]) == (None, None, ["p_unknown"])
    assert weak["flags"] == ["effect_inferred", "sub_significant"]


def test_a_row_without_a_mapped_trait_has_a_name_as_endpoint(old):
    (edge,) = edges(old, 14)
    assert (edge["end_id"], edge["end_kind"], edge["end_name"]) == (None, "Trait", "Left-handed gout")


def test_genes_are_paired_with_their_ids(old):
    genes = [(e["end_id"], e["end_name"], e["consequence"]) for e in edges(old, 17, "LOCATED_IN")]
    assert genes == [(None, "LOCX", "intron"), ("NCBIGene:102", "GEND", "missense")]


def test_nearest_genes_have_distances(old):
    near = [(e["end_id"], e["end_name"], e["relation"], e["distance"]) for e in edges(old, 20, "NEAREST_TO")]
    assert near == [
        ("NCBIGene:103", "GENE", "upstream gene", 5000),
        ("NCBIGene:104", "GEN-AS1", "downstream gene", 700),
    ]
    assert edges(old, 20, "LOCATED_IN") == []
    (edge,) = edges(old, 20)
    assert (edge["flags"], edge["context"]) == (["mhc"], "women")


def test_reported_genes_are_symbols(old):
    assert [e["end_name"] for e in edges(old, 2, "REPORTED_GENE")] == ["GENA", "GENB-AS1", "APOE", "APOC1"]
    assert edges(old, 9, "REPORTED_GENE") == []
    assert [(e["start_id"], e["weight"]) for e in edges(old, 3, "REPORTED_GENE")] == [("rs21", 0.5), ("rs22", 0.5)]


def test_rejects_name_line_column_and_reason(old):
    assert old.rejects.select("line", "column", "reason").rows() == [
        (6, "SNPS", "no SNP"),
        (16, "SNPS", "neither an rsID nor a position"),
        (22, "#fields", "3 fields instead of 36"),
    ]


def test_layout_v1_0_2_is_read():
    tables = read_files(NEW)
    (edge,) = edges(tables, 2)
    assert (edge["study"], edge["published"], edge["beta"]) == ("GCST000001", date(2016, 11, 17), -0.05)
    assert [e["end_id"] for e in edges(tables, 3, "LOCATED_IN")] == [
        "ENSEMBL:ENSG00000000101",
        "ENSEMBL:ENSG00000000102",
    ]
    placed = {row[0]: row[1:] for row in tables.snps.select("id", "chromosome", "position").rows()}
    assert (placed["rs73"], placed["rs74"]) == (("2", 100), ("3", 200))


def test_one_source_may_have_files_of_both_layouts():
    tables = read_files(OLD, NEW)
    assert tables.rows_read == read_files(OLD).rows_read + read_files(NEW).rows_read
    assert tables.rejects["line"].to_list() == [6, 16, 22]
    assert tables.edges.filter(study="GCST000001").height


def test_reading_is_deterministic(old):
    assert read_files(OLD).edges.equals(old.edges)


@pytest.mark.parametrize(
    ("change", "named"),
    [(("\tSNPS\t", "\tSNPZ\t"), "SNPS"), (("\tREGION\t", "\tREGION\tNEW COLUMN\t"), "NEW COLUMN")],
)
def test_missing_and_unknown_columns_are_named(tmp_path, change, named):
    path = tmp_path / "changed.tsv"
    header, rest = OLD.read_bytes().split(b"\n", 1)
    path.write_bytes(header.replace(*(c.encode() for c in change)) + b"\n" + rest)
    with pytest.raises(DataError, match=named):
        read_files(path)


def test_an_unknown_build_is_rejected():
    with pytest.raises(ConfigError, match=r"sources\.gwas\.build"):
        read_files(OLD, build="hg99")


def test_the_shared_catalogue_reconciles(shared_data):
    tables = read_files(shared_data / "gwas_catalog" / "associations_v1.0.1_2015-07-08.tsv.gz", position_build="")
    used_rows = tables.edges.filter(type="ASSOCIATED_WITH")["row"].unique()
    assert tables.rows_read == 21_335 == len(used_rows) + tables.rejects.height
    assert tables.rejects.filter(reason="no SNP").height == 359
    assert tables.concepts.height == 19
    assert tables.edges.filter(pl.col("beta") < 0)["row"].n_unique() > 3_600
    assert tables.edges["neg_log10_p"].max() > 900
