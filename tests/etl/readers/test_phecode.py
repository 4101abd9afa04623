"""Phecodes: names, groups, the hierarchy of their digits, and the map from ICD, which says less than identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.errors import DataError
from generel_etl.stage import Stage, stage_source

DATA = Path(__file__).parents[2] / "data" / "phecode"
FILES = ("pheinfo.tsv", "phecode_map.tsv")


def stage(tmp_path: Path, *files: str, folder: Path = DATA) -> Stage:
    config = EtlConfig(data=folder, state=tmp_path)
    return stage_source(SourceConfig("phecode", "phecode", files or FILES), config)


def edges(made: Stage, kind: str) -> list[tuple[object, ...]]:
    found = made.edges().collect()
    return found.filter(found["type"] == kind).select("start_id", "end_id", "relation", "weight").rows()


def test_phecodes_are_defined_with_name_and_group(tmp_path: Path) -> None:
    found = stage(tmp_path).concepts().select("id", "kind", "name", "description", "defined").collect().rows()
    assert found[0] == ("PHECODE:008", "Disease", "Gut infection", "infectious diseases", True)
    assert [(row[0], row[1]) for row in found[1:]] == [
        ("PHECODE:008.5", "Disease"),
        ("PHECODE:008.51", "Disease"),
        ("PHECODE:250.21", "Disease"),
        ("PHECODE:250", "Disease"),
        ("PHECODE:785", "Phenotype"),  # of the group of symptoms
        ("PHECODE:1010", "Disease"),
    ]


def test_a_phecode_is_a_kind_of_the_nearest_above_it_that_is_there(tmp_path: Path) -> None:
    assert edges(stage(tmp_path), "IS_A") == [
        ("PHECODE:008.5", "PHECODE:008", None, 1.0),
        ("PHECODE:008.51", "PHECODE:008.5", None, 1.0),
        ("PHECODE:250.21", "PHECODE:250", None, 1.0),  # there is no 250.2
    ]


def test_the_map_gives_cross_references_that_are_never_sampled(tmp_path: Path) -> None:
    made = stage(tmp_path)
    assert edges(made, "XREF") == [
        ("ICD9CM:001", "PHECODE:008", "ICD9CM", None),
        ("ICD10CM:A00.0", "PHECODE:008", "ICD10CM", None),
        ("ICD10CM:E11-E14", "PHECODE:250", "ICD10CM", None),
    ]
    assert not made.concepts().collect()["xrefs"].list.len().sum(), "a code in a phecode means less than it"


def test_rows_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    made = stage(tmp_path)
    what = 'not a phecode: three or four digits and up to two after a dot ("008.5")'
    assert made.rejects().select("file", "line", "column", "found", "reason").collect().rows() == [
        ("pheinfo.tsv", 9, "phecode", "8", what),
        ("pheinfo.tsv", 10, "phecode", "785", "duplicate of an earlier row"),
        ("pheinfo.tsv", 11, "description", None, "no name"),
        ("phecode_map.tsv", 5, "vocabulary_id", "ICD10CN", "unknown vocabulary; did you mean 'ICD10CM'?"),
        ("phecode_map.tsv", 6, "code", None, "no code"),
        ("phecode_map.tsv", 7, "phecode", "25", what),
    ]
    assert (made.rows_read, made.rows_rejected) == (16, 6)


def test_the_order_of_the_files_does_not_matter_and_the_map_may_be_missing(tmp_path: Path) -> None:
    one, two = stage(tmp_path), stage(tmp_path, *reversed(FILES))
    assert two.concepts().collect().drop("row").equals(one.concepts().collect().drop("row"))
    assert two.edges().collect().drop("row").equals(one.edges().collect().drop("row"))
    alone = stage(tmp_path, FILES[0])
    assert (alone.rows_read, edges(alone, "XREF")) == (10, [])


def test_a_map_alone_defines_nothing_and_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file defines phecodes"):
        stage(tmp_path, FILES[1])
    (tmp_path / "map.tsv").write_text("vocabulary\tcode\tphecode\nICD9CM\t001\t008\n")
    (tmp_path / "info.tsv").write_text((DATA / "pheinfo.tsv").read_text())
    with pytest.raises(DataError, match=r"(?s)found: 'vocabulary'.*did you mean 'vocabulary_id'"):
        stage(tmp_path, "info.tsv", "map.tsv", folder=tmp_path)


def test_real_phecodes(tmp_path: Path, shared_data: Path) -> None:
    made = stage(tmp_path, "phecode/pheinfo.tsv", "phecode/phecode_map.tsv.gz", folder=shared_data)
    assert (made.rows_read, made.rows_rejected) == (1_817 + 84_532, 0)
    assert (len(edges(made, "IS_A")), len(edges(made, "XREF"))) == (1_273, 84_532)
    assert ("PHECODE:008.51", "PHECODE:008.5", None, 1.0) in edges(made, "IS_A")
