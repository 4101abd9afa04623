"""genes_to_phenotype.txt: a gene, a phenotype and the disease that joins them, in three layouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from generel_etl.errors import ConfigError, DataError
from generel_etl.stage import Stage
from tests.etl.conftest import stage_files

DATA = Path(__file__).parents[2] / "data" / "hpo_genes"


def stage(tmp_path: Path, file: str, folder: Path = DATA, **options: object) -> Stage:
    return stage_files(tmp_path, "hpo_genes", file, folder=folder, **options)


def edges(staged: Stage, kind: str, *columns: str) -> list[tuple[object, ...]]:
    table = staged.edges().collect()
    return table.filter(table["end_kind"] == kind).select(columns).rows()


def test_a_pair_that_several_diseases_join_has_an_edge_for_each(tmp_path: Path) -> None:
    staged = stage(tmp_path, "genes_to_phenotype.txt")
    assert edges(staged, "Phenotype", "start_id", "start_name", "end_id", "context", "frequency") == [
        ("NCBIGene:11", "GENA", "HP:0000011", "OMIM:900001", None),
        ("NCBIGene:11", "GENA", "HP:0000011", "ORPHA:9002", 0.545),
        ("NCBIGene:11", "GENA", "HP:0000012", "OMIM:900001", 0.25),
        ("NCBIGene:12", None, "HP:0000012", "ORPHA:9002", 0.0),
        ("NCBIGene:13", "GENC", "HP:0000013", "ORPHA:9002", None),
        ("NCBIGene:13", "GENC", "HP:0000013", None, None),
    ]


def test_a_phenotype_that_was_never_seen_is_a_negative_statement(tmp_path: Path) -> None:
    phenotypes = edges(stage(tmp_path, "genes_to_phenotype.txt"), "Phenotype", "type", "flags")
    assert phenotypes[3] == ("NOT_GENE_ASSOCIATED_WITH", ["never_seen"])
    assert phenotypes[4] == ("GENE_ASSOCIATED_WITH", ["frequency_unknown"])
    assert [t for t, _ in phenotypes].count("GENE_ASSOCIATED_WITH") == 5


def test_a_gene_and_a_disease_have_one_edge_for_all_their_rows(tmp_path: Path) -> None:
    staged = stage(tmp_path, "genes_to_phenotype.txt")
    assert edges(staged, "Disease", "row", "type", "start_id", "end_id") == [
        (1, "GENE_ASSOCIATED_WITH", "NCBIGene:11", "OMIM:900001"),
        (2, "GENE_ASSOCIATED_WITH", "NCBIGene:11", "ORPHA:9002"),
        (4, "GENE_ASSOCIATED_WITH", "NCBIGene:12", "ORPHA:9002"),
        (5, "GENE_ASSOCIATED_WITH", "NCBIGene:13", "ORPHA:9002"),
    ]
    assert edges(stage(tmp_path, "genes_to_phenotype.txt", diseases=False), "Disease", "row") == []


def test_rejects_state_the_reason(tmp_path: Path) -> None:
    staged = stage(tmp_path, "genes_to_phenotype.txt")
    assert staged.rejects().select("line", "column", "found", "reason").collect().rows() == [
        (8, "ncbi_gene_id", "GENC", "not an NCBI Gene id"),
        (9, "hpo_id", "sign", "not an HPO term"),
        (10, "disease_id", "a disease", "not a disease id"),
        (11, "#fields", "13\tGENC\tHP:0000013", "3 fields instead of 6"),
    ]
    assert (staged.rows_read, staged.rows_rejected) == (10, 4)


def test_exchanged_id_and_name_columns_of_the_older_header_are_recognised(tmp_path: Path) -> None:
    staged = stage(tmp_path, "older.txt")
    assert edges(staged, "Phenotype", "end_id", "end_name", "frequency", "context") == [
        ("HP:0000011", "Small sign", 0.545, "OMIM:900001"),
        ("HP:0000012", "Large sign", 0.25, "OMIM:900001"),
    ]
    assert edges(staged, "Disease", "end_id") == [("OMIM:900001",)]


def test_the_oldest_layout_names_no_disease(tmp_path: Path) -> None:
    header = "#Format: entrez-gene-id<tab>entrez-gene-symbol<tab>HPO-Term-Name<tab>HPO-Term-ID\n"
    (tmp_path / "x.txt").write_text(header + "11\tGENA\tSmall sign\tHP:0000011\n")
    staged = stage(tmp_path, "x.txt", tmp_path)
    assert edges(staged, "Phenotype", "start_id", "end_id", "end_name", "context") == [
        ("NCBIGene:11", "HP:0000011", "Small sign", None)
    ]
    assert edges(staged, "Disease", "row") == []


def test_unknown_columns_and_options_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("ncbi_gene_id\tgene_symbol\thpo\thpo_name\n11\tGENA\tHP:0000011\tSmall sign\n")
    with pytest.raises(DataError, match="hpo_id"):
        stage(tmp_path, "x.txt", tmp_path)
    with pytest.raises(ConfigError, match="did you mean 'diseases'"):
        stage(tmp_path, "older.txt", disease=False)


def test_shared_genes_and_phenotypes_are_read(tmp_path: Path, shared_data: Path) -> None:
    staged = stage(tmp_path, "hpo/genes_to_phenotype.txt.gz", shared_data)
    assert (staged.rows_read, staged.rows_rejected) == (316_589, 0)
    assert len(edges(staged, "Disease", "row")) == 12_302
    assert [r[0] for r in edges(staged, "Phenotype", "type")].count("NOT_GENE_ASSOCIATED_WITH") == 1_970
