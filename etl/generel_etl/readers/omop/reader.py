"""Co-occurrence of concepts in patients, from a database in the OMOP Common Data Model 5.x (through Ibis).

    [sources.hospital]
    reader = "omop"
    files = ["omop/*.csv.gz"]              # the model's tables, named in upper or lower case: CSV, .gz, Parquet, or a
    cohort = "Hospital"                    # DuckDB file. Tables that are not needed are ignored
    age_band = 10                          # years; year_band widens the strata of a small cohort
    window_days = 365                      # 0: no window

    [sources.biobank]
    reader = "omop"
    backend = "bigquery://project/dataset" # any Ibis backend; "$NAME" takes the URL from the environment
    files = ["CDM_SOURCE.csv"]             # an export of that table: when it changes, the database is read again

Needs `pip install "generel-graph[cohort]"`. Each pair of concepts gives one CO_OCCURS_WITH edge. `pairs.py` has the
formulas, `records.py` the rules for dates, and `concepts.py` the mapping of drugs to their ingredients. If the
vocabulary tables do not state the ingredients, the product itself is used and its edges have the flag `not_rolled_up`.

**What is published.** Aggregates only: the stage contains no person, no date, and no number of a person. A pair is
published only if each cell of its two-by-two table has at least `minimum` persons. The table's margins and the strata
are not stored. Numbers are rounded (expected counts to three digits, logarithms to three decimals), so that margins and
strata cannot be computed from the last digits. Two releases of one cohort (with another window, `minimum` or month) can
be subtracted from each other; whoever publishes them must consider this.

**Rows** are records of the fact tables. They are counted in groups with the same outcome (`RowMultiplicities`), of at
least `minimum` persons each. *Loaded* records make a person count for a concept of a published pair. *Merged* records
are the person's further records of it. *Rejected* records are invalid (reported with table, column, reason and number,
never a value). *Staged* records are all others: their concept is in no published pair, or too few persons have the same
problem.
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
from generel_etl.readers.omop.groups import LOADED, MERGED, REJECTED, group_records, large_enough
from generel_etl.readers.omop.pairs import count_pairs, expected_counts, first_days, frequent_terms, publishable_pairs
from generel_etl.readers.omop.records import assign_strata, choose_fact_tables, last_day, persons, read_records
from generel_etl.schema import Concepts, Edges, Rejects, RowMultiplicities, Tables, conform
from generel_etl.weights import FORMULAS, PSEUDO_COUNT, flag_list, shrunken_ppmi

STRATA = ("age", "sex", "year")
_DIGITS = 3  # digits of published numbers


@dataclass(frozen=True, slots=True)
class OmopOptions:
    """The keys of a source with `reader = "omop"`."""

    backend: str = DUCKDB  # an Ibis URL; "$NAME" takes it from the environment
    database: str = ""  # schema or data set of the backend, if the URL does not state it
    cohort: str = ""  # name of the cohort on edges; default: the source's name
    domains: tuple[str, ...] = ()  # Condition, Drug, Measurement, Observation; default: the first two
    minimum: int = 11  # smallest number of persons in a cell of a table and in a group of records
    window_days: int | None = None  # largest distance of the first records of two concepts; 0 or unset: no limit
    strata: tuple[str, ...] = STRATA  # age, sex and year, or some of them
    age_band: int = 10  # width of the strata by age at the first record, in years
    year_band: int = 1  # width of the strata by year of the first record, in years
    until: date | None = None  # later records are rejected; default: the date of CDM_SOURCE, else today
    prefixes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # further vocabulary_id → prefix


def read(files: SourceFiles, options: OmopOptions) -> Tables:
    """Count pairs of concepts in persons into edges, their concepts as mentions, and rejects.

    Layout: tables of OHDSI's OMOP Common Data Model 5.x, as files or in a database: PERSON, CONCEPT,
    CONDITION_OCCURRENCE, DRUG_EXPOSURE and the others of `cdm.TABLES`, which lists their columns. Source of the format:
    https://ohdsi.github.io/CommonDataModel/cdm54.html

    Raises ConfigError for invalid options, DataError for invalid files or tables; no message has a value of a person.
    """
    _check(options, files.where)
    with open_cdm(files, options.backend, options.database) as cdm:
        try:
            return _read(cdm, files, options)
        except GenerelError:
            raise
        except Exception as error:  # the engine's message may contain values
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
            raise ConfigError("unknown stratum", where=f"{where}.strata", found=name, valid=STRATA)


def _read(cdm: Cdm, files: SourceFiles, options: OmopOptions) -> Tables:
    facts = choose_fact_tables(cdm, options.domains, files.where)
    people = cdm.materialise(persons(cdm))
    records = cdm.materialise(read_records(cdm, facts, people, last_day(cdm, options.until)))
    used = records.filter(records.problem.isnull()).select("concept").distinct().to_polars()
    prefixes = {str(k): str(v) for k, v in options.prefixes.items()}
    terms = name_concepts(cdm, used, options.domains or tuple(facts), prefixes)
    strata = cdm.materialise(assign_strata(cdm, records, people, options.strata, options.age_band, options.year_band))
    pairs = _pairs(cdm, records, terms, strata, options)
    published = pl.concat([pairs["one"], pairs["two"]]).unique()
    groups = large_enough(group_records(cdm, records, terms, published, tuple(facts.values())), options.minimum)
    return _tables(groups, pairs, terms.terms, options.cohort or files.source.name)


def _pairs(cdm: Cdm, records: Any, terms: ConceptTerms, strata: Any, options: OmopOptions) -> pl.DataFrame:
    """The published pairs: one, two, count, expected, without."""
    days = cdm.materialise(frequent_terms(first_days(records, cdm.local(terms.links)), strata, options.minimum))
    counted = cdm.materialise(count_pairs(days, options.window_days))
    publishable = cdm.materialise(publishable_pairs(counted, strata, options.minimum))
    pairs: pl.DataFrame = expected_counts(days, strata, counted, publishable, options.window_days).to_polars()
    return pairs.sort("one", "two")


def _tables(groups: pl.DataFrame, pairs: pl.DataFrame, terms: pl.DataFrame, cohort: str) -> Tables:
    groups = groups.with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    row_of = dict(groups.filter(pl.col("outcome").is_in([LOADED, MERGED])).select("outcome", "row").rows())
    rejected = groups.filter(pl.col("outcome") == REJECTED)
    rejects = rejected.select(
        "row", "file", pl.lit(1).alias("line"), "column", pl.format("{} records", "records").alias("found"), "reason"
    )
    tables = Tables(
        rows_read=int(groups["records"].sum()),
        rejects=conform(rejects, Rejects),
        multiplicities=conform(groups.select("row", rows="records"), RowMultiplicities),
    )
    if pairs.is_empty():
        return tables
    published = terms.filter(pl.col("term").is_in(pl.concat([pairs["one"], pairs["two"]]).implode())).sort("id")
    concepts = [published.with_columns(pl.lit(row_of[LOADED]).alias("row"))]
    if MERGED in row_of:  # repeats the first concept, so that the merged records have a record
        concepts.append(published.head(1).with_columns(pl.lit(row_of[MERGED]).alias("row")))
    edges = _edges(pairs, terms, cohort).with_columns(pl.lit(row_of[LOADED]).alias("row"))
    return replace(tables, concepts=conform(pl.concat(concepts), Concepts), edges=conform(edges, Edges))


def _edges(pairs: pl.DataFrame, terms: pl.DataFrame, cohort: str) -> pl.DataFrame:
    for side, term in (("start", "one"), ("end", "two")):
        endpoint = terms.select(
            pl.col("term").alias(term),
            *(pl.col(what).alias(f"{side}_{what}") for what in ("id", "kind", "name")),
            pl.col("rolled_up").alias(f"{side}_rolled_up"),
        )
        pairs = pairs.join(endpoint, on=term, how="left")
    formula = FORMULAS["co_occurrence"]
    concordant = (pl.col("without") + pl.col("count") - pl.col("expected")).clip(lower_bound=0)
    rolled_up = pl.all_horizontal("start_rolled_up", "end_rolled_up")
    return (
        pairs.with_columns(
            ((concordant + PSEUDO_COUNT) / (pl.col("without") + PSEUDO_COUNT))
            .log()
            .round(_DIGITS)
            .alias("log_odds_ratio"),
            # The last digits of a sum of floats depend on the order; they are removed before rounding.
            pl.col("expected").round(9).round_sig_figs(_DIGITS),
        )
        .with_columns(shrunken_ppmi(pl.col("count"), pl.col("expected")).round(_DIGITS).alias("ppmi"))
        .with_columns(
            formula.weight().alias("weight"),
            pl.concat_list(formula.flags(), flag_list(**{NOT_ROLLED_UP: ~rolled_up})).alias("flags"),
            pl.lit("CO_OCCURS_WITH").alias("type"),
            pl.lit(cohort).alias("cohort"),
        )
        .sort("start_id", "end_id")
    )


READER = Reader("omop", 2, OmopOptions, read)
