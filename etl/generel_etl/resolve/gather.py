"""The staged tables of all sources, side by side in the order of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.config import SourceConfig
from generel_etl.errors import DataError
from generel_etl.resolve.result import StagedSource
from generel_etl.schema import CONDITIONS, Concepts, Snps

CONDITION = "Condition"  # the class of kinds that count as one
UNKNOWN = "Concept"  # the kind that goes with any

# Of the configuration: a source's place in it. "First source" always means the smallest.
SRC = pl.UInt32
WAITS = pl.col("load_if_mentioned") | pl.col("keep_staged")  # an edge that does not name its ends by itself
_ENDS = tuple(f"{side}_{part}" for side in ("start", "end") for part in ("id", "kind", "name"))


@dataclass(frozen=True, slots=True)
class StagedTables:
    """All sources' rows with `src`, the source's place in the configuration.

    Rows that stay in the stage unless something names them are left there as lazy frames; of edges, columns
    that a source has no value in are left out.
    """

    sources: tuple[SourceConfig, ...]
    stages: tuple[StagedSource, ...]
    concepts: pl.DataFrame
    snps: pl.DataFrame  # those that make nodes by themselves
    edges: tuple[pl.DataFrame, ...]  # one a source, without those that wait


def gather(stages: Sequence[StagedSource], sources: Sequence[SourceConfig]) -> StagedTables:
    """Read what every source makes of its files; `stages` may come in any order.

    Raises DataError for a source of the configuration that has not been staged.
    """
    by_name = {stage.name: stage for stage in stages}
    for source in sources:
        if source.name not in by_name:
            raise DataError("this source has not been staged", where=f"sources.{source.name}", valid=sorted(by_name))
    ordered = tuple(by_name[source.name] for source in sources)
    concepts = [_numbered(stage.concepts().collect(), at) for at, stage in enumerate(ordered)]
    snps = [
        _numbered(stage.snps().filter(~pl.col("load_if_mentioned")).collect(), at) for at, stage in enumerate(ordered)
    ]
    return StagedTables(
        sources=tuple(sources),
        stages=ordered,
        concepts=pl.concat([_numbered(Concepts.create_empty(), 0), *concepts]),
        snps=pl.concat([_numbered(Snps.create_empty(), 0), *snps]),
        edges=tuple(with_values(stage.edges().filter(~WAITS)) for stage in ordered),
    )


def with_values(edges: pl.LazyFrame) -> pl.DataFrame:
    """Collect edges without the properties that none of them has: null columns are most of a large table.

    What is stored as nothing is nothing from here on: empty texts and NaN are null, and -0.0 is 0.0.
    """
    always = ["row", "type", *_ENDS, "weight", "flags"]
    counts = edges.select(pl.all().exclude(*always, "load_if_mentioned", "keep_staged").count()).collect()
    valued = [name for name in counts.columns if counts[name][0]]
    text = pl.col(pl.String)
    return (
        edges.select(*always, *valued)
        .with_columns(pl.when(text.str.len_bytes() > 0).then(text).name.keep(), pl.col(pl.Float64).fill_nan(None) + 0.0)
        .collect()
    )


def kind_class(kind: str = "kind") -> pl.Expr:
    """The class that a kind belongs to, where equivalence and names are concerned."""
    return pl.when(pl.col(kind).is_in(CONDITIONS)).then(pl.lit(CONDITION)).otherwise(pl.col(kind))


def prefix(column: str) -> pl.Expr:
    """The vocabulary of a CURIE."""
    return pl.col(column).str.extract(r"^([^:]*):", 1)


def _numbered(frame: pl.DataFrame, at: int) -> pl.DataFrame:
    return frame.select(pl.lit(at, dtype=SRC).alias("src"), pl.all())
