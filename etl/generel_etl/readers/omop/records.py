"""Records of the fact tables: person, concept, day, and the problem of a record that cannot be used.

The rules for dates are those of OHDSI's Data Quality Dashboard (plausibleAfterBirth, plausibleBeforeDeath): not before
birth (the first day of the month or year, if day or month is unknown), not more than 60 days after death, because some
records are entered late, and not after `until`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from generel_etl.errors import ConfigError, DataError
from generel_etl.readers.omop.cdm import Cdm, to_date, to_integer

AFTER_DEATH = 60  # days
NO_CONCEPT = 0  # OMOP's "No matching concept"


@dataclass(frozen=True, slots=True)
class FactTable:
    """A fact table: its name, and its columns of concepts and dates."""

    table: str
    concept: str
    day: str


# Fact tables by domain.
FACT_TABLES: dict[str, FactTable] = {
    "Condition": FactTable("condition_occurrence", "condition_concept_id", "condition_start_date"),
    "Drug": FactTable("drug_exposure", "drug_concept_id", "drug_exposure_start_date"),
    "Measurement": FactTable("measurement", "measurement_concept_id", "measurement_date"),
    "Observation": FactTable("observation", "observation_concept_id", "observation_date"),
}
DEFAULT_DOMAINS = ("Condition", "Drug")  # that a test was done or a question asked is not a phenotype

# Problems of records: the column, and the reason.
PERSON_COLUMN = "person_id"
PROBLEMS: dict[str, tuple[str, str]] = {
    "person": (PERSON_COLUMN, "not a number"),
    "nobody": (PERSON_COLUMN, "no such person in PERSON"),
    "day": ("day", "not a date"),
    "birth": ("day", "before birth"),
    "future": ("day", "in the future"),
    "death": ("day", f"more than {AFTER_DEATH} days after death"),
    "concept": ("concept", "not a number"),
    "zero": ("concept", "concept 0: no matching concept"),
}


def choose_fact_tables(cdm: Cdm, domains: tuple[str, ...], where: str) -> dict[str, FactTable]:
    """The fact tables to read: those of the domains in the options, else the existing ones of conditions and drugs."""
    for domain in domains:
        if domain not in FACT_TABLES:
            raise ConfigError("unknown domain", where=f"{where}.domains", found=domain, valid=FACT_TABLES)
        cdm.table(FACT_TABLES[domain].table)
    chosen = {d: FACT_TABLES[d] for d in domains or DEFAULT_DOMAINS if FACT_TABLES[d].table in cdm.tables}
    if not chosen:
        needed = [FACT_TABLES[d].table for d in DEFAULT_DOMAINS]
        raise DataError("no fact table", where=where, found=sorted(cdm.tables), valid=needed)
    return chosen


def last_day(cdm: Cdm, until: date | None) -> date:
    """The last day on which a record is possible: `until`, else the date of CDM_SOURCE, else today (UTC)."""
    if until is not None:
        return until
    if "cdm_source" in cdm.tables:
        source = cdm.tables["cdm_source"]
        days = source.aggregate(
            source=to_date(source.source_release_date).max(), cdm=to_date(source.cdm_release_date).max()
        ).to_polars()
        for name in ("source", "cdm"):
            if isinstance(day := days[name][0], date):
                return day
    return datetime.now(UTC).date()


def persons(cdm: Cdm) -> Any:
    """Each person once: person, born (a date), year, sex (a concept id, 0 if unknown), died."""
    table = cdm.table("person")
    month, first = to_integer(table.month_of_birth).fill_null(1), to_integer(table.day_of_birth).fill_null(1)
    year = to_integer(table.year_of_birth)
    padded = [n.cast("string").lpad(width, "0") for n, width in ((year, 4), (month, 2), (first, 2))]
    born = (padded[0] + "-" + padded[1] + "-" + padded[2]).try_cast("date")
    rows = table.select(
        person=to_integer(table.person_id), born=born, year=year, sex=to_integer(table.gender_concept_id).fill_null(0)
    )
    people = rows.filter(rows.person.notnull()).group_by("person").agg(
        born=rows.born.min(), year=rows.year.min(), sex=rows.sex.min()
    )  # fmt: skip
    if "death" not in cdm.tables:
        return people.mutate(died=cdm.ibis.null("date"))
    death = cdm.tables["death"]
    death = death.select(who=to_integer(death.person_id), died=to_date(death.death_date))
    last = death.group_by("who").agg(died=death.died.max())
    return people.left_join(last, people.person == last.who).drop("who")


def read_records(cdm: Cdm, facts: dict[str, FactTable], people: Any, until: date) -> Any:
    """All records: table, person, concept, day, problem (a key of PROBLEMS, or null)."""
    parts = []
    for fact in facts.values():
        source = cdm.table(fact.table)
        parts.append(
            source.select(
                table=cdm.ibis.literal(fact.table),
                person=to_integer(source[PERSON_COLUMN]),
                concept=to_integer(source[fact.concept]),
                day=to_date(source[fact.day]),
            )
        )
    records = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
    known = people.select(who="person", born="born", died="died")
    joined = records.left_join(known, records.person == known.who)
    problem = cdm.ibis.cases(
        (joined.person.isnull(), "person"),
        (joined.who.isnull(), "nobody"),
        (joined.day.isnull(), "day"),
        (joined.day < joined.born, "birth"),
        (joined.day > cdm.ibis.literal(until), "future"),
        (joined.day.delta(joined.died, unit="day") > AFTER_DEATH, "death"),
        (joined.concept.isnull(), "concept"),
        (joined.concept == NO_CONCEPT, "zero"),
        else_=cdm.ibis.null("string"),
    )
    return joined.select("table", "person", "concept", "day", problem=problem)


def assign_strata(cdm: Cdm, records: Any, people: Any, by: tuple[str, ...], age_band: int, year_band: int) -> Any:
    """The stratum of each person who was seen: person, stratum (a text).

    A person was seen if a record has a valid person and day, whatever its concept. Age and year are those of the first
    such record. `by`: the names of the strata; `age_band`, `year_band`: in years.
    """
    seen = records.filter(
        ~records.problem.isin(["person", "nobody", "day", "birth", "future", "death"]).fill_null(False)
    )
    first = seen.group_by("person").agg(first=seen.day.min())
    known = people.select(who="person", year="year", sex="sex")
    both = first.inner_join(known, first.person == known.who)
    year = both.first.year().cast("int64")
    parts = {
        "age": ((year - both.year) / age_band).floor().cast("int64").cast("string").fill_null("?"),
        "sex": both.sex.cast("string"),
        "year": (year / year_band).floor().cast("int64").cast("string"),
    }
    text = cdm.ibis.literal("")
    for name in by:
        text = text + parts[name] + "|"
    return both.select("person", stratum=text)
