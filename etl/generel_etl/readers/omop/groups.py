"""What became of records, in groups that may be told apart: none of fewer than a minimum of persons.

Records that share a fate are one row of the source (`RowMultiplicities`). A group of too few persons is not named: its
records are counted with those that stay in the stage; should these still be too few, they go to a group that is large
enough. So no count that is stored, printed or exported is of few persons, nor is a difference of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from generel_etl.errors import DataError
from generel_etl.readers.omop.cdm import Cdm
from generel_etl.readers.omop.concepts import ConceptTerms
from generel_etl.readers.omop.records import PERSON_COLUMN, TROUBLES, Fact

LOADED, MERGED, LEFT, REFUSED = "loaded", "merged", "left", "refused"
GROUPS = {
    "fate": pl.String,
    "file": pl.String,  # of what is refused: the table
    "column": pl.String,
    "reason": pl.String,
    "records": pl.Int64,
    "persons": pl.Int64,
}
UNREADABLE = "a line with another number of fields, or bytes that do not fit"


def group_records(
    cdm: Cdm, records: Any, terms: ConceptTerms, published: pl.Series, facts: Sequence[Fact]
) -> pl.DataFrame:
    """All records, in groups (GROUPS). `published`: the terms that a pair is published of."""
    live = pl.col("term").is_in(published.implode())
    concepts = terms.links.group_by("concept").agg(live.any().alias("live"))
    good = records.filter(records.trouble.isnull())
    parts = [
        _unreadable(cdm, facts),
        _troubles(records, facts),
        _refused(good, cdm.local(terms.refused.rename({"concept": "of"})), facts),
        _used(good, cdm.local(concepts.filter("live").select(of="concept"))),
        _left(good, cdm.local(concepts.filter(~pl.col("live")).select(of="concept"))),
    ]
    return pl.concat([part.select(pl.col(c).cast(t) for c, t in GROUPS.items()) for part in parts])


def _unreadable(cdm: Cdm, facts: Sequence[Fact]) -> pl.DataFrame:
    """Lines that are no records; they are counted as if each were of a person of its own, since nothing tells whose."""
    lines = [cdm.unreadable.get(fact.table, 0) for fact in facts]
    table = {"file": [fact.table for fact in facts], "records": lines, "persons": lines}
    return pl.DataFrame(table).select(
        pl.all(), fate=pl.lit(REFUSED), column=pl.lit("#fields"), reason=pl.lit(UNREADABLE)
    )


def _troubles(records: Any, facts: Sequence[Fact]) -> pl.DataFrame:
    """Records whose person, day or concept cannot be."""
    bad = records.filter(records.trouble.notnull())
    counted: pl.DataFrame = (
        bad.group_by("place", "trouble").agg(records=bad.count(), persons=bad.person.nunique()).to_polars()
    )
    columns = {(f.table, what): getattr(f, what) for f in facts for what in ("day", "concept")}
    named = [
        (place, trouble, columns.get((place, TROUBLES[trouble][0]), PERSON_COLUMN), TROUBLES[trouble][1])
        for place, trouble in counted.select("place", "trouble").rows()
    ]
    names = pl.DataFrame(named, schema=["file", "trouble", "column", "reason"], orient="row")
    nobody = pl.col("trouble") == "person"  # whose person is not to be read: of none
    return (
        counted.rename({"place": "file"})
        .join(names.cast(pl.String), on=["file", "trouble"])
        .with_columns(pl.when(nobody).then("records").otherwise("persons").alias("persons"), fate=pl.lit(REFUSED))
        .sort("file", "trouble")
    )


def _refused(good: Any, refused: Any, facts: Sequence[Fact]) -> pl.DataFrame:
    """Records of concepts that nothing can be made of. `refused`: of, reason."""
    joined = good.inner_join(refused, good.concept == refused["of"]).select("place", "person", "reason")
    counted: pl.DataFrame = (
        joined.group_by("place", "reason").agg(records=joined.count(), persons=joined.person.nunique()).to_polars()
    )
    columns = pl.DataFrame({"place": [f.table for f in facts], "column": [f.concept for f in facts]})
    return counted.join(columns, on="place").sort("place", "reason").select(
        pl.exclude("place"), file="place", fate=pl.lit(REFUSED)
    )  # fmt: skip


def _used(good: Any, live: Any) -> pl.DataFrame:
    """Records that made a person count for a published concept, and the person's further records of it."""
    used = good.semi_join(live, good.concept == live["of"])
    each = used.group_by("person", "concept").agg(n=used.count())
    again = each.filter(each.n > 1)
    parts = (
        (LOADED, each.aggregate(records=each.count(), persons=each.person.nunique())),
        (MERGED, again.aggregate(records=(again.n - 1).sum(), persons=again.person.nunique())),
    )
    return pl.concat([_one(fate, counted.to_polars()) for fate, counted in parts])


def _left(good: Any, idle: Any) -> pl.DataFrame:
    """Records of concepts that are in no pair that may leave."""
    left = good.semi_join(idle, good.concept == idle["of"])
    return _one(LEFT, left.aggregate(records=left.count(), persons=left.person.nunique()).to_polars())


def _one(fate: str, counted: pl.DataFrame) -> pl.DataFrame:
    empty = [pl.lit(None, dtype=pl.String).alias(name) for name in ("file", "column", "reason")]
    return counted.select(
        pl.lit(fate).alias("fate"), *empty, *(pl.col(c).fill_null(0).cast(pl.Int64) for c in ("records", "persons"))
    )


def large_enough(groups: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Pool what is too small. `groups`: fate, file, column, reason, records, persons.

    `persons` of the pool is at least that of its largest part, which is all that is asked of it.
    Raises DataError where all groups together are of too few persons.
    """
    groups = groups.filter(pl.col("records") > 0)
    small = (pl.col("persons") < minimum) & (pl.col("fate") != LEFT)
    pool = groups.filter(small | (pl.col("fate") == LEFT))
    large = groups.filter(~small & (pl.col("fate") != LEFT))
    if pool.is_empty():
        return large
    records, persons = int(pool["records"].sum()), int(pool["persons"].max())  # type: ignore[arg-type]
    if persons >= minimum:
        left = pl.DataFrame(
            {"fate": [LEFT], "records": [records], "persons": [persons]}, schema_overrides=groups.schema
        )
        return pl.concat([large, left], how="diagonal")
    if large.is_empty():
        raise DataError(
            f"records of fewer than {minimum} persons: nothing may be kept of them",
            next_step="lower `minimum` only if you are allowed to",
        )
    # The loaded before the merged before the refused: a few more records in a large number of them say nothing.
    order = pl.col("fate").cast(pl.Enum([LOADED, MERGED, REFUSED]))
    large = large.sort(order, -pl.col("persons"), maintain_order=True)
    takes = pl.int_range(pl.len()) == 0
    return large.with_columns(pl.col("records") + pl.when(takes).then(records).otherwise(0))
