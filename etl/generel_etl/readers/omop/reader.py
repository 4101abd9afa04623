"""Which concepts patients have together: a database in the OMOP Common Data Model 5.x, through Ibis.

    [sources.hospital]
    reader = "omop"
    files = ["omop/*.csv.gz"]              # the model's tables, by their names in any case; CSV, .gz, Parquet, or a
    cohort = "Hospital"                    # DuckDB file. Tables that are not needed are passed over
    age_band = 10                          # years; year_band widens the strata of a small cohort
    window_days = 365                      # 0: ever

    [sources.biobank]
    reader = "omop"
    backend = "bigquery://project/dataset" # any of Ibis' backends; "$NAME" takes the URL from the environment
    files = ["CDM_SOURCE.csv"]             # an export of that table: when it changes, the database is read again

Needs `pip install "generel-graph[cohort]"`. Each pair of concepts gives one CO_OCCURS_WITH edge; `pairs` has the
formulas, `records` the rules for dates, `concepts` how drugs are led to their ingredients (where the vocabulary tables
do not say, the product stands for itself and its edges have the flag `not_rolled_up`).

**What leaves.** Aggregates only: no person, date, or number of a person is in the stage. A pair is published only if
each cell of its two-by-two table has at least `minimum` persons. The table's margins and the strata are not stored, and
numbers are rounded (expected to three digits, logarithms to three decimals), so that they cannot be worked out from
last digits. Two releases of one cohort (another window, `minimum` or month) can be subtracted from each other: that is
for who publishes them to weigh.

**Rows** are records of the tables of facts. They are counted in groups of one fate (`RowMultiplicities`), of at least
`minimum` persons each: *loaded* are those that made a person count for a concept of a published pair, *merged* the
person's further records of it, *rejected* those that cannot be (with table, column, reason and number, never a value),
*staged* the rest: their concept is in no pair that may leave, or too few persons share what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

import polars as pl

from generel_etl.errors import ConfigError, DataError, GenerelError
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.omop.cdm import DUCKDB, Cdm, open_cdm
from generel_etl.readers.omop.concepts import NOT_ROLLED_UP, ConceptTerms, name_concepts
from generel_etl.readers.omop.groups import LOADED, MERGED, REFUSED, group_records, large_enough
from generel_etl.readers.omop.pairs import count_pairs, expected, first_days, may_leave, occurrences
from generel_etl.readers.omop.records import choose_facts, last_day, persons, read_records, strata
from generel_etl.schema import Concepts, Edges, Rejects, RowMultiplicities, Tables, conform
from generel_etl.weights import FORMULAS, PSEUDO_COUNT, flag_list, shrunken_ppmi

STRATA = ("age", "sex", "year")
_DIGITS = 3  # of published numbers


@dataclass(frozen=True, slots=True)
class OmopOptions:
    """The keys of a source that is read as OMOP."""

    backend: str = DUCKDB  # an Ibis URL; "$NAME" reads it from the environment
    database: str = ""  # the backend's schema or data set, where the URL does not say
    cohort: str = ""  # as edges name it; default: the source's name
    domains: tuple[str, ...] = ()  # Condition, Drug, Measurement, Observation; default: the first two
    minimum: int = 11  # persons, of every cell and of every group of records
    window_days: int | None = None  # of two first records; 0 or none: ever
    strata: tuple[str, ...] = STRATA
    age_band: int = 10  # years of age at the first record
    year_band: int = 1  # years, of the first record
    until: date | None = None  # later records cannot be; default: the date of CDM_SOURCE, else today
    prefixes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # vocabulary_id → prefix


def read(files: SourceFiles, options: OmopOptions) -> Tables:
    """Count pairs of concepts in persons; raises ConfigError or DataError, never with a value of a person."""
    _check(options, files.where)
    with open_cdm(files, options.backend, options.database) as cdm:
        try:
            return _read(cdm, files, options)
        except GenerelError:
            raise
        except Exception as error:  # an engine's message may hold values
            raise DataError(f"the database failed: {type(error).__name__}", where=files.where) from None


def _check(options: OmopOptions, where: str) -> None:
    for key, smallest in (("minimum", 1), ("age_band", 1), ("year_band", 1)):
        if getattr(options, key) < smallest:
            raise ConfigError(
                "too small", where=f"{where}.{key}", found=getattr(options, key), valid=(f"≥ {smallest}",)
            )
    if (options.window_days or 0) < 0:
        raise ConfigError("too small", where=f"{where}.window_days", found=options.window_days, valid=("≥ 0",))
    for name in options.strata:
        if name not in STRATA:
            raise ConfigError("no such stratum", where=f"{where}.strata", found=name, valid=STRATA)


def _read(cdm: Cdm, files: SourceFiles, options: OmopOptions) -> Tables:
    facts = choose_facts(cdm, options.domains, files.where)
    people = cdm.keep(persons(cdm))
    records = cdm.keep(read_records(cdm, facts, people, last_day(cdm, options.until)))
    used = records.filter(records.trouble.isnull()).select("concept").distinct().to_polars()
    prefixes = {str(k): str(v) for k, v in options.prefixes.items()}
    terms = name_concepts(cdm, used, options.domains or tuple(facts), prefixes)
    seen = cdm.keep(strata(cdm, records, people, options.strata, options.age_band, options.year_band))
    pairs = _pairs(cdm, records, terms, seen, options)
    published = pl.concat([pairs["one"], pairs["two"]]).unique()
    groups = large_enough(group_records(cdm, records, terms, published, tuple(facts.values())), options.minimum)
    return _tables(groups, pairs, terms.terms, options.cohort or files.source.name)


def _pairs(cdm: Cdm, records: Any, terms: ConceptTerms, seen: Any, options: OmopOptions) -> pl.DataFrame:
    """The pairs that may leave: one, two, count, expected, without."""
    met = cdm.keep(occurrences(first_days(records, cdm.local(terms.links)), seen, options.minimum))
    counted = cdm.keep(count_pairs(met, seen, options.window_days))
    leaving = cdm.keep(may_leave(counted, seen, options.minimum))
    pairs: pl.DataFrame = expected(met, seen, counted, leaving, options.window_days).to_polars()
    return pairs.sort("one", "two")


def _tables(groups: pl.DataFrame, pairs: pl.DataFrame, terms: pl.DataFrame, cohort: str) -> Tables:
    groups = groups.with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    at = dict(groups.filter(pl.col("fate").is_in([LOADED, MERGED])).select("fate", "row").rows())
    refused = groups.filter(pl.col("fate") == REFUSED)
    rejects = refused.select(
        "row", "file", pl.lit(1).alias("line"), "column", pl.format("{} records", "records").alias("found"), "reason"
    )
    counts = Tables(
        rows_read=int(groups["records"].sum()),
        rejects=conform(rejects, Rejects),
        multiplicities=conform(groups.select("row", rows="records"), RowMultiplicities),
    )
    if pairs.is_empty():
        return counts
    named = terms.filter(pl.col("term").is_in(pl.concat([pairs["one"], pairs["two"]]).implode())).sort("id")
    concepts = [named.with_columns(pl.lit(at[LOADED]).alias("row"))]
    if MERGED in at:  # says again what the first row says
        concepts.append(named.head(1).with_columns(pl.lit(at[MERGED]).alias("row")))
    edges = _edges(pairs, terms, cohort).with_columns(pl.lit(at[LOADED]).alias("row"))
    return replace(counts, concepts=conform(pl.concat(concepts), Concepts), edges=conform(edges, Edges))


def _edges(pairs: pl.DataFrame, terms: pl.DataFrame, cohort: str) -> pl.DataFrame:
    for side, term in (("start", "one"), ("end", "two")):
        about = terms.select(
            pl.col("term").alias(term),
            *(pl.col(what).alias(f"{side}_{what}") for what in ("id", "kind", "name")),
            pl.col("rolled_up").alias(f"{side}_rolled_up"),
        )
        pairs = pairs.join(about, on=term, how="left")
    formula = FORMULAS["co_occurrence"]
    with_chance = (pl.col("without") + pl.col("count") - pl.col("expected")).clip(lower_bound=0)
    whole = pl.all_horizontal("start_rolled_up", "end_rolled_up")
    return (
        pairs.with_columns(
            ((with_chance + PSEUDO_COUNT) / (pl.col("without") + PSEUDO_COUNT))
            .log()
            .round(_DIGITS)
            .alias("log_odds_ratio"),
            # Sums of floats differ in their last digits with the order; they are cut off before rounding.
            pl.col("expected").round(9).round_sig_figs(_DIGITS),
        )
        .with_columns(shrunken_ppmi(pl.col("count"), pl.col("expected")).round(_DIGITS).alias("ppmi"))
        .with_columns(
            formula.weight().alias("weight"),
            pl.concat_list(formula.flags(), flag_list(**{NOT_ROLLED_UP: ~whole})).alias("flags"),
            pl.lit("CO_OCCURS_WITH").alias("type"),
            pl.lit(cohort).alias("cohort"),
        )
        .sort("start_id", "end_id")
    )


READER = Reader("omop", 1, OmopOptions, read)
