"""Second step: every mention, led to its node."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.ends import Batch, take_ends
from generel_etl.resolve.gather import Gathered
from generel_etl.resolve.known import Known
from generel_etl.resolve.mentions import Homes, find_homes, index_terms, look_up, seen_concepts
from generel_etl.resolve.snps import renamed_snps
from generel_etl.resolve.waiting import edges_called_for, named_snps


@dataclass(frozen=True, slots=True)
class Found:
    """Where mentions lead.

    `renamed`: id, target, way, of SNPs that are known by another id. `records`: mentions that are rows of
    Concepts. `seen`: all mentions of concepts with target and way. `ends`: target and way of the ends of each batch.
    `uncalled`: of each source, the rows of edges that stay in the stage.
    """

    renamed: pl.DataFrame
    records: pl.DataFrame
    seen: pl.DataFrame
    batches: tuple[Batch, ...]
    ends: tuple[pl.DataFrame, ...]
    uncalled: tuple[pl.DataFrame, ...]


def find(gathered: Gathered, known: Known, edges: tuple[pl.DataFrame, ...]) -> Found:
    """Lead all ends of `edges` (a table a source), and of edges on mention that are called for, to nodes."""
    renamed = renamed_snps(gathered)
    firm = [take_ends(table, at) for at, table in enumerate(edges)]
    named = named_snps(gathered, firm, renamed)
    called = [edges_called_for(gathered, at, named, renamed) for at in range(len(gathered.sources))]
    batches = (*firm, *(take_ends(table, at) for at, (table, _) in enumerate(called) if table.height))
    records = gathered.concepts.filter(~pl.col("defined"))
    index = index_terms(gathered.concepts, known.terms, known.cluster(), known.equivalence.listed)
    seen = seen_concepts(records, batches)
    homes = find_homes(seen, records, known.terms, index, [source.name for source in gathered.sources])
    return Found(
        renamed=renamed,
        records=records,
        seen=seen.hstack(look_up(seen, homes)),
        batches=batches,
        ends=tuple(_lead(batch, homes, renamed) for batch in batches),
        uncalled=tuple(rows for _, rows in called),
    )


def _lead(batch: Batch, homes: Homes, renamed: pl.DataFrame) -> pl.DataFrame:
    """Target and way of each end of a batch; an SNP is its own target, or what it is renamed to."""
    led = look_up(batch.ends.with_columns(src=pl.lit(batch.src, dtype=pl.UInt32)), homes)
    is_snp = batch.ends["kind"] == "SNP"
    if not is_snp.any():
        return led
    snps = batch.ends.select("id").join(renamed, on="id", how="left", maintain_order="left")
    snps = snps.with_columns(
        pl.coalesce("target", "id").alias("target"),
        way=pl.when(pl.col("id").is_not_null()).then(pl.coalesce("way", pl.lit("id"))),
    )
    return led.select(pl.when(is_snp).then(snps[c]).otherwise(pl.col(c)).alias(c) for c in ("target", "way"))
