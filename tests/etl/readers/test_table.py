"""Described tables: hits with positions and two kinds of edge, eQTL, links, co-occurrence, SNP lists, vocabularies."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from generel_etl.errors import ConfigError, DataError
from generel_etl.stage import Stage, stage_source
from generel_graph.config import config_from_mapping
from tests.etl.conftest import reject_rows, stage_files
from tests.etl.readers.conftest import edge_rows

DATA = Path(__file__).parents[2] / "data" / "table"


def stage(tmp_path: Path, file: str, folder: Path = DATA, **options: Any) -> Stage:
    return stage_files(tmp_path, "table", file, folder=folder, source="mine", **options)


HITS: dict[str, Any] = {
    "build": "GRCh38",
    "columns": {
        "start_id": "rsid",
        "chromosome": "chromosome",
        "position": "position",
        "effect_allele": "effect_allele",
        "other_allele": "other_allele",
    },
    "edges": (
        {
            "type": "ASSOCIATED_WITH",
            "columns": {
                "end_id": "disease_id",
                "end_name": "disease",
                "odds_ratio": "odds_ratio",
                "p": "p",
                "pubmed_id": "pubmed_id",
                "published": "published",
            },
        },
        {"type": "REPORTED_GENE", "columns": {"end_name": "gene"}},
    ),
}


def test_hits_give_positions_and_two_kinds_of_edge(tmp_path: Path) -> None:
    staged = stage(tmp_path, "hits.tsv", **HITS)
    hits = staged.edges().collect().filter(pl.col("type") == "ASSOCIATED_WITH")
    first, second, third = hits.head(3).to_dicts()
    assert (first["start_id"], first["end_id"], first["end_kind"]) == ("rs101", "MONDO:0000010", "Disease")
    assert (first["odds_ratio"], first["pubmed_id"], first["published"]) == (1.25, "1", dt.date(2010, 5, 1))
    assert first["neg_log10_p"] == pytest.approx(11.52287875)
    assert first["weight"] == pytest.approx(11.52287875 / (11.52287875 + 7.3))
    assert (second["start_id"], second["effect_allele"], second["other_allele"]) == ("rs102", "T", "C")
    assert (second["neg_log10_p"], second["published"]) == (pytest.approx(323.30103), dt.date(2011, 6, 1))
    assert (third["start_id"], third["end_id"]) == ("GRCh38:6:30000000", "MONDO:0000010")
    assert (third["neg_log10_p"], third["flags"]) == (324.0, ["p_underflow"])
    genes = staged.edges().collect().filter(pl.col("type") == "REPORTED_GENE")
    assert genes.select("row", "start_id", "end_name", "end_kind", "weight").rows() == [
        (1, "rs101", "GENA", "Gene", 1.0),
        (3, "GRCh38:6:30000000", "GENB", "Gene", 1.0),
        (4, "rs104", "GENA", "Gene", 1.0),
        (7, "rs108", "GENA", "Gene", 1.0),
    ]
    snps = {s["id"]: s for s in staged.snps().collect().unique("id").to_dicts()}
    assert (snps["rs101"]["chromosome"], snps["rs101"]["alleles"]) == ("1", ["A", "G"])
    assert (snps["rs102"]["chromosome"], snps["rs102"]["position"]) == ("X", 2000)
    assert (snps["rs102"]["build"], snps["rs102"]["alleles"]) == ("GRCh38", ["C", "T"])
    assert (snps["rs104"]["position"], snps["rs104"]["build"]) == (None, None)


def test_invalid_cells_are_left_out_and_rows_without_a_record_are_rejected(tmp_path: Path) -> None:
    staged = stage(tmp_path, "hits.tsv", **HITS)
    assert (staged.rows_read, staged.rows_rejected) == (8, 3)
    fourth = staged.edges().collect().filter(row=4, type="ASSOCIATED_WITH").to_dicts()[0]
    assert [fourth[c] for c in ("odds_ratio", "neg_log10_p", "published", "weight")] == [None] * 4
    several = "not one rsID; a position (chr:pos) needs the source's `build`"
    no_id = "not an id; for ids without a prefix set `end_prefix`, for names map `end_name`"
    assert sorted(reject_rows(staged), key=lambda r: r[:3]) == [
        (4, 5, "odds_ratio", "-1", "not a number > 0: left out"),
        (4, 5, "p", "2", "not a p-value: left out"),
        (4, 5, "position", "x", "not an integer ≥ 1: left out"),
        (4, 5, "published", "sometime", "not a date such as 2024-12-31: left out"),
        (5, 6, "rsid", "rs105; rs106", several),
        (6, 7, "disease_id", None, "empty: no edge from this row"),
        (8, 9, "disease_id", "no id here", no_id),
    ]


EQTL: dict[str, Any] = {
    "type": "REGULATES",
    "columns": {"start_id": "snp", "end_id": "gene", "p": "pval", "beta": "beta", "tissue": "tissue"},
}
PLACES = {"chromosome": "chromosome", "position": "position"}


def test_an_eqtl_table_loads_each_genes_lead_in_each_tissue(tmp_path: Path) -> None:
    staged = stage(tmp_path, "eqtl.tsv", **EQTL)
    assert edge_rows(staged, "start_id", "end_id", "end_kind", "tissue", "load_if_mentioned", "flags") == [
        ("rs1", "ENSEMBL:ENSG00000000101", "Gene", "liver", True, []),
        ("rs2", "ENSEMBL:ENSG00000000101", "Gene", "liver", False, []),
        ("rs3", "ENSEMBL:ENSG00000000101", "Gene", "liver", True, []),
        ("rs2", "ENSEMBL:ENSG00000000101", "Gene", "lung", False, ["sub_significant"]),
        ("rs4", "ENSEMBL:ENSG00000000102", "Gene", "liver", True, []),
        ("rs5", "ENSEMBL:ENSG00000000102", "Gene", "liver", False, []),  # same p, larger effect
    ]
    assert staged.snps().collect().is_empty()


def test_with_positions_each_window_has_a_lead(tmp_path: Path) -> None:
    with_places = {**EQTL, "columns": {**EQTL["columns"], **PLACES}, "build": "hg19"}
    staged = stage(tmp_path, "eqtl.tsv", **with_places)
    assert [r[0] for r in edge_rows(staged, "load_if_mentioned")] == [True, False, False, False, True, False]
    snps = staged.snps().collect().select("id", "load_if_mentioned", "build").rows()
    assert sorted(snps) == [
        ("rs1", True, "GRCh37"), ("rs2", False, "GRCh37"), ("rs3", False, "GRCh37"),
        ("rs4", True, "GRCh37"), ("rs5", False, "GRCh37"),
    ]  # fmt: skip
    staged = stage(tmp_path, "eqtl.tsv", **{**with_places, "keep": "all"})
    assert not staged.edges().collect()["load_if_mentioned"].any()
    assert not staged.snps().collect()["load_if_mentioned"].any()


LINKS: dict[str, Any] = {
    "columns": {
        "start_id": "subject",
        "start_name": "subject_name",
        "predicate": "predicate",
        "end_id": "object",
        "end_name": "object_name",
        "negated": "negated",
    },
    "relations": {"has indication": "TREATS"},
}


def test_links_take_their_type_and_direction_from_the_predicate(tmp_path: Path) -> None:
    staged = stage(tmp_path, "links.tsv", **LINKS)
    assert edge_rows(staged, "row", "type", "start_id", "start_kind", "end_id", "end_kind", "relation") == [
        (1, "TREATS", "DRUGBANK:DB00001", "Drug", "MONDO:0000010", "Disease", "biolink:treats"),
        (2, "TREATS", "DRUGBANK:DB00002", "Drug", "MONDO:0000010", "Disease", "treated by"),
        (
            3,
            "NOT_HAS_PHENOTYPE",
            "MONDO:0000010",
            "Disease",
            "HP:0000118",
            "Phenotype",
            "biolink:has_phenotype",
        ),
        (4, "TREATS", "DRUGBANK:DB00001", "Drug", "MONDO:0000010", "Disease", "has indication"),
        (6, "LOCATED_IN", "rs101", "SNP", "HGNC:101", "Gene", "biolink:is_sequence_variant_of"),
    ]
    assert edge_rows(staged, "start_name")[1] == ("drug two",)
    (wrong,) = reject_rows(staged)
    assert wrong[:4] == (5, 6, "predicate", "biolink:treets")
    assert wrong[4].startswith("unknown predicate; did you mean 'treats")


def test_co_occurrence_computes_the_excess_of_shrunken_counts(tmp_path: Path) -> None:
    columns = {
        "start_id": "a",
        "start_name": "name, a",
        "end_id": "b",
        "end_name": "name_b",
        "count": "n",
        "expected": "expected",
    }
    staged = stage(tmp_path, "pairs.csv", type="CO_OCCURS_WITH", columns=columns, constants={"cohort": "PAPERS"})
    first, mirror, depleted, unread = staged.edges().collect().to_dicts()
    assert (first["start_name"], first["ppmi"]) == (
        "one, first",
        pytest.approx(1.608809243),
    )  # log2(30.5 / 10)
    assert first["log_odds_ratio"] == pytest.approx(1.115141591)
    assert first["weight"] == pytest.approx(1.608809243 / 2.608809243)
    assert (mirror["start_id"], mirror["weight"]) == ("DOID:2", first["weight"])
    assert (depleted["flags"], depleted["weight"], depleted["ppmi"]) == (["depleted"], None, 0.0)
    assert (unread["count"], unread["weight"], unread["cohort"]) == (None, None, "PAPERS")
    assert reject_rows(staged) == [(4, 5, "n", "many", "not an integer ≥ 0: left out")]


SNPS: dict[str, Any] = {
    "node": "snp",
    "build": "hg38",
    "columns": {"id": "rsid", "chromosome": "#CHROM", "position": "POS", "alleles": ["A1", "A2"]},
}


def test_an_snp_list_describes_snps_that_other_sources_name(tmp_path: Path) -> None:
    staged = stage(tmp_path, "snps.tsv", **SNPS)
    assert staged.snps().collect().rows() == [
        (1, "rs11", "1", 1000, "GRCh38", ["A", "G"], [], True),
        (2, "GRCh38:X:2000", "X", 2000, "GRCh38", ["A", "G"], [], True),
        (3, "rs12", None, None, None, ["C"], [], True),
    ]
    assert reject_rows(staged) == [
        (3, 4, "POS", "0", "not a position: left out"),
        (4, 5, "rsid", "kgp1", "neither one rsID nor a position"),
    ]
    assert not stage(tmp_path, "snps.tsv", **SNPS, create=True).snps().collect()["load_if_mentioned"].any()


def test_a_vocabulary_without_a_header_is_read(tmp_path: Path) -> None:
    staged = stage(
        tmp_path,
        "vocabulary.tsv",
        node="concept",
        prefix="MESH",
        header=["id", "heading", "synonyms", "trees"],
        columns={"id": "id", "name": "heading", "synonyms": "synonyms", "kind": "trees"},
        kinds={"C": "Disease", "D": "Drug"},
    )
    assert staged.concepts().collect().select(
        "id", "kind", "name", "synonyms", "defined", "load_if_mentioned"
    ).rows() == [
        ("MESH:D000001", "Disease", "Heading one", ["first", "one"], True, False),
        ("MESH:D000002", "Drug", "Heading two", [], True, False),
        ("MESH:D000003", "Concept", "Heading three", ["three"], True, False),
    ]
    assert [r[1] for r in reject_rows(staged)] == [4, 5]


def test_parquet_and_constants_are_read(tmp_path: Path) -> None:
    frame = pl.DataFrame({"snp": ["rs1", "rs2"], "p": [1e-9, 0.5], "beta": [0.25, None], "n": [100, 200]})
    frame.write_parquet(tmp_path / "x.parquet")
    staged = stage(
        tmp_path,
        "x.parquet",
        tmp_path,
        type="ASSOCIATED_WITH",
        columns={"start_id": "snp", "p": "p", "beta": "beta", "sample_size": "n"},
        constants={
            "end_id": "EFO_0004340",
            "end_name": "body mass index",
            "beta_unit": "SD",
            "flags": ["mine"],
        },
        weight=0.25,
    )
    rows = edge_rows(staged, "end_id", "end_kind", "beta", "beta_unit", "sample_size", "weight", "flags")
    assert rows[0] == ("EFO:0004340", "Trait", 0.25, "SD", 100, 0.25, ["mine"])
    with pytest.raises(DataError, match="did you mean 'snp'"):
        stage(tmp_path, "x.parquet", tmp_path, type="REGULATES", columns={"start_id": "snps", "end_id": "p"})
    (tmp_path / "y.parquet").write_text("no")
    with pytest.raises(DataError, match="not Parquet"):
        stage(tmp_path, "y.parquet", tmp_path, type="REGULATES", columns={"start_id": "snp", "end_id": "p"})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "the options do not state what a row is"),
        ({"type": "ASOCIATED_WITH"}, "did you mean 'ASSOCIATED_WITH'"),
        ({"type": "ASSOCIATED_WITH", "columns": {"end_id": "gene"}}, "no column identifies the edge's start"),
        ({**EQTL, "columns": {**EQTL["columns"], "tisue": "tissue"}}, "did you mean 'tissue'"),
        ({**EQTL, "columns": {**EQTL["columns"], **PLACES}}, "positions need a genome build"),
        (
            {**EQTL, "columns": {**EQTL["columns"], **PLACES}, "build": "hg17"},
            "valid: GRCh36, GRCh37, GRCh38",
        ),
        ({**EQTL, "columns": {**EQTL["columns"], "beta": 3}}, "expected a column name or a list of column names"),
        ({**EQTL, "constants": {"tissue": ["a", "b"]}}, "expected one value"),
        ({**EQTL, "weight": "asociation"}, "did you mean 'association'"),
        ({**EQTL, "weight": 2}, "a number in (0, 1]"),
        ({**EQTL, "end_kind": "gene"}, "did you mean 'Gene'"),
        ({**EQTL, "keep": "some"}, "valid: all, lead"),
        ({**EQTL, "separator": "||"}, "expected one character"),
        ({**EQTL, "format": "xlsx"}, "unknown format"),
        ({**EQTL, "edges": [{"type": "REGULATES"}]}, "exclude each other"),
        ({"edges": [{"tpye": "REGULATES"}]}, "did you mean 'type'"),
        ({"node": "gene", "columns": {"id": "gene"}}, "valid: snp, concept"),
        ({"node": "concept", "columns": {"name": "gene"}}, "no column gives the node's id"),
        ({"node": "snp", "columns": {"id": "snp", "name": "gene"}}, "unknown canonical column"),
    ],
)
def test_invalid_options_are_rejected_with_the_reason(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        stage(tmp_path, "eqtl.tsv", **options)
    assert words in str(caught.value)
    assert "mine" in str(caught.value)


def test_a_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        stage(tmp_path, "eqtl.tsv", **{**EQTL, "columns": {**EQTL["columns"], "p": "p.val"}})
    assert (caught.value.found, caught.value.nearest) == ("p.val", "pval")


def test_options_from_toml_give_the_same_stage(tmp_path: Path) -> None:
    raw = {"data_dir": str(DATA), "sources": {"mine": {"reader": "table", "files": "hits.tsv", **HITS}}}
    config = config_from_mapping(raw, tmp_path / "generel.toml", {})
    assert stage_source(config.sources[0], config.etl).key == stage(tmp_path, "hits.tsv", **HITS).key


REAL: dict[str, tuple[str, dict[str, Any], tuple[int, int]]] = {
    "blueprint": (
        "eqtl/blueprint_monocyte_tophits.tsv.gz",
        {
            "type": "REGULATES",
            "build": "GRCh37",
            "columns": {
                "start_id": "SNP", "end_id": "Phenotype", "beta": "beta", "standard_error": "se", "p": "pval",
                "effect_allele": "effect_allele", "other_allele": "other_allele", "effect_allele_frequency": "eaf",
            },
        },
        (452_537, 0),
    ),
    "gtex": (
        "eqtl/gtex_v8_excerpt.tsv.gz",
        {
            "type": "REGULATES",
            "columns": {
                "start_id": "SNP.Id", "end_name": "Gene.Symbol", "p": "P.Value", "beta": "NES", "tissue": "Tissue",
            },
        },
        (145_933, 45),
    ),
    "medline": (
        "cooccurrence/medline_disease_disease.tsv.gz",
        {
            "type": "CO_OCCURS_WITH",
            "columns": {
                "start_id": "doid_code_0", "start_name": "doid_name_0", "end_id": "doid_code_1",
                "end_name": "doid_name_1", "count": "cooccurrence", "expected": "expected", "p": "p_fisher",
            },
        },
        (17_556, 0),
    ),
    "hapmap": (
        "variants/hapmap3_dbsnp151_hg38.snplist.gz",
        {**SNPS, "columns": {"id": "rsid", "chromosome": "#CHROM", "position": "POS", "alleles": ["A1", "A2"]}},
        (1_206_640, 0),
    ),
    "references": (
        "ontologies/mondo_references.csv.gz",
        {
            "type": "XREF",
            "columns": {"start_id": "ontology_id", "start_prefix": "ontology", "end_id": "mondo_id"},
            "end_prefix": "MONDO",
        },
        (117_272, 8),
    ),
    "ld": (
        "ld/ld_r2_chr11_excerpt.tsv.gz",
        {
            "type": "IN_LD_WITH",
            "build": "GRCh37",
            "columns": {
                "start_id": "SNP_A", "chromosome": "CHR_A", "position": "BP_A",
                "end_id": "SNP_B", "end_chromosome": "CHR_B", "end_position": "BP_B", "r2": "R2",
            },
        },
        (139_749, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_shared_tables_reconcile(tmp_path: Path, shared_data: Path, name: str) -> None:
    file, options, (read, rejected) = REAL[name]
    staged = stage(tmp_path, file, shared_data, **options)
    assert (staged.rows_read, staged.rows_rejected) == (read, rejected)
    if name == "blueprint":
        assert edge_rows(staged, "load_if_mentioned").count((False,)) == 4_909  # one lead a gene
    if name == "medline":
        flags = staged.edges().collect()["flags"].explode().value_counts().rows()
        assert dict(flags)["depleted"] == 16_176


def test_a_merge_table_gives_the_current_rsid(tmp_path: Path) -> None:
    (tmp_path / "merges.tsv").write_text("11\t2\t144\t2\n12\tx\t144\t\nrs13\t3\t144\trs3\n", encoding="utf-8")
    columns = {"id": "now", "alt_ids": "old"}
    header = ["old", "low", "build", "now"]
    staged = stage(tmp_path, "merges.tsv", tmp_path, node="snp", prefix="rs", header=header, columns=columns)
    rows = staged.snps().collect().select("id", "alt_ids", "load_if_mentioned").rows()
    assert rows == [("rs2", ["rs11"], True), ("rs3", ["rs13"], True)]
    assert reject_rows(staged) == [(2, 2, "now", None, "neither one rsID nor a position")]
