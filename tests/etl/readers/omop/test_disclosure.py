"""Disclosure control: no person, no day, no cell and no group of fewer persons than the minimum is published."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from generel_etl.errors import DataError
from generel_etl.readers.omop.groups import GROUPS, LOADED, MERGED, REJECTED, STAGED, large_enough
from generel_etl.stage import Stage

DAY = date(2010, 6, 1)
MINIMUM = 3
CONCEPTS = (1, 2, 3, 4)


def cells(staged: Stage) -> list[str]:
    """Every value in the stage's files, as text; without digests and times of files, whose digits are arbitrary."""
    texts = []
    for path in staged.folder.glob("*.parquet"):
        frame = pl.read_parquet(path)
        for name in frame.columns:
            values = frame[name].explode() if isinstance(frame.schema[name], pl.List) else frame[name]
            texts += values.cast(pl.String).drop_nulls().to_list()
    manifest = (staged.folder / "manifest.json").read_text()
    return [*texts, re.sub(r'"(key|sha256|mtime_ns)": "?\w+"?', "", manifest)]


def test_no_person_and_no_day_is_in_the_stage(
    tmp_path: Path, cohorts: ModuleType, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cohort = cohorts.small(both=40, one=40, two=40, neither=40)
    for n in range(40):
        cohort.has(cohorts.BIG + n, 1, "1890-01-01")
        cohort.has(cohorts.BIG + n, 0, "2011-11-11")
        cohort.has(cohorts.BIG + 5000 + n, 1, "2011-11-11")
        cohort.has(cohorts.BIG + n, 2, f"not a day {cohorts.BIG + n}")
    folder = cohort.write(tmp_path / "a")
    with (folder / "CONDITION_OCCURRENCE.csv").open("a") as file:
        file.writelines(f"1,{cohorts.BIG + n},1\n" for n in range(40))
    staged = cohorts.stage(folder)
    assert staged.edges().collect().height == 1
    texts = cells(staged)
    persons = {str(cohorts.BIG + n) for n in (*range(200), *range(5000, 5040))}
    days = ("1890-01-01", "2011-11-11", str(cohorts.FIRST_DAY), "not a day")
    assert not [t for t in texts for needle in (str(cohorts.BIG)[:6], *days) if needle in t]
    assert not persons & set(texts)
    assert {"condition_occurrence", "condition_start_date"} <= set(texts)
    raw = b"".join(path.read_bytes() for path in staged.folder.glob("*.parquet"))
    assert str(cohorts.BIG)[:6].encode() not in raw
    assert (cohorts.BIG + 1).to_bytes(8, "little") not in raw
    assert "".join(capfd.readouterr()) == ""
    assert {p.name for p in tmp_path.iterdir()} == {"a", "a.state"}, "no temporary file is next to the stage"


def test_errors_hold_no_values(tmp_path: Path, cohorts: ModuleType) -> None:
    folder = cohorts.small().write(tmp_path / "a")
    path = folder / "CONDITION_OCCURRENCE.csv"
    lines = path.read_text().replace("\n", "\r\n")  # mixed line endings
    path.write_text(f"{lines}1,{cohorts.BIG}\n2,{cohorts.BIG}\n", newline="")
    with pytest.raises(DataError, match="DuckDB cannot read this file") as caught:
        cohorts.stage(folder)
    assert str(cohorts.BIG)[:6] not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


_PERSON = st.tuples(
    st.sets(st.sampled_from(CONCEPTS)),
    st.sampled_from([1950, 1980]),
    st.lists(st.sampled_from(["bad day", "zero", "repeat", "nobody", "procedure"]), max_size=2),
)


THREE_OUTCOMES_OF_TWO_PERSONS: list[Any] = [
    (set(), 1950, ["bad day"]),
    ({1}, 1950, []),
    (set(), 1950, ["bad day", "nobody"]),
    ({1}, 1950, ["nobody"]),
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(THREE_OUTCOMES_OF_TWO_PERSONS, 0)
@given(st.lists(_PERSON, min_size=1, max_size=40), st.sampled_from([0, 20]))
def test_no_cell_and_no_group_is_of_few_persons(
    tmp_path_factory: pytest.TempPathFactory, cohorts: ModuleType, people: list[Any], window: int
) -> None:
    """Random small cohorts; published counts are compared with counts of the persons."""
    cohort = cohorts.Cohort()
    cohort.concepts(*CONCEPTS)
    cohort.add("CONCEPT", 9, "appendectomy", "Procedure", "SNOMED", "Procedure", "80146002")
    cohort.tables["CONDITION_OCCURRENCE"] = []
    have: dict[int, dict[int, date]] = {}
    for n, (concepts, born, problems) in enumerate(people):
        person = cohort.person(n, born)
        have[person] = {}
        for concept in concepts:
            have[person][concept] = DAY + timedelta(days=(n * concept) % 40)
            cohort.has(person, concept, have[person][concept])
            if "repeat" in problems:
                cohort.has(person, concept, have[person][concept])
        if "bad day" in problems:
            cohort.has(person, 1, "1800-01-01")
        if "zero" in problems:
            cohort.has(person, 0, DAY)
        if "procedure" in problems:
            cohort.has(person, 9, DAY)
        if "nobody" in problems:
            cohort.has(person + 1000, 1, DAY)
    folder = cohort.write(tmp_path_factory.mktemp("clinic"))
    seen = {row[1] for row in cohort.tables["CONDITION_OCCURRENCE"] if row[3] != "1800-01-01" and row[1] in have}
    try:
        staged = cohorts.stage(folder, minimum=MINIMUM, window_days=window, strata=["age"])
    except DataError as error:
        assert "fewer than 3 persons" in str(error)  # noqa: PT017, most cohorts raise nothing
        by_outcome: dict[str, set[Any]] = {}  # persons by the outcome of their records
        for _, person, concept, day, *_ in cohort.tables["CONDITION_OCCURRENCE"]:
            invalid = "person" if person not in have else "day" if day == "1800-01-01" else ""
            by_outcome.setdefault(invalid or {0: "no concept", 9: "no condition"}.get(concept, "valid"), set()).add(
                person
            )
        assert all(len(ids) < MINIMUM for ids in by_outcome.values()), by_outcome
        return
    published = set()
    for (one, two), edge in cohorts.pairs(staged).items():
        a, b = ({p for p in seen if int(c) in have[p]} for c in (one, two))
        both = {p for p in a & b if not window or abs((have[p][int(one)] - have[p][int(two)]).days) <= window}
        assert edge["count"] == len(both)
        table = (len(both), len(a) - len(both), len(b) - len(both), len(seen - a - b))
        assert min(table) >= MINIMUM, table
        published |= {one, two}
    # A concept in no published pair is not named, and its margin is not stored.
    assert set(staged.concepts().collect()["id"]) == {f"SNOMEDCT:{c}" for c in published}
    assert (
        staged.edges()
        .select(pl.col("cases", "controls", "sample_size", "frequency").count())
        .collect()
        .sum_horizontal()[0]
        == 0
    )
    multiplicities = staged.multiplicities().collect()
    assert multiplicities["rows"].sum() == staged.rows_read == len(cohort.tables["CONDITION_OCCURRENCE"])
    assert multiplicities.is_empty() or multiplicities["rows"].min() >= MINIMUM
    named = {"bad day": "before birth", "zero": "concept 0", "nobody": "no such person", "procedure": "Procedure"}
    reasons = staged.rejects().collect()["reason"].to_list()
    for problem, reason in named.items():
        persons = sum(problem in problems for _, _, problems in people)
        assert any(reason in r for r in reasons) == (persons >= MINIMUM)


_GROUP = st.tuples(st.sampled_from([LOADED, MERGED, STAGED, REJECTED]), st.integers(0, 30), st.integers(0, 30))


@given(st.lists(_GROUP, max_size=8))
def test_groups_of_too_few_persons_are_pooled(groups: list[tuple[str, int, int]]) -> None:
    """Each outcome but `rejected` occurs once; records are at least persons."""
    once = {outcome: (outcome, max(r, p), p) for outcome, r, p in groups if outcome != REJECTED}
    rows = [*once.values(), *((outcome, max(r, p), p) for outcome, r, p in groups if outcome == REJECTED)]
    records = [(outcome, "t", "c", f"reason {n}", r, p) for n, (outcome, r, p) in enumerate(rows)]
    frame = pl.DataFrame(records, schema=GROUPS, orient="row")
    total = sum(r for _, r, _ in rows)
    try:
        pooled = large_enough(frame, 11)
    except DataError:
        assert all(p < 11 for _, r, p in rows if r)
        return
    assert pooled["records"].sum() == total
    assert (pooled["records"] >= 11).all()
    assert pooled.filter(pl.col("outcome") != STAGED)["persons"].min() in (None, *range(11, 31))
