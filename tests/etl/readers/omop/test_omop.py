"""OMOP: layouts, drugs by ingredient, invalid dates, the outcome of each record."""

from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import timedelta
from math import log2
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from generel_etl.errors import ConfigError, DataError


def test_a_pair_is_an_edge_between_two_mentions(tmp_path: Path, cohorts: ModuleType) -> None:
    staged = cohorts.stage(cohorts.small().write(tmp_path / "a"), strata=[])
    (edge,) = staged.edges().collect().to_dicts()
    assert (edge["type"], edge["start_id"], edge["end_id"]) == ("CO_OCCURS_WITH", "SNOMEDCT:1", "SNOMEDCT:2")
    assert (edge["start_kind"], edge["start_name"], edge["cohort"]) == ("Disease", "condition 1", "clinic")
    assert (edge["count"], edge["expected"]) == (15, 15.0)
    assert (edge["log_odds_ratio"], edge["ppmi"], edge["weight"], edge["flags"]) == (0.0, 0.0, None, ["depleted"])
    assert staged.concepts().select("id", "defined").collect().rows() == [("SNOMEDCT:1", False), ("SNOMEDCT:2", False)]


def test_persons_count_and_not_records(tmp_path: Path, cohorts: ModuleType) -> None:
    once, often = cohorts.small(), cohorts.small()
    for n in range(20):
        for later in range(n % 3 + 1):
            often.has(cohorts.BIG + n, 1, cohorts.FIRST_DAY + timedelta(days=later))
    one, two = cohorts.stage(once.write(tmp_path / "a")), cohorts.stage(often.write(tmp_path / "b"))
    assert cohorts.pairs(one) == cohorts.pairs(two)
    assert cohorts.states(one) == (60, 0, 0, 15)
    assert cohorts.states(two) == (60, 39, 0, 15)


def test_weight_follows_the_excess(tmp_path: Path, cohorts: ModuleType) -> None:
    (edge,) = cohorts.pairs(cohorts.stage(cohorts.small(both=30, neither=60).write(tmp_path / "a"), strata=[])).values()
    assert edge["expected"] == 16.9, "45 · 45 / 120, to three digits"
    assert edge["ppmi"] == pytest.approx(log2(30.5 / 17.4), abs=0.0005)
    assert edge["weight"] == pytest.approx(edge["ppmi"] / (edge["ppmi"] + 1))
    assert edge["flags"] == []


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2001-02-30", "not a date"),
        ("spring", "not a date"),
        ("", "not a date"),
        ("1960-05-06", "before birth"),
        ("2020-01-02", "in the future"),
        ("2005-03-03", "more than 60 days after death"),
    ],
)
def test_records_with_invalid_days_are_rejected(tmp_path: Path, cohorts: ModuleType, day: str, reason: str) -> None:
    cohort = cohorts.small()
    for n in range(12):
        person = cohort.person(100 + n, 1960, cohorts.MALE, 5, 7)
        cohort.add("DEATH", person, "2005-01-01")
        cohort.has(person, 1, day)
    staged = cohorts.stage(cohort.write(tmp_path / "a"))
    assert cohorts.rejects(staged) == [("condition_occurrence", "condition_start_date", "12 records", reason)]
    assert cohorts.states(staged) == (60, 0, 12, 15)
    assert staged.rows_rejected == 12


@pytest.mark.parametrize("day", ["1960-05-07", "19600507", "1960-05-07 00:00:00", "2005-03-02", "2020-01-01"])
def test_days_at_the_limits_are_valid(tmp_path: Path, cohorts: ModuleType, day: str) -> None:
    cohort = cohorts.small()
    for n in range(12):
        person = cohort.person(100 + n, 1960, cohorts.MALE, 5, 7)
        if day < "2010":
            cohort.add("DEATH", person, "2005-01-01")
        cohort.has(person, 1, day)
    assert cohorts.rejects(cohorts.stage(cohort.write(tmp_path / "a"))) == []


def test_birth_without_month_or_day_is_the_first_day(tmp_path: Path, cohorts: ModuleType) -> None:
    cohort = cohorts.small()
    for n in range(12):
        cohort.has(cohort.person(100 + n, 1980), 1, "1980-01-01")
        cohort.has(cohort.person(200 + n, 1980), 1, "1979-12-31")
    assert [r[2:] for r in cohorts.rejects(cohorts.stage(cohort.write(tmp_path / "a")))] == [
        ("12 records", "before birth")
    ]


def test_the_last_day_is_that_of_the_release(tmp_path: Path, cohorts: ModuleType) -> None:
    cohort = cohorts.small()
    cohort.add("CDM_SOURCE", "clinic", "2001-03-03", "2001-04-01")
    staged = cohorts.stage(cohort.write(tmp_path / "a"), until="")
    assert [r[2:] for r in cohorts.rejects(staged)] == [("75 records", "in the future")]


def test_invalid_concepts_persons_and_lines_are_counted(tmp_path: Path, cohorts: ModuleType) -> None:
    cohort = cohorts.small()
    cohort.add("CONCEPT", 4, "appendectomy", "Procedure", "SNOMED", "Procedure", "80146002")
    cohort.add("CONCEPT", 5, "other", "Condition", "SNOMEDX", "x", "1")
    for n in range(12):
        for concept in (0, 4, 5, 6, "x"):
            cohort.has(cohorts.BIG + n, concept)
        cohort.has(cohorts.BIG + 5000 + n, 1)
        cohort.has("nobody", 1)  # type: ignore[arg-type]
    folder = cohort.write(tmp_path / "a")
    with (folder / "CONDITION_OCCURRENCE.csv").open("a") as file:
        file.write("1,2\n" * 12)
    staged = cohorts.stage(folder)
    assert staged.rows_read == 75 + 12 * 8
    assert cohorts.states(staged) == (60, 0, 96, 15)
    column = "condition_concept_id"
    assert sorted(r[1:] for r in cohorts.rejects(staged)) == sorted(
        [
            ("#fields", "12 records", "a line with a wrong number of fields or undecodable bytes"),
            (column, "12 records", "concept 0: no matching concept"),
            (column, "12 records", "not a number"),
            (column, "12 records", "not in CONCEPT"),
            (column, "12 records", "not read: domain Procedure"),
            (
                column,
                "12 records",
                "no prefix for this vocabulary; add one to `prefixes`; did you mean 'SNOMED'? (SNOMEDX)",
            ),
            ("person_id", "12 records", "no such person in PERSON"),
            ("person_id", "12 records", "not a number"),
        ]
    )
    again = cohorts.stage(folder, prefixes={"SNOMEDX": "SNOMEDX"})
    assert not [r for r in cohorts.rejects(again) if "prefix" in r[3]]


def drugs(cohorts: ModuleType, **tables: list[tuple[object, ...]]) -> Any:
    """Persons with a condition and one of two products of an ingredient, or neither."""
    cohort = cohorts.Cohort()
    cohort.concepts(1, 2)
    cohort.add("CONCEPT", 11, "metformin 500 MG Oral Tablet", "Drug", "RxNorm", "Clinical Drug", "861007")
    cohort.add("CONCEPT", 12, "metformin 500 MG", "Drug", "RxNorm", "Clinical Drug Comp", "316255")
    cohort.add("CONCEPT", 13, "metformin", "Drug", "RxNorm", "Ingredient", "6809")
    cohort.add("CONCEPT", 14, "BIGUANIDES", "Drug", "ATC", "ATC 4th", "A10BA")
    for name, rows in tables.items():
        for row in rows:
            cohort.add(name, *row)
    for n in range(80):  # all combinations, each as often
        person = cohort.person(n)
        if n & 1:
            cohort.has(person, 1)
        if n & 2:
            cohort.has(person, 2)
        if n & 4:
            cohort.has(person, 11 if n & 8 else 12, table="DRUG_EXPOSURE")
    return cohort


ANCESTORS = [(13, 11), (13, 12), (13, 13), (14, 11), (14, 12)]
RELATIONS = [(11, 12, "Consists of"), (12, 13, "RxNorm has ing"), (12, 14, "Mapped from")]


@pytest.mark.parametrize("tables", [{"CONCEPT_ANCESTOR": ANCESTORS}, {"CONCEPT_RELATIONSHIP": RELATIONS}])
def test_drugs_count_by_their_ingredient(
    tmp_path: Path, cohorts: ModuleType, tables: dict[str, list[tuple[object, ...]]]
) -> None:
    pairs = cohorts.pairs(cohorts.stage(drugs(cohorts, **tables).write(tmp_path / "a"), minimum=5))
    assert set(pairs) == {("1", "2"), ("1", "6809"), ("2", "6809")}
    edge = pairs["1", "6809"]
    assert (edge["start_id"], edge["start_kind"], edge["start_name"]) == ("RXNORM:6809", "Drug", "metformin")
    assert (edge["count"], "not_rolled_up" in edge["flags"]) == (20, False)


def test_a_drug_without_a_known_ingredient_represents_itself_and_has_a_flag(
    tmp_path: Path, cohorts: ModuleType
) -> None:
    pairs = cohorts.pairs(cohorts.stage(drugs(cohorts).write(tmp_path / "a"), minimum=5))
    assert set(pairs) == {("1", "2"), ("1", "861007"), ("1", "316255"), ("2", "861007"), ("2", "316255")}
    assert {name: "not_rolled_up" in e["flags"] for name, e in pairs.items()} == {
        name: name != ("1", "2") for name in pairs
    }


def test_measurements_are_read_only_if_configured(tmp_path: Path, cohorts: ModuleType) -> None:
    cohort = cohorts.small()
    cohort.add("CONCEPT", 21, "Hemoglobin A1c", "Measurement", "LOINC", "Lab Test", "4548-4")
    for n in range(30):
        cohort.has(cohorts.BIG + n, 21, table="MEASUREMENT")
    folder = cohort.write(tmp_path / "a")
    assert ("1", "4548-4") not in cohorts.pairs(cohorts.stage(folder))
    edge = cohorts.pairs(cohorts.stage(folder, domains=["Condition", "Measurement"], minimum=1, strata=[])).get(
        ("2", "4548-4")
    )
    assert edge is not None
    assert (edge["start_id"], edge["start_kind"]) == ("LOINC:4548-4", "Phenotype")
    with pytest.raises(ConfigError, match="did you mean 'Measurement'"):
        cohorts.stage(folder, domains=["Measurments"])
    with pytest.raises(DataError, match="drug_exposure"):
        cohorts.stage(folder, domains=["Drug"])


@pytest.mark.parametrize("layout", ["upper", "lower", "gz", "parquet", "tabs", "floats", "duckdb", "backend"])
def test_all_layouts_give_the_same_pairs(
    tmp_path: Path, cohorts: ModuleType, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = cohorts.small(both=20)
    expected = cohorts.pairs(cohorts.stage(cohort.write(tmp_path / "plain")))
    folder = tmp_path / layout
    folder.mkdir()
    files, options = ("*",), {}
    for table, rows in cohort.tables.items():
        header = cohorts.HEADERS[table]
        if layout == "lower":
            cohorts.write_csv(folder / f"{table.lower()}.csv", [c.upper() for c in header], rows)
        elif layout == "gz":
            path = tmp_path / "plain" / f"{table}.csv"
            (folder / f"{table}.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        elif layout == "parquet":
            frame = pl.read_csv(tmp_path / "plain" / f"{table}.csv", try_parse_dates=True)
            frame.write_parquet(folder / f"{table}.parquet")
        elif layout == "tabs":
            quoted = [[f'"{v}' if isinstance(v, str) and "condition" in v else v for v in row] for row in rows]
            cohorts.write_csv(folder / f"{table}.csv", header, rows, delimiter="\t")
            if table == "CONCEPT":
                lines = ["\t".join(header), *("\t".join(map(str, row)) for row in quoted)]
                (folder / f"{table}.csv").write_text("\n".join(lines) + "\n")
        elif layout == "floats":
            floats = [[f"{v}.0" if isinstance(v, int) and v != "" else v for v in row[:-1]] + [row[-1]] for row in rows]
            cohorts.write_csv(folder / f"{table}.csv", header, rows if table == "CONCEPT" else floats)
        else:
            cohorts.write_csv(folder / f"{table}.csv", header, rows)
    if layout in ("duckdb", "backend"):
        import duckdb

        path = tmp_path / "clinic.duckdb"
        with duckdb.connect(str(path)) as database:
            for table in cohort.tables:
                database.execute(f"CREATE TABLE {table} AS FROM read_csv('{folder / table}.csv')")
        files = ("../clinic.duckdb",)
        if layout == "backend":
            cohorts.write_csv(folder / "CDM_SOURCE.csv", cohorts.HEADERS["CDM_SOURCE"], [("clinic", "2019-01-01", "")])
            monkeypatch.setenv("OMOP_URL", f"duckdb://{path}")
            files, options = ("CDM_SOURCE.csv",), {"backend": "$OMOP_URL"}
    pairs = cohorts.pairs(cohorts.stage(folder, *files, **options))
    if layout == "tabs":
        assert pairs["1", "2"]["start_name"] == '"condition 1', "a quotation mark in a vocabulary is a character"
    assert {k: (e["count"], e["expected"], e["log_odds_ratio"]) for k, e in pairs.items()} == {
        k: (e["count"], e["expected"], e["log_odds_ratio"]) for k, e in expected.items()
    }


def test_invalid_files_and_columns_are_named(tmp_path: Path, cohorts: ModuleType) -> None:
    folder = cohorts.small().write(tmp_path / "a")
    (folder / "VISIT_OCCURRENCE.csv").write_text("visit_occurrence_id\n1\n")
    cohorts.stage(folder)
    (folder / "CONDITON_OCCURRENCE.csv").write_text("x\n1\n")
    with pytest.raises(DataError, match="did you mean 'condition_occurrence'"):
        cohorts.stage(folder)
    (folder / "CONDITON_OCCURRENCE.csv").unlink()
    (folder / "PERSON.csv").write_text("person_id,gender_concept_id,year_of_brith\n1,8532,1960\n")
    with pytest.raises(DataError, match="did you mean 'year_of_brith'"):
        cohorts.stage(folder)
    (folder / "PERSON.csv").unlink()
    with pytest.raises(DataError, match="person"):
        cohorts.stage(folder)
    (folder / "CONDITION_OCCURRENCE.csv").unlink()
    with pytest.raises(DataError, match="no fact table"):
        cohorts.stage(folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"minimum": 0}, "minimum"),
        ({"age_band": 0}, "age_band"),
        ({"window_days": -1}, "window_days"),
        ({"strata": ["aeg"]}, "did you mean 'age'"),
        ({"backend": "postgres://me:secret@host/omop"}, "a password in the configuration"),
        ({"backend": "$NOT_THERE_AT_ALL"}, "this environment variable is not set"),
        ({"windowdays": 3}, "did you mean 'window_days'"),
    ],
)
def test_invalid_options_are_named(
    tmp_path: Path, cohorts: ModuleType, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message.replace("$", r"\$")) as caught:
        cohorts.stage(cohorts.small().write(tmp_path / "a"), **options)
    assert "secret" not in str(caught.value)


def test_without_ibis_the_error_states_how_to_install_it(
    tmp_path: Path, cohorts: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(ConfigError, match=r"generel-graph\[cohort\]"):
        cohorts.stage(cohorts.small().write(tmp_path / "a"))


def test_importing_the_readers_does_not_import_ibis() -> None:
    code = "import sys, generel_etl.readers; sys.exit('ibis' in sys.modules or 'duckdb' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_duplicate_person_row_counts_once(tmp_path: Path, cohorts: ModuleType) -> None:
    """A person's second row does not make two of one."""
    cohort = cohorts.small()
    cohort.person(0, 1970, cohorts.FEMALE)
    assert cohorts.pairs(cohorts.stage(cohort.write(tmp_path / "a"), strata=[])) == cohorts.pairs(
        cohorts.stage(cohorts.small().write(tmp_path / "b"), strata=[])
    )


def test_the_shared_cohort_is_read(tmp_path: Path, cohorts: ModuleType, shared_data: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    staged = cohorts.stage(folder, f"{shared_data}/omop_synthea_1k/*.csv.gz", year_band=10)
    assert staged.rows_read == 37_418
    assert cohorts.rejects(staged) == [
        ("condition_occurrence", "condition_concept_id", "825 records", "concept 0: no matching concept"),
        ("drug_exposure", "drug_concept_id", "7911 records", "concept 0: no matching concept"),
    ]
    assert cohorts.states(staged) == (12_867, 6_207, 8_736, 9_608)
    staged = staged.edges().collect()
    assert staged["count"].min() == 11
    named = {(e["start_name"], e["end_name"]): e for e in staged.to_dicts()}
    clopidogrel = named["clopidogrel 75 MG Oral Tablet", "Coronary arteriosclerosis"]
    assert (clopidogrel["count"], clopidogrel["flags"]) == (55, ["not_rolled_up"])
    assert clopidogrel["log_odds_ratio"] > 2
