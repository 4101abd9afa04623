"""The outcome of records, in groups that have at least a minimum of persons.

Records with the same outcome are one row of the source (`RowMultiplicities`). A group of too few persons is not named:
its records are counted with those that are only staged. If these are still too few, they are added to a group that is
large enough. So neither a count that is stored, printed or exported, nor a difference of two counts, is of few persons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from generel_etl.errors import DataError
from generel_etl.readers.omop.cdm import Cdm
from generel_etl.readers.omop.concepts import ConceptTerms
from generel_etl.readers.omop.records import PERSON_COLUMN, PROBLEMS, FactTable

LOADED, MERGED, STAGED, REJECTED = "loaded", "merged", "staged", "rejected"
GROUPS = {
    "outcome": pl.String,
    "file": pl.String,  # of rejected records: the table
    "column": pl.String,
    "reason": pl.String,
    "records": pl.Int64,
    "persons": pl.Int64,
}
UNREADABLE = "a line with a wrong number of fields or undecodable bytes"


def group_records(
    cdm: Cdm, records: Any, terms: ConceptTerms, published: pl.Series, facts: Sequence[FactTable]
) -> pl.DataFrame:
    """All records, in groups with the columns GROUPS. `published`: the terms of the published pairs."""
    is_published = pl.col("term").is_in(published.implode())
    concepts = terms.links.group_by("concept").agg(is_published.any().alias("published"))
    valid = records.filter(records.problem.isnull())
    parts = [
        _unreadable(cdm, facts),
        _with_problems(records, facts),
        _without_term(valid, cdm.local(terms.rejected.rename({"concept": "of"})), facts),
        _published(valid, cdm.local(concepts.filter("published").select(of="concept"))),
        _unpublished(valid, cdm.local(concepts.filter(~pl.col("published")).select(of="concept"))),
    ]
    return pl.concat([part.select(pl.col(c).cast(t) for c, t in GROUPS.items()) for part in parts])


def _unreadable(cdm: Cdm, facts: Sequence[FactTable]) -> pl.DataFrame:
    """Lines that cannot be parsed; each is counted as one person, because its person is unknown."""
    lines = [cdm.unreadable.get(fact.table, 0) for fact in facts]
    table = {"file": [fact.table for fact in facts], "records": lines, "persons": lines}
    return pl.DataFrame(table).select(
        pl.all(), outcome=pl.lit(REJECTED), column=pl.lit("#fields"), reason=pl.lit(UNREADABLE)
    )


def _with_problems(records: Any, facts: Sequence[FactTable]) -> pl.DataFrame:
    """Records with an invalid person, day or concept."""
    bad = records.filter(records.problem.notnull())
    counted: pl.DataFrame = (
        bad.group_by("table", "problem").agg(records=bad.count(), persons=bad.person.nunique()).to_polars()
    )
    columns = {(f.table, what): getattr(f, what) for f in facts for what in ("day", "concept")}
    named = [
        (table, problem, columns.get((table, PROBLEMS[problem][0]), PERSON_COLUMN), PROBLEMS[problem][1])
        for table, problem in counted.select("table", "problem").rows()
    ]
    names = pl.DataFrame(named, schema=["file", "problem", "column", "reason"], orient="row")
    no_person = pl.col("problem") == "person"  # the person is unreadable: each record counts as one person
    return (
        counted.rename({"table": "file"})
        .join(names.cast(pl.String), on=["file", "problem"])
        .with_columns(
            pl.when(no_person).then("records").otherwise("persons").alias("persons"), outcome=pl.lit(REJECTED)
        )
        .sort("file", "problem")
    )


def _without_term(valid: Any, rejected: Any, facts: Sequence[FactTable]) -> pl.DataFrame:
    """Records of concepts without a term. `rejected`: of, reason."""
    joined = valid.inner_join(rejected, valid.concept == rejected["of"]).select("table", "person", "reason")
    counted: pl.DataFrame = (
        joined.group_by("table", "reason").agg(records=joined.count(), persons=joined.person.nunique()).to_polars()
    )
    columns = pl.DataFrame({"table": [f.table for f in facts], "column": [f.concept for f in facts]})
    return counted.join(columns, on="table").sort("table", "reason").select(
        pl.exclude("table"), file="table", outcome=pl.lit(REJECTED)
    )  # fmt: skip


def _published(valid: Any, published: Any) -> pl.DataFrame:
    """The records that make a person count for a published concept, and the person's further records of it."""
    records = valid.semi_join(published, valid.concept == published["of"])
    each = records.group_by("person", "concept").agg(n=records.count())
    repeated = each.filter(each.n > 1)
    parts = (
        (LOADED, each.aggregate(records=each.count(), persons=each.person.nunique())),
        (MERGED, repeated.aggregate(records=(repeated.n - 1).sum(), persons=repeated.person.nunique())),
    )
    return pl.concat([_one_group(outcome, counted.to_polars()) for outcome, counted in parts])


def _unpublished(valid: Any, others: Any) -> pl.DataFrame:
    """Records of concepts that are in no published pair."""
    records = valid.semi_join(others, valid.concept == others["of"])
    return _one_group(STAGED, records.aggregate(records=records.count(), persons=records.person.nunique()).to_polars())


def _one_group(outcome: str, counted: pl.DataFrame) -> pl.DataFrame:
    empty = [pl.lit(None, dtype=pl.String).alias(name) for name in ("file", "column", "reason")]
    return counted.select(
        pl.lit(outcome).alias("outcome"),
        *empty,
        *(pl.col(c).fill_null(0).cast(pl.Int64) for c in ("records", "persons")),
    )


def large_enough(groups: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Pool the groups of too few persons with the staged records. `groups`: see GROUPS.

    `persons` of the pool is that of its largest part, a lower bound. Raises DataError if all groups together have too
    few persons.
    """
    groups = groups.filter(pl.col("records") > 0)
    small = (pl.col("persons") < minimum) & (pl.col("outcome") != STAGED)
    pool = groups.filter(small | (pl.col("outcome") == STAGED))
    large = groups.filter(~small & (pl.col("outcome") != STAGED))
    if pool.is_empty():
        return large
    records, persons = int(pool["records"].sum()), int(pool["persons"].max())  # type: ignore[arg-type]
    if persons >= minimum:
        pooled = pl.DataFrame(
            {"outcome": [STAGED], "records": [records], "persons": [persons]}, schema_overrides=groups.schema
        )
        return pl.concat([large, pooled], how="diagonal")
    if large.is_empty():
        raise DataError(
            f"records of fewer than {minimum} persons must not be stored",
            next_step="lower `minimum` only if you are permitted to",
        )
    # Loaded before merged before rejected: in a large group, a few more records disclose nothing.
    order = pl.col("outcome").cast(pl.Enum([LOADED, MERGED, REJECTED]))
    large = large.sort(order, -pl.col("persons"), maintain_order=True)
    is_first = pl.int_range(pl.len()) == 0
    return large.with_columns(pl.col("records") + pl.when(is_first).then(records).otherwise(0))
