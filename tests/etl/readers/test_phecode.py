"""Phecodes: names, groups, the hierarchy of their digits, and the map from ICD, which does not state identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from generel_etl.errors import DataError
from generel_etl.stage import Stage
from tests.etl.conftest import stage_files

DATA = Path(__file__).parents[2] / "data" / "phecode"
FILES = ("pheinfo.tsv", "phecode_map.tsv")


def stage(tmp_path: Path, *files: str, folder: Path = DATA) -> Stage:
    return stage_files(tmp_path, "phecode", *(files or FILES), folder=folder)


def edges(staged: Stage, kind: str) -> list[tuple[object, ...]]:
    table = staged.edges().collect()
    return table.filter(table["type"] == kind).select("start_id", "end_id", "relation", "weight").rows()


def test_phecodes_are_defined_with_name_and_group(tmp_path: Path) -> None:
    phecodes = stage(tmp_path).concepts().select("id", "kind", "name", "description", "defined").collect().rows()
    assert phecodes[0] == ("PHECODE:008", "Disease", "Gut infection", "infectious diseases", True)
    assert [(row[0], row[1]) for row in phecodes[1:]] == [
        ("PHECODE:008.5", "Disease"),
        ("PHECODE:008.51", "Disease"),
        ("PHECODE:250.21", "Disease"),
        ("PHECODE:250", "Disease"),
        ("PHECODE:785", "Phenotype"),  # of the group of symptoms
        ("PHECODE:1010", "Disease"),
    ]


def test_a_phecode_is_a_the_nearest_defined_phecode_above_it(tmp_path: Path) -> None:
    assert edges(stage(tmp_path), "IS_A") == [
        ("PHECODE:008.5", "PHECODE:008", None, 1.0),
        ("PHECODE:008.51", "PHECODE:008.5", None, 1.0),
        ("PHECODE:250.21", "PHECODE:250", None, 1.0),  # there is no 250.2
    ]


def test_the_map_gives_cross_references_that_are_never_sampled(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    assert edges(staged, "XREF") == [
        ("ICD9CM:001", "PHECODE:008", "ICD9CM", None),
        ("ICD10CM:A00.0", "PHECODE:008", "ICD10CM", None),
        ("ICD10CM:E11-E14", "PHECODE:250", "ICD10CM", None),
    ]
    assert not staged.concepts().collect()["xrefs"].list.len().sum(), "a code in a phecode means less than it"


def test_rejects_state_the_reason(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    what = 'not a phecode: three or four digits and up to two after a dot ("008.5")'
    assert staged.rejects().select("file", "line", "column", "found", "reason").collect().rows() == [
        ("pheinfo.tsv", 9, "phecode", "8", what),
        ("pheinfo.tsv", 10, "phecode", "785", "duplicate of an earlier row"),
        ("pheinfo.tsv", 11, "description", None, "no name"),
        ("phecode_map.tsv", 5, "vocabulary_id", "ICD10CN", "unknown vocabulary; did you mean 'ICD10CM'?"),
        ("phecode_map.tsv", 6, "code", None, "no code"),
        ("phecode_map.tsv", 7, "phecode", "25", what),
    ]
    assert (staged.rows_read, staged.rows_rejected) == (16, 6)


def test_the_order_of_files_does_not_matter_and_the_map_is_optional(tmp_path: Path) -> None:
    one, two = stage(tmp_path), stage(tmp_path, *reversed(FILES))
    assert two.concepts().collect().drop("row").equals(one.concepts().collect().drop("row"))
    assert two.edges().collect().drop("row").equals(one.edges().collect().drop("row"))
    alone = stage(tmp_path, FILES[0])
    assert (alone.rows_read, edges(alone, "XREF")) == (10, [])


def test_a_map_without_definitions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file defines phecodes"):
        stage(tmp_path, FILES[1])
    (tmp_path / "map.tsv").write_text("vocabulary\tcode\tphecode\nICD9CM\t001\t008\n")
    (tmp_path / "info.tsv").write_text((DATA / "pheinfo.tsv").read_text())
    with pytest.raises(DataError, match=r"(?s)found: 'vocabulary'.*did you mean 'vocabulary_id'"):
        stage(tmp_path, "info.tsv", "map.tsv", folder=tmp_path)


def test_shared_phecodes_are_read(tmp_path: Path, shared_data: Path) -> None:
    staged = stage(tmp_path, "phecode/pheinfo.tsv", "phecode/phecode_map.tsv.gz", folder=shared_data)
    assert (staged.rows_read, staged.rows_rejected) == (1_817 + 84_532, 0)
    assert (len(edges(staged, "IS_A")), len(edges(staged, "XREF"))) == (1_273, 84_532)
    assert ("PHECODE:008.51", "PHECODE:008.5", None, 1.0) in edges(staged, "IS_A")
