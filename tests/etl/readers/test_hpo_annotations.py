"""phenotype.hpoa: positive and negated phenotypes, frequencies, and rows of other aspects."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generel_etl.errors import DataError
from generel_etl.readers.hpo.frequency import TERMS, frequency, frequency_flags
from generel_etl.stage import Stage
from tests.etl.conftest import stage_files
from tests.etl.readers.conftest import edge_rows

DATA = Path(__file__).parents[2] / "data" / "hpo_annotations"


def stage(tmp_path: Path, *files: str, folder: Path = DATA) -> Stage:
    return stage_files(tmp_path, "hpo_annotations", *files, folder=folder)


def test_annotations_become_positive_or_negated_edges(tmp_path: Path) -> None:
    staged = stage(tmp_path, "phenotype.hpoa")
    assert edge_rows(staged, "type", "start_id", "end_id", "frequency", "flags") == [
        ("HAS_PHENOTYPE", "OMIM:900001", "HP:0000011", 3 / 7, []),
        ("HAS_PHENOTYPE", "OMIM:900001", "HP:0000012", 0.17, []),
        ("HAS_PHENOTYPE", "ORPHA:9002", "HP:0000011", 0.895, []),
        ("NOT_HAS_PHENOTYPE", "ORPHA:9002", "HP:0000013", None, []),
        ("NOT_HAS_PHENOTYPE", "DECIPHER:3", "HP:0000014", 0.0, ["never_seen"]),
        ("HAS_PHENOTYPE", "DECIPHER:3", "HP:0000011", 0.125, []),
        ("HAS_PHENOTYPE", "OMIM:900001", "HP:0000015", None, ["frequency_unknown"]),
    ]
    assert {r[0] for r in edge_rows(staged, "start_kind")} == {"Disease"}
    assert {r[0] for r in edge_rows(staged, "end_kind")} == {"Phenotype"}


def test_a_disease_is_mentioned_with_its_name(tmp_path: Path) -> None:
    named = dict(edge_rows(stage(tmp_path, "phenotype.hpoa"), "start_id", "start_name"))
    assert named["ORPHA:9002"] == 'Second disease, type "B"'


def test_evidence_and_reference_distinguish_annotations(tmp_path: Path) -> None:
    staged = stage(tmp_path, "phenotype.hpoa")
    assert edge_rows(staged, "study", "pubmed_id", "context", "weight")[:3] == [
        ("PMID:11;PMID:12", "11", "PCS; onset HP:0003577", 1.0),
        ("OMIM:900001", None, "IEA", 0.5),  # read off a text by a program
        ("ORPHA:9002", None, "TAS; male; modifier HP:0012828", 1.0),
    ]


def test_other_aspects_and_invalid_rows_are_rejects_with_a_reason(tmp_path: Path) -> None:
    staged = stage(tmp_path, "phenotype.hpoa")
    assert staged.rejects().select("line", "column", "found", "reason").collect().rows() == [
        (11, "aspect", "I", "a mode of inheritance, not a phenotype of the disease"),
        (12, "aspect", "C", "a clinical course, not a phenotype of the disease"),
        (13, "aspect", "M", "a clinical modifier, not a phenotype of the disease"),
        (14, "aspect", "H", "a past medical history, not a phenotype of the disease"),
        (15, "aspect", "X", "unknown aspect; valid: P, I, C, M, H"),
        (16, "database_id", "900001", "not a disease id such as OMIM:154700"),
        (17, "hpo_id", "MP:0000011", "not an HPO term"),
        (18, "qualifier", "MAYBE", "neither empty nor NOT"),
        (19, "#fields", "OMIM:900001\tFirst syndrome\tHP:0000011", "3 fields instead of 12"),
    ]
    assert (staged.rows_read, staged.rows_rejected) == (16, 9)


def test_the_older_header_is_a_comment_and_both_layouts_may_be_combined(tmp_path: Path) -> None:
    staged = stage(tmp_path, "older.hpoa")
    assert edge_rows(staged, "row", "type", "frequency") == [(1, "HAS_PHENOTYPE", 0.5), (2, "NOT_HAS_PHENOTYPE", None)]
    both = stage(tmp_path, "older.hpoa", "phenotype.hpoa")
    assert (both.rows_read, both.edges().collect().height) == (18, 9)


def test_missing_and_unknown_columns_are_named(tmp_path: Path) -> None:
    text = (DATA / "phenotype.hpoa").read_text()
    (tmp_path / "x.hpoa").write_text(text.replace("\taspect\t", "\taspct\t", 1))
    with pytest.raises(DataError, match=r"(?s)found: 'aspect'.*did you mean 'aspct'"):
        stage(tmp_path, "x.hpoa", folder=tmp_path)
    (tmp_path / "y.hpoa").write_text(text.replace("biocuration", "curator", 1))
    with pytest.raises(DataError, match="does not know"):
        stage(tmp_path, "y.hpoa", folder=tmp_path)


def read(*texts: str | None) -> list[tuple[object, ...]]:
    column = pl.Series("f", texts, dtype=pl.String).to_frame()
    return column.select(frequency(pl.col("f")), **frequency_flags(pl.col("f"))).rows()


def test_texts_that_are_not_a_frequency_give_null_and_a_flag() -> None:
    for text in ("often", "8/7", "3/0", "120%", "HP:0000011", "1/2/3", "-1/2"):
        assert read(text) == [(None, True, None)], text
    assert read(None) == [(None, False, None)]
    assert read("HP:0040285", "0/12", "0%") == [(0.0, False, True)] * 3


def test_a_frequency_term_gives_the_middle_of_its_interval() -> None:
    assert [r[0] for r in read(*TERMS)] == [1.0, (0.8 + 0.99) / 2, (0.3 + 0.79) / 2, 0.17, 0.025, 0.0]


@given(st.integers(0, 9999), st.integers(1, 9999), st.sampled_from(["{}/{}", " {} / {} "]))
def test_a_ratio_is_a_share_if_it_is_at_most_one(affected: int, examined: int, notation: str) -> None:
    share = affected / examined
    (parsed,) = read(notation.format(affected, examined))
    assert parsed[0] == (share if share <= 1 else None)
    assert parsed[1] == (share > 1)


def test_shared_annotations_are_read(tmp_path: Path, shared_data: Path) -> None:
    staged = stage(tmp_path, "hpo/phenotype.hpoa.gz", folder=shared_data)
    assert (staged.rows_read, staged.rows_rejected) == (271_702, 8_854 + 8_020 + 130 + 77)
    edges = staged.edges().collect()
    assert dict(edges["type"].value_counts().rows()) == {
        "HAS_PHENOTYPE": 251_917,
        "NOT_HAS_PHENOTYPE": 704 + 2_000,
    }
    assert not edges["flags"].list.contains("frequency_unknown").any()
