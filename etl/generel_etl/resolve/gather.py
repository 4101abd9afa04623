"""Collect the staged tables of all sources, in the order of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.config import SourceConfig
from generel_etl.errors import DataError
from generel_etl.resolve.result import StagedSource
from generel_etl.schema import CONDITIONS, ENDPOINT_COLUMNS, Concepts, Snps

CONDITION = "Condition"  # the class of the kinds that count as one
UNKNOWN = "Concept"  # the kind that matches every other kind

# The type of the index of a source in the configuration. The "first source" is the one with the smallest index.
SRC = pl.UInt32
# Edges that do not count as a mention of their endpoints.
CONDITIONAL = pl.col("load_if_mentioned") | pl.col("keep_staged")


@dataclass(frozen=True, slots=True)
class StagedTables:
    """The rows of all sources with `src`, the index of their source in the configuration.

    Rows that are loaded only if mentioned stay on disk. Edges have no columns that are empty in their source.
    """

    sources: tuple[SourceConfig, ...]
    stages: tuple[StagedSource, ...]
    concepts: pl.DataFrame
    snps: pl.DataFrame  # without those of SNP lists
    edges: tuple[pl.DataFrame, ...]  # one table for each source, without CONDITIONAL edges


def gather(stages: Sequence[StagedSource], sources: Sequence[SourceConfig]) -> StagedTables:
    """Collect the tables of every source; `stages` may have any order.

    Raises DataError for a source of the configuration that is not staged.
    """
    by_name = {stage.name: stage for stage in stages}
    for source in sources:
        if source.name not in by_name:
            raise DataError("this source is not staged", where=f"sources.{source.name}", valid=sorted(by_name))
    ordered = tuple(by_name[source.name] for source in sources)
    concepts = [_with_src(stage.concepts().collect(), src) for src, stage in enumerate(ordered)]
    firm_snps = [stage.snps().filter(~pl.col("load_if_mentioned")).collect() for stage in ordered]
    snps = [_with_src(table, src) for src, table in enumerate(firm_snps)]
    return StagedTables(
        sources=tuple(sources),
        stages=ordered,
        concepts=pl.concat([_with_src(Concepts.create_empty(), 0), *concepts]),
        snps=pl.concat([_with_src(Snps.create_empty(), 0), *snps]),
        edges=tuple(collect_edges(stage.edges().filter(~CONDITIONAL)) for stage in ordered),
    )


def collect_edges(edges: pl.LazyFrame) -> pl.DataFrame:
    """Collect edges without empty property columns, which are most of a large table.

    Empty texts and NaN become null, and −0.0 becomes 0.0, as in the canonical form of digests.
    """
    required = ["row", "type", *ENDPOINT_COLUMNS, "weight", "flags"]
    counts = edges.select(pl.all().exclude(*required, "load_if_mentioned", "keep_staged").count()).collect()
    filled = [name for name in counts.columns if counts[name][0]]
    text = pl.col(pl.String)
    return (
        edges.select(*required, *filled)
        .with_columns(pl.when(text.str.len_bytes() > 0).then(text).name.keep(), pl.col(pl.Float64).fill_nan(None) + 0.0)
        .collect()
    )


def kind_class(kind: str = "kind") -> pl.Expr:
    """The class of a kind: concepts of one class can be equivalent and share names."""
    return pl.when(pl.col(kind).is_in(CONDITIONS)).then(pl.lit(CONDITION)).otherwise(pl.col(kind))


def prefix(column: str) -> pl.Expr:
    """The prefix of a CURIE."""
    return pl.col(column).str.extract(r"^([^:]*):", 1)


def _with_src(frame: pl.DataFrame, src: int) -> pl.DataFrame:
    return frame.select(pl.lit(src, dtype=SRC).alias("src"), pl.all())
