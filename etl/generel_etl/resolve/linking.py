"""Second step: every mention, led to its node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.ends import Batch, take_ends
from generel_etl.resolve.gather import SRC, WAITS, StagedTables, with_values
from generel_etl.resolve.mentions import MentionTargets, find_homes, index_terms, look_up, seen_concepts
from generel_etl.resolve.snps import known_as, renamed_snps
from generel_etl.resolve.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class LinkedMentions:
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


def find(gathered: StagedTables, known: Vocabulary, edges: tuple[pl.DataFrame, ...]) -> LinkedMentions:
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
    return LinkedMentions(
        renamed=renamed,
        records=records,
        seen=seen.hstack(look_up(seen, homes)),
        batches=batches,
        ends=tuple(_lead(batch, homes, renamed) for batch in batches),
        uncalled=tuple(rows for _, rows in called),
    )


def _lead(batch: Batch, homes: MentionTargets, renamed: pl.DataFrame) -> pl.DataFrame:
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


_SIDES = ("start", "end")


def named_snps(gathered: StagedTables, batches: Sequence[Batch], renamed: pl.DataFrame) -> pl.DataFrame:
    """SNPs and the sources that name them by rows which do not wait: id, src."""
    parts = [gathered.snps.select("id", "src")]
    for batch in batches:
        snps = batch.ends.filter(pl.col("kind") == "SNP")
        parts.append(snps.select("id", pl.lit(batch.src, dtype=SRC).alias("src")))
    return pl.concat(parts).drop_nulls().select(known_as("id", renamed).alias("id"), "src").unique()


def edges_called_for(
    gathered: StagedTables, at: int, named: pl.DataFrame, renamed: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of one source's edges that wait: those whose every SNP another source names, and the others' rows.

    An edge between concepts is always called for: whether its ends are nodes is seen later. One that its
    source's configuration keeps in the stage never is.
    """
    edges = gathered.stages[at].edges().filter(WAITS)
    light = edges.select(
        "row", "keep_staged", *(f"{side}_{part}" for side in _SIDES for part in ("kind", "id"))
    ).collect()
    if light.is_empty():
        return with_values(edges), light.select("row")
    elsewhere = named.filter(pl.col("src") != at)["id"].unique().implode()
    called = light.select(
        pl.all_horizontal(
            ~pl.col("keep_staged"),
            *(
                (pl.col(f"{side}_kind") != "SNP") | known_as(f"{side}_id", renamed).is_in(elsewhere).fill_null(False)
                for side in _SIDES
            ),
        )
    ).to_series()
    chosen = edges.with_row_index("at").filter(pl.col("at").is_in(called.arg_true().implode())).drop("at")
    return with_values(chosen), light.filter(~called).select("row")
