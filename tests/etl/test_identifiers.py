"""Normalised ids: one for all spellings, idempotent, and equal for columns and single values."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generel_etl import identifiers as ids
from generel_etl.schema import CONCEPT_KINDS, Concepts, Snps

SAME = {
    "MONDO:0005148": [
        "MONDO:0005148", "mondo:5148", "MONDO_0005148", " MONDO:0005148 ", "MONDO:MONDO_0005148",
        "http://purl.obolibrary.org/obo/MONDO_0005148", "<http://purl.obolibrary.org/obo/MONDO_0005148>",
    ],
    "EFO:0004887": ["EFO_0004887", "http://www.ebi.ac.uk/efo/EFO_0004887", "efo:4887"],
    "ORPHA:558": [
        "Orphanet:558", "ORDO:558", "ORPHA:558", "ORDO:Orphanet_558", "Orphanet_558",
        "http://www.orpha.net/ORDO/Orphanet_558",
    ],
    "SNOMEDCT:73211009": [
        "SCTID:73211009", "SNOMEDCT_US:73211009", "SNOMEDCT_US_2023_03_01:73211009", "SNOMED_CT:73211009",
        "SCTID_2010_1_31:73211009", "http://snomed.info/id/73211009",
    ],
    "UMLS:C0011860": ["UMLS_CUI:C0011860", "cui:c0011860", "UMLS:C0011860"],
    "MESH:D003924": ["MSH:D003924", "MeSH:D003924", "http://id.nlm.nih.gov/mesh/D003924"],
    "OMIMPS:203655": ["OMIMPS:203655", "OMIM:PS203655", "MIM:PS203655", "OMIMPS:PS203655"],
    "OMIM:222100": ["OMIM:222100", "MIM:222100", "https://omim.org/entry/222100"],
    "ICD9CM:250.0": ["ICD9:250.0", "ICD9CM:250.0", "ICD-9-CM:250.0"],
    "ICD10CM:E11.40": ["ICD10CM:E11.40", "ICD10CM:E1140", "icd-10-cm:e11.40"],
    "ICD10:E11": ["ICD10:E11", "ICD-10:E11"],
    "NCIT:C2991": ["NCIT:C2991", "NCI:C2991", "NCIt:C2991"],
    "DRUGBANK:DB01326": ["DB01326", "DrugBank:DB01326", "drugbank:01326"],
    "ENSEMBL:ENSG00000000460": ["ENSG00000000460.11", "Ensembl:ENSG00000000460", "ensg00000000460"],
    "HGNC:5": ["HGNC:5", "HGNC:HGNC:5", "hgnc_id:5", "https://identifiers.org/hgnc/HGNC:5"],
    "NCBIGene:5468": ["Entrez:5468", "ncbigene:5468", "GeneID:5468", "https://identifiers.org/ncbigene/5468"],
}  # fmt: skip


@pytest.mark.parametrize(("curie", "spellings"), SAME.items())
def test_all_spellings_normalise_to_one_id(curie: str, spellings: list[str]) -> None:
    assert {ids.normalise_curie(s) for s in spellings} == {curie}


@pytest.mark.parametrize(
    ("text", "prefix", "curie"),
    [
        ("5468", "NCBIGene", "NCBIGene:5468"),
        ("5468.0", "entrez", "NCBIGene:5468"),
        ("D003924", "MSH", "MESH:D003924"),
        ("1250", "HP", "HP:0001250"),
        ("HP_0001250", "MONDO", "HP:0001250"),  # its own prefix counts
        ("185", "phecode", "PHECODE:185"),
        ("x1", "OWN", "OWN:x1"),
    ],
)
def test_default_prefix_applies_to_ids_without_a_prefix(text: str, prefix: str, curie: str) -> None:
    assert ids.normalise_curie(text, prefix) == curie


@pytest.mark.parametrize(
    "text", ["", " ", None, "asthma", "rs123", "foo_bar", "chr1:5", "GRCh37:1:5", "11:5_A_G", "a: b"]
)
def test_other_texts_are_not_concept_ids(text: str | None) -> None:
    assert ids.normalise_curie(text) is None


def test_unknown_prefix_is_not_changed() -> None:
    assert ids.normalise_curie("UM-BBD_reactionID:r0001") == "UM-BBD_reactionID:r0001"


def test_prefixes_imply_valid_kinds() -> None:
    assert {p.kind for p in ids.PREFIXES if p.kind} <= set(CONCEPT_KINDS)
    assert ids.kind_of("HP:0000118") == "Phenotype"
    assert ids.kind_of("GO:0008150") is None
    frame = pl.DataFrame({"id": ["rs5", "MONDO:1", "UMLS:C1", None]})
    assert frame.select(ids.kind(pl.col("id")))["id"].to_list() == ["SNP", "Disease", None, None]


spellings = st.sampled_from([s for p in ids.PREFIXES for s in (p.name, *p.spellings)])
texts = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[A-Za-z_]{1,12}[:_]{1,2}[A-Za-z0-9._:]{0,12}", fullmatch=True),
    st.builds("{}{}{}".format, spellings, st.sampled_from([":", "_", "::"]), st.text(max_size=12)),
    st.builds("https://example.org/{}/{}".format, spellings, st.text(max_size=12)),
)


@settings(deadline=None)
@given(texts, st.none() | spellings)
def test_normalising_never_raises_and_is_idempotent(text: str, prefix: str | None) -> None:
    once = ids.normalise_curie(text, prefix)
    assert once is None or ids.normalise_curie(once) == once


@settings(deadline=None)
@given(spellings, st.from_regex(r"[1-9]\d{0,6}", fullmatch=True), st.data())
def test_case_and_separator_of_a_prefix_are_ignored(prefix: str, local: str, data: st.DataObject) -> None:
    variants = [prefix.upper(), prefix.lower(), prefix.replace("_", "-"), prefix.replace(" ", "_")]
    variant = data.draw(st.sampled_from(variants))
    assert ids.normalise_curie(f"{variant}:{local}") == ids.normalise_curie(f"{prefix}:{local}")


@settings(deadline=None)
@given(st.lists(st.none() | texts, max_size=20), st.none() | spellings)
def test_column_expression_agrees_with_the_function_for_ids(values: list[str | None], prefix: str | None) -> None:
    frame = pl.DataFrame({"id": values}, schema={"id": pl.String})
    assert frame.select(ids.curie(pl.col("id"), prefix))["id"].to_list() == [
        ids.normalise_curie(v, prefix) for v in values
    ]


@settings(deadline=None)
@given(texts)
def test_normalised_ids_satisfy_the_schema(text: str) -> None:
    curie = ids.normalise_curie(text)
    frame = Concepts.create_empty()[:0]
    if curie is not None:
        row = {"row": [1], "id": [curie], "kind": ["Concept"], "name": [None]}
        frame = pl.concat([frame, pl.DataFrame(row)], how="diagonal_relaxed").with_columns(
            pl.col(pl.List(pl.String)).fill_null([]), pl.col(pl.Boolean).fill_null(False)
        )
        assert Concepts.is_valid(frame, cast=True), curie


snp_texts = st.one_of(
    st.from_regex(r"\s?[rR][sS]0{0,2}\d{0,9}\s?", fullmatch=True),
    st.from_regex(
        r"(hg19:|grch38:|hg99:)?(chr)?(\d{1,2}|X|Y|MT?|xy)[:_]\d{1,9}([:_][ACGTacgt]{1,3}[:_/][ACGT*-]{1,3})?",
        fullmatch=True,
    ),
    st.text(max_size=15),
)


@settings(deadline=None)
@given(
    st.lists(st.none() | snp_texts, max_size=20),
    st.sampled_from([None, "", "hg19", "GRCh38.p13", "b36", "mm10"]),
)
def test_column_expression_agrees_with_the_function_for_snps(values: list[str | None], build: str | None) -> None:
    frame = pl.DataFrame({"id": values}, schema={"id": pl.String})
    parsed = frame.select(ids.snp_id(pl.col("id"), build))["id"].to_list()
    assert parsed == [ids.normalise_snp(v, build) for v in values]
    for one in filter(None, parsed):
        assert ids.normalise_snp(one) == ids.normalise_snp(one, "hg18") == one
        assert Snps.is_valid(_snp(one), cast=True), one


def _snp(identity: str) -> pl.DataFrame:
    row = {"row": [1], "id": [identity], "chromosome": ["1"], "position": [1], "build": ["GRCh38"]}
    return pl.DataFrame({**row, "alleles": [["A"]], "alt_ids": [[]], "load_if_mentioned": [False]})


@pytest.mark.parametrize(
    ("text", "build", "snp"),
    [
        ("RS00123 ", None, "rs123"),
        ("rs0", None, None),
        ("rs1; rs2", "hg19", None),
        ("chr6:32605884", "hg19", "GRCh37:6:32605884"),
        ("chr6:32605884", None, None),  # a place without a build is nowhere
        ("10:102654464:A:G", "GRCh38", "GRCh38:10:102654464:A:G"),
        ("11:66079275_ga_g", "38", "GRCh38:11:66079275:GA:G"),
        ("GRCh37:12:1034943", "hg38", "GRCh37:12:1034943"),  # its own build counts
        ("hg19:12:5", None, "GRCh37:12:5"),
        ("23:5", "36", "GRCh36:X:5"),
        ("MT:5", "hg38", "GRCh38:MT:5"),
        ("chr27:5", "hg38", None),
    ],
)
def test_snp_texts_are_normalised(text: str, build: str | None, snp: str | None) -> None:
    assert ids.normalise_snp(text, build) == snp


@settings(deadline=None)
@given(st.lists(st.none() | st.sampled_from(["chr1", "01", "23", "x", "M", "MT", "0", "27", "chrUn", ""]), max_size=9))
def test_column_expression_agrees_with_the_function_for_chromosomes(values: list[str | None]) -> None:
    frame = pl.DataFrame({"c": values}, schema={"c": pl.String})
    parsed = frame.select(ids.chromosome(pl.col("c")))["c"].to_list()
    assert parsed == [ids.normalise_chromosome(v) for v in values]
    assert set(filter(None, parsed)) <= set(ids.CHROMOSOMES)


def test_position_ids_have_alleles_only_if_both_are_bases() -> None:
    frame = pl.DataFrame(
        {"c": ["1", "1", "x", "9"], "p": [5, 6, 0, 7], "a": ["A", "D", "A", None], "b": ["g", "I", "G", "G"]}
    )
    expression = ids.position_ids("hg19", pl.col("c"), pl.col("p"), (pl.col("a"), pl.col("b")))
    assert frame.select(expression.alias("id"))["id"].to_list() == [
        "GRCh37:1:5:A:G",
        "GRCh37:1:6",
        None,
        "GRCh37:9:7",
    ]
    assert ids.position_id("hg19", "1", 5, ("a", "G")) == "GRCh37:1:5:A:G"
