"""HGNC: both layouts, withdrawn symbols, cross-references of genes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generel_etl.errors import DataError
from generel_etl.stage import Stage
from tests.etl.conftest import stage_files

DATA = Path(__file__).parents[2] / "data" / "hgnc"


def stage(tmp_path: Path, file: str, folder: Path = DATA) -> Stage:
    return stage_files(tmp_path, "hgnc", file, folder=folder)


def genes(staged: Stage) -> dict[str, dict[str, Any]]:
    return {c["id"]: c for c in staged.concepts().collect().to_dicts()}


def test_a_gene_is_read_from_the_custom_download(tmp_path: Path) -> None:
    gene = genes(stage(tmp_path, "custom.tsv"))["HGNC:101"]
    assert (gene["kind"], gene["name"], gene["description"]) == ("Gene", "GENA", 'gene "A", first')
    assert gene["synonyms"] == ["GA", "GALPHA", "OLDA"]
    assert gene["xrefs"] == ["NCBIGene:11", "ENSEMBL:ENSG00000000101", "UNIPROT:P00001", "UNIPROT:P00002"]
    assert (gene["defined"], gene["load_if_mentioned"]) == (True, False)


def test_withdrawn_symbols_become_alt_ids_of_their_replacement(tmp_path: Path) -> None:
    staged = stage(tmp_path, "custom.tsv")
    assert genes(staged)["HGNC:102"]["alt_ids"] == ["HGNC:103", "HGNC:104"]  # 103 by way of 104
    assert [tuple(r.values()) for r in staged.rejects().collect().drop("file").to_dicts()] == [
        (3, 4, "Status", "HGNC:103 OLDB", "withdrawn, replaced by HGNC:102"),
        (4, 5, "Status", "HGNC:104 MIDB", "withdrawn, replaced by HGNC:102"),
        (5, 6, "Status", "HGNC:105 GONE", "withdrawn, no replacement"),
        (6, 7, "HGNC ID", "HGNC:101", "duplicate id: an earlier row has it"),
        (7, 8, "HGNC ID", None, "not an HGNC id"),
        (8, 9, "Approved symbol", None, "no symbol"),
        (9, 10, "#fields", "HGNC:107\tGENC", "2 fields instead of 9"),
    ]
    assert (staged.rows_read, staged.rows_rejected) == (9, 7)


def test_the_complete_set_is_read(tmp_path: Path) -> None:
    gene = genes(stage(tmp_path, "complete.tsv"))["HGNC:201"]
    assert gene["synonyms"] == ["GD", "G-D", "OLDD"]
    assert gene["xrefs"] == ["NCBIGene:21", "ENSEMBL:ENSG00000000201", "UNIPROT:P00003", "UNIPROT:P00004"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("HGNC ID\tApproved symbl\tApproved name\nHGNC:1\tA\ta\n")
    with pytest.raises(DataError, match="did you mean 'Approved symbl'"):
        stage(tmp_path, "x.tsv", tmp_path)


def test_shared_genes_are_read(tmp_path: Path, shared_data: Path) -> None:
    staged = stage(tmp_path, "genes/hgnc_entries.tsv.gz", shared_data)
    assert (staged.rows_read, staged.rows_rejected) == (49_013, 5_176)
    assert genes(staged)["HGNC:4948"]["name"] == "HLA-DRB1"
