"""Small cohorts in the layout of OMOP tables, written by tests."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pytest

from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.resolve import resolve
from generel_etl.stage import Stage, stage_source

BIG = 9_000_000_000  # the first person number; no other value looks like it
FIRST_DAY = date(2001, 3, 4)
HEADERS = {
    "PERSON": ("person_id", "gender_concept_id", "year_of_birth", "month_of_birth", "day_of_birth"),
    "CONCEPT": ("concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id", "concept_code"),
    "CONDITION_OCCURRENCE": ("condition_occurrence_id", "person_id", "condition_concept_id", "condition_start_date"),
    "DRUG_EXPOSURE": ("drug_exposure_id", "person_id", "drug_concept_id", "drug_exposure_start_date"),
    "MEASUREMENT": ("measurement_id", "person_id", "measurement_concept_id", "measurement_date"),
    "DEATH": ("person_id", "death_date"),
    "CDM_SOURCE": ("cdm_source_name", "source_release_date", "cdm_release_date"),
    "CONCEPT_ANCESTOR": ("ancestor_concept_id", "descendant_concept_id"),
    "CONCEPT_RELATIONSHIP": ("concept_id_1", "concept_id_2", "relationship_id"),
}
FEMALE, MALE = 8532, 8507


@dataclass
class Cohort:
    """Tables as lists of rows; `person` and `has` add to them."""

    tables: dict[str, list[Sequence[object]]] = field(default_factory=dict)

    def person(self, number: int, born: int = 1960, sex: int = FEMALE, *rest: object) -> int:
        self.add("PERSON", BIG + number, sex, born, *(rest or ("", "")))
        return BIG + number

    def has(self, person: int, concept: object, day: object = FIRST_DAY, table: str = "CONDITION_OCCURRENCE") -> None:
        self.add(table, len(self.tables.get(table, ())) + 1, person, concept, day)

    def add(self, table: str, *row: object) -> None:
        self.tables.setdefault(table, []).append(row)

    def concepts(self, *numbers: int) -> None:
        """Add conditions whose names are their numbers."""
        for n in numbers:
            self.add("CONCEPT", n, f"condition {n}", "Condition", "SNOMED", "Clinical Finding", n)

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for table, rows in self.tables.items():
            write_csv(folder / f"{table}.csv", HEADERS[table], rows)
        return folder


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def stage(folder: Path, *files: str, **options: Any) -> Stage:
    """Stage the cohort in `folder`; the state folder is next to it."""
    config = EtlConfig(data=folder, state=folder.parent / f"{folder.name}.state")
    options = {"until": date(2020, 1, 1), **options}
    source = SourceConfig("clinic", "omop", files or ("*.csv",), options=MappingProxyType(options))
    return stage_source(source, config)


def pairs(made: Stage) -> Mapping[tuple[str, str], dict[str, Any]]:
    """The edges by the codes of their endpoints."""
    edges = made.edges().collect().to_dicts()
    return {tuple(sorted(e[f"{s}_id"].partition(":")[2] for s in ("start", "end"))): e for e in edges}  # type: ignore[misc]


def small(both: int = 15, one: int = 15, two: int = 15, neither: int = 15) -> Cohort:
    """Persons with the conditions 1 and 2, with one of them, and with only 3."""
    made = Cohort()
    made.concepts(1, 2, 3)
    groups = [(both, (1, 2)), (one, (1,)), (two, (2,)), (neither, (3,))]
    number = 0
    for size, conditions in groups:
        for _ in range(size):
            person = made.person(number)
            number += 1
            for concept in conditions:
                made.has(person, concept)
    return made


def states(made: Stage) -> tuple[int, int, int, int]:
    """Loaded, merged, rejected, staged."""
    (counts,) = resolve([made], [SourceConfig("clinic", "omop", ("x",))]).sources
    outcome = (counts.rows_loaded, counts.rows_merged, counts.rows_rejected, counts.rows_staged)
    assert sum(outcome) + counts.rows_dangling == counts.rows_read == made.rows_read
    assert counts.rows_dangling == 0
    return outcome


def rejects(made: Stage) -> list[tuple[str, str, str, str]]:
    return made.rejects().select("file", "column", "found", "reason").collect().rows()


@pytest.fixture(scope="session")
def cohorts() -> ModuleType:
    """The functions of this module, if Ibis is installed."""
    pytest.importorskip("ibis", reason='pip install "generel-graph[cohort]"')
    return sys.modules[__name__]
