"""Records of the fact tables: whose, of what, when; and what is wrong with those that cannot be.

The rules for dates are those of OHDSI's Data Quality Dashboard (plausibleAfterBirth, plausibleBeforeDeath): not before
birth (the first of the month, or of the year, where day or month is not known), not more than 60 days after death,
which leaves room for what is written down late; and not after `until`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from generel_etl.errors import ConfigError, DataError
from generel_etl.readers.omop.cdm import Cdm, day, number

AFTER_DEATH = 60  # days
NO_CONCEPT = 0  # OMOP's "No matching concept"


@dataclass(frozen=True, slots=True)
class Fact:
    """A table of facts: its name, and its columns."""

    table: str
    concept: str
    day: str


# By the domain that each is for.
FACTS: dict[str, Fact] = {
    "Condition": Fact("condition_occurrence", "condition_concept_id", "condition_start_date"),
    "Drug": Fact("drug_exposure", "drug_concept_id", "drug_exposure_start_date"),
    "Measurement": Fact("measurement", "measurement_concept_id", "measurement_date"),
    "Observation": Fact("observation", "observation_concept_id", "observation_date"),
}
DEFAULT = ("Condition", "Drug")  # that a test was done, or a question asked, is no phenotype: those are asked for

# What can be wrong with a record: the column that is named, and the reason.
PERSON_COLUMN = "person_id"
TROUBLES: dict[str, tuple[str, str]] = {
    "person": (PERSON_COLUMN, "not a number"),
    "nobody": (PERSON_COLUMN, "no such person in PERSON"),
    "day": ("day", "not a date"),
    "birth": ("day", "before birth"),
    "future": ("day", "in the future"),
    "death": ("day", f"more than {AFTER_DEATH} days after death"),
    "concept": ("concept", "not a number"),
    "zero": ("concept", "concept 0: no matching concept"),
}


def choose_facts(cdm: Cdm, domains: tuple[str, ...], where: str) -> dict[str, Fact]:
    """The tables of facts to read: of the domains asked for, else conditions and drugs, as far as they are there."""
    for domain in domains:
        if domain not in FACTS:
            raise ConfigError("no such domain", where=f"{where}.domains", found=domain, valid=FACTS)
        cdm.table(FACTS[domain].table)
    chosen = {d: FACTS[d] for d in domains or DEFAULT if FACTS[d].table in cdm.tables}
    if not chosen:
        needed = [FACTS[d].table for d in DEFAULT]
        raise DataError("no table of facts", where=where, found=sorted(cdm.tables), valid=needed)
    return chosen


def last_day(cdm: Cdm, until: date | None) -> date:
    """The day after which nothing can have been recorded: `until`, else CDM_SOURCE's, else today (UTC)."""
    if until is not None:
        return until
    if "cdm_source" in cdm.tables:
        source = cdm.tables["cdm_source"]
        days = source.aggregate(
            source=day(source.source_release_date).max(), cdm=day(source.cdm_release_date).max()
        ).to_polars()
        for name in ("source", "cdm"):
            if isinstance(found := days[name][0], date):
                return found
    return datetime.now(UTC).date()


def persons(cdm: Cdm) -> Any:
    """Each person once: person, born (a date), year, sex (a concept id, 0 if not known), died."""
    table = cdm.table("person")
    month, first = number(table.month_of_birth).fill_null(1), number(table.day_of_birth).fill_null(1)
    year = number(table.year_of_birth)
    padded = [n.cast("string").lpad(width, "0") for n, width in ((year, 4), (month, 2), (first, 2))]
    born = (padded[0] + "-" + padded[1] + "-" + padded[2]).try_cast("date")
    every = table.select(
        person=number(table.person_id), born=born, year=year, sex=number(table.gender_concept_id).fill_null(0)
    )
    once = every.filter(every.person.notnull()).group_by("person").agg(
        born=every.born.min(), year=every.year.min(), sex=every.sex.min()
    )  # fmt: skip
    if "death" not in cdm.tables:
        return once.mutate(died=cdm.ibis.null("date"))
    death = cdm.tables["death"]
    death = death.select(who=number(death.person_id), died=day(death.death_date))
    last = death.group_by("who").agg(died=death.died.max())
    return once.left_join(last, once.person == last.who).drop("who")


def read_records(cdm: Cdm, facts: dict[str, Fact], people: Any, until: date) -> Any:
    """All records: place (the table), person, concept, day, trouble (a key of TROUBLES, or null)."""
    parts = []
    for fact in facts.values():
        table = cdm.table(fact.table)
        parts.append(
            table.select(
                place=cdm.ibis.literal(fact.table),
                person=number(table[PERSON_COLUMN]),
                concept=number(table[fact.concept]),
                day=day(table[fact.day]),
            )
        )
    every = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
    known = people.select(who="person", born="born", died="died")
    joined = every.left_join(known, every.person == known.who)
    trouble = cdm.ibis.cases(
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
    return joined.select("place", "person", "concept", "day", trouble=trouble)


def strata(cdm: Cdm, records: Any, people: Any, by: tuple[str, ...], age_band: int, year_band: int) -> Any:
    """Everybody who was ever seen, with a stratum: person, stratum (a text).

    Seen is who has a record with a day that can be, whatever its concept. Age and year are those of the first one.
    """
    seen = records.filter(
        ~records.trouble.isin(["person", "nobody", "day", "birth", "future", "death"]).fill_null(False)
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
