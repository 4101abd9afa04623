"""The numbers of pairs agree with a plain count in Python and with planted effects."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import combinations
from math import exp, log, log2
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from generel_etl.readers.omop import pairs as sql
from generel_etl.readers.omop.cdm import TABLES, Cdm, to_integer
from generel_etl.readers.omop.records import assign_strata, choose_fact_tables, persons, read_records

DAY = date(2010, 6, 1)


def plain(people: list[dict[str, Any]], window: int | None, by: tuple[str, ...], minimum: int) -> dict[Any, Any]:
    """Count, expected and log odds ratio of each pair, person by person, as the formulas are written."""
    layers: dict[Any, list[dict[int, date]]] = defaultdict(list)
    for person in people:
        if person["days"]:
            first = min(person["days"].values())
            keys = {"age": (first.year - person["born"]) // 10, "sex": person["sex"], "year": first.year}
            layers[tuple(keys[name] for name in by)].append(person["days"])
    everybody = [days for layer in layers.values() for days in layer]
    pairs = {}

    def near(x: date, y: date) -> bool:
        return window is None or abs((x - y).days) <= window

    for one, two in combinations(sorted({c for days in everybody for c in days}), 2):
        count = sum(one in d and two in d and near(d[one], d[two]) for d in everybody)
        a, b = (sum(c in d for d in everybody) for c in (one, two))
        neither = sum(one not in d and two not in d for d in everybody)
        if min(count, a - count, b - count, neither) < minimum:
            continue
        chance = without = 0.0
        for layer in layers.values():
            xs, ys = ([d[c] for d in layer if c in d] for c in (one, two))
            share = sum(near(x, y) for x in xs for y in ys) / len(layer)
            seen = sum(one in d and two in d and near(d[one], d[two]) for d in layer)
            chance += share
            without += share * (1 - seen / len(xs)) * (1 - seen / len(ys)) if xs and ys else 0
        with_chance = max(without + count - chance, 0)
        pairs[str(one), str(two)] = (count, chance, log((with_chance + 0.5) / (without + 0.5)))
    return pairs


@pytest.mark.parametrize("window", [None, 90])
@pytest.mark.parametrize("by", [(), ("age",), ("age", "sex", "year")])
def test_numbers_equal_those_of_a_plain_count(
    tmp_path: Path, cohorts: ModuleType, window: int | None, by: tuple[str, ...]
) -> None:
    random = Random(7)
    cohort = cohorts.Cohort()
    cohort.concepts(1, 2, 3, 4, 5)
    people = []
    for n in range(400):
        born, sex = random.choice([1930, 1960, 1990]), random.choice([cohorts.FEMALE, cohorts.MALE])
        person, days = cohort.person(n, born, sex), {}
        for concept in range(1, 6):
            if random.random() < 0.15 * concept + (born == 1930) * 0.1:
                days[concept] = DAY + timedelta(days=random.randrange(1000))
                cohort.has(person, concept, days[concept] + timedelta(days=random.randrange(1, 400)))
                cohort.has(person, concept, days[concept])
        people.append({"born": born, "sex": sex, "days": days})
    pairs = cohorts.pairs(cohorts.stage(cohort.write(tmp_path / "a"), strata=by, window_days=window or 0))
    wanted = plain(people, window, by, 11)
    assert set(pairs) == set(wanted)
    assert len(pairs) >= 4
    for pair, (count, chance, odds) in wanted.items():
        edge = pairs[pair]
        assert edge["count"] == count
        assert edge["expected"] == pytest.approx(chance, rel=0.006)
        assert edge["log_odds_ratio"] == pytest.approx(odds, abs=0.001)
        assert edge["ppmi"] == pytest.approx(max(0.0, log2((count + 0.5) / (edge["expected"] + 0.5))), abs=0.001)


def random_cohort(cohorts: ModuleType, odds: float, size: int = 4000, seed: int = 1) -> Any:
    """Persons with condition 1 (30 %), 2 (20 % without it, by `odds` with it), and 3 (25 %, on its own)."""
    random, cohort = Random(seed), cohorts.Cohort()
    cohort.concepts(1, 2, 3)
    base = 0.2 / 0.8
    for n in range(size):
        person = cohort.person(n, random.choice([1940, 1950, 1970]), random.choice([cohorts.FEMALE, cohorts.MALE]))
        first = DAY + timedelta(days=random.randrange(2000))
        has_one = random.random() < 0.3
        ratio = base * odds if has_one else base
        chosen = [1] * has_one + [2] * (random.random() < ratio / (1 + ratio)) + [3] * (random.random() < 0.25)
        for concept in chosen:
            cohort.has(person, concept, first)
    return cohort


@pytest.mark.parametrize("odds", [0.25, 1.0, 4.0])
def test_a_planted_odds_ratio_is_estimated(tmp_path: Path, cohorts: ModuleType, odds: float) -> None:
    pairs = cohorts.pairs(cohorts.stage(random_cohort(cohorts, odds).write(tmp_path / "a")))
    # Persons without any of the three conditions (42 %) were never seen, which correlates the conditions slightly.
    seen = cohorts.pairs(cohorts.stage(_with_all_seen(cohorts, random_cohort(cohorts, odds)).write(tmp_path / "b")))
    assert seen["1", "2"]["log_odds_ratio"] == pytest.approx(log(odds), abs=0.2)
    assert seen["1", "3"]["log_odds_ratio"] == pytest.approx(0, abs=0.2)
    assert seen["1", "3"]["ppmi"] < 0.1
    assert pairs["1", "2"]["log_odds_ratio"] < seen["1", "2"]["log_odds_ratio"]


def _with_all_seen(cohorts: ModuleType, cohort: Any) -> Any:
    """Add a record of another condition for each person, so that every person was seen."""
    cohort.concepts(4)
    for person, *_ in cohort.tables["PERSON"]:
        cohort.has(person, 4, DAY)
    return cohort


@pytest.mark.parametrize("confounder", ["age", "sex", "year"])
def test_confounding_by_a_stratum_is_not_an_association(tmp_path: Path, cohorts: ModuleType, confounder: str) -> None:
    """1 and 2 are common in one half and rare in the other, and independent within each half."""
    random, cohort = Random(3), cohorts.Cohort()
    cohort.concepts(1, 2)
    for n in range(4000):
        common = random.random() < 0.5
        born = 1935 if confounder == "age" and common else 1965
        sex = cohorts.MALE if confounder == "sex" and common else cohorts.FEMALE
        day = date(2005 if confounder == "year" and common else 2006, 3, 4)
        person = cohort.person(n, born, sex)
        for concept in (1, 2):
            if random.random() < (0.6 if common else 0.1):
                cohort.has(person, concept, day)
        cohort.has(person, 3, day)
    cohort.concepts(3)
    folder = cohort.write(tmp_path / "a")
    within = cohorts.pairs(cohorts.stage(folder))["1", "2"]
    others = [name for name in ("age", "sex", "year") if name != confounder]
    across = cohorts.pairs(cohorts.stage(folder, strata=others))["1", "2"]
    assert within["log_odds_ratio"] == pytest.approx(0, abs=0.2)
    assert within["ppmi"] < 0.08
    assert across["log_odds_ratio"] > 1.0
    assert across["ppmi"] > 0.4
    assert exp(across["log_odds_ratio"]) > 2 * exp(abs(within["log_odds_ratio"]))


def test_a_window_distinguishes_onset_together_from_ever_together(tmp_path: Path, cohorts: ModuleType) -> None:
    """1 and 2 begin together; 1 and 3 occur in the same persons at any time. All three are equally common."""
    random, cohort = Random(5), cohorts.Cohort()
    cohort.concepts(1, 2, 3, 4)
    for n in range(600):
        person = cohort.person(n)
        cohort.has(person, 4, DAY)
        one, three = (DAY + timedelta(days=random.randrange(3000)) for _ in range(2))
        if n < 150 or 250 <= n < 300:
            cohort.has(person, 1, one)
        if n < 100 or 300 <= n < 400:
            cohort.has(person, 2, one + timedelta(days=10))
        if 50 <= n < 150 or 400 <= n < 500:
            cohort.has(person, 3, three)
    folder = cohort.write(tmp_path / "a")
    ever = cohorts.pairs(cohorts.stage(folder, strata=[]))
    near = cohorts.pairs(cohorts.stage(folder, strata=[], window_days=30, minimum=2))
    assert (ever["1", "2"]["count"], ever["1", "3"]["count"]) == (100, 100)
    assert near["1", "2"]["count"] == 100
    assert near["1", "2"]["ppmi"] > 3
    assert ("1", "3") not in near or near["1", "3"]["ppmi"] < 1.5
    wide = cohorts.pairs(cohorts.stage(folder, strata=[], window_days=100_000))
    assert wide == ever, "a window that covers the complete period equals no window"


@pytest.mark.parametrize("dialect", ["bigquery", "databricks", "snowflake", "postgres"])
@pytest.mark.parametrize("window", [None, 30])
def test_every_query_compiles_for_other_engines(cohorts: ModuleType, dialect: str, window: int | None) -> None:
    """The queries are compiled, not run."""
    import ibis

    integers = ("_id", "_of_birth", "_1", "_2")
    tables = {
        name: ibis.table(
            {
                c: "int64" if c.endswith(integers) and c != "relationship_id" else "date" if "date" in c else "string"
                for c in (*needed, *optional)
            },
            name=name,
        )
        for name, (needed, optional) in TABLES.items()
    }
    cdm = Cdm(ibis, None, tables, {name: name for name in tables})
    people = persons(cdm)
    records = read_records(cdm, choose_fact_tables(cdm, ("Condition", "Drug"), ""), people, DAY)
    seen = assign_strata(cdm, records, people, ("age", "sex", "year"), 10, 1)
    links = ibis.table({"concept": "int64", "term": "int64"}, name="links")
    days = sql.frequent_terms(sql.first_days(records, links), seen, 11)
    counted = sql.count_pairs(days, window)
    publishable = sql.publishable_pairs(counted, seen, 11)
    text = str(ibis.to_sql(sql.expected_counts(days, seen, counted, publishable, window), dialect=dialect))
    assert text.count("JOIN") > 10
    assert str(ibis.to_sql(tables["person"].select(n=to_integer(tables["person"].person_id)), dialect=dialect))
