"""Second step of `resolve`: link every mention to its node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.endpoints import EdgeBatch, index_endpoints
from generel_etl.resolve.gather import CONDITIONAL, SRC, StagedTables, collect_edges
from generel_etl.resolve.mentions import (
    MentionTargets,
    build_index,
    concept_mentions,
    look_up_targets,
    resolve_mentions,
)
from generel_etl.resolve.snps import current_id, renamed_snps
from generel_etl.resolve.vocabulary import Vocabulary

_SIDES = ("start", "end")


@dataclass(frozen=True, slots=True)
class LinkedMentions:
    """All mentions with their nodes.

    `renamed`: id, target, method, of SNPs that have another id. `records`: mentions that are rows of `Concepts`.
    `concepts`: all mentions of concepts, with target and method. `endpoints`: for each batch, target and method of
    its endpoints. `unmentioned`: for each source, the rows of conditional edges that are not loaded.
    """

    renamed: pl.DataFrame
    records: pl.DataFrame
    concepts: pl.DataFrame
    batches: tuple[EdgeBatch, ...]
    endpoints: tuple[pl.DataFrame, ...]
    unmentioned: tuple[pl.DataFrame, ...]


def link_mentions(tables: StagedTables, vocabulary: Vocabulary, edges: tuple[pl.DataFrame, ...]) -> LinkedMentions:
    """Link the endpoints of `edges` (one table for each source) and of the conditional edges to load."""
    renamed = renamed_snps(tables)
    firm = [index_endpoints(table, src) for src, table in enumerate(edges)]
    mentioned = mentioned_snps(tables, firm, renamed)
    conditional = [mentioned_edges(tables, src, mentioned, renamed) for src in range(len(tables.sources))]
    batches = (*firm, *(index_endpoints(table, src) for src, (table, _) in enumerate(conditional) if table.height))
    records = tables.concepts.filter(~pl.col("defined"))
    index = build_index(
        tables.concepts, vocabulary.terms, vocabulary.clusters_of_nodes(), vocabulary.equivalence.cross_references
    )
    concepts = concept_mentions(records, batches)
    targets = resolve_mentions(concepts, records, vocabulary.terms, index, [source.name for source in tables.sources])
    return LinkedMentions(
        renamed=renamed,
        records=records,
        concepts=concepts.hstack(look_up_targets(concepts, targets)),
        batches=batches,
        endpoints=tuple(_endpoint_targets(batch, targets, renamed) for batch in batches),
        unmentioned=tuple(rows for _, rows in conditional),
    )


def _endpoint_targets(batch: EdgeBatch, targets: MentionTargets, renamed: pl.DataFrame) -> pl.DataFrame:
    """Target and method of each endpoint of a batch; the target of an SNP is its current id."""
    endpoints = batch.endpoints
    concept_targets = look_up_targets(endpoints.with_columns(src=pl.lit(batch.src, dtype=SRC)), targets)
    is_snp = endpoints["kind"] == "SNP"
    if not is_snp.any():
        return concept_targets
    snps = endpoints.select("id").join(renamed, on="id", how="left", maintain_order="left")
    snps = snps.with_columns(
        pl.coalesce("target", "id").alias("target"),
        method=pl.when(pl.col("id").is_not_null()).then(pl.coalesce("method", pl.lit("id"))),
    )
    return concept_targets.select(
        pl.when(is_snp).then(snps[c]).otherwise(pl.col(c)).alias(c) for c in ("target", "method")
    )


def mentioned_snps(tables: StagedTables, batches: Sequence[EdgeBatch], renamed: pl.DataFrame) -> pl.DataFrame:
    """The SNPs that unconditional rows mention, with the sources that mention them: id, src."""
    mentions = [tables.snps.select("id", "src")]
    for batch in batches:
        snps = batch.endpoints.filter(pl.col("kind") == "SNP")
        mentions.append(snps.select("id", pl.lit(batch.src, dtype=SRC).alias("src")))
    return pl.concat(mentions).drop_nulls().select(current_id("id", renamed).alias("id"), "src").unique()


def mentioned_edges(
    tables: StagedTables, src: int, mentioned: pl.DataFrame, renamed: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The conditional edges of one source to load, and the rows of the others.

    An edge is loaded if other sources mention each of its SNPs (`mentioned`: id, src) and its source's configuration
    does not exclude it (`keep_staged`). Edges between concepts pass; whether their endpoints are nodes is decided
    later.
    """
    edges = tables.stages[src].edges().filter(CONDITIONAL)
    endpoint_ids = (f"{side}_{part}" for side in _SIDES for part in ("kind", "id"))
    narrow = edges.select("row", "keep_staged", *endpoint_ids).collect()
    if narrow.is_empty():
        return collect_edges(edges), narrow.select("row")
    by_others = mentioned.filter(pl.col("src") != src)["id"].unique().implode()
    is_loaded = narrow.select(
        pl.all_horizontal(
            ~pl.col("keep_staged"),
            *(
                (pl.col(f"{side}_kind") != "SNP") | current_id(f"{side}_id", renamed).is_in(by_others).fill_null(False)
                for side in _SIDES
            ),
        )
    ).to_series()
    loaded = edges.with_row_index("index").filter(pl.col("index").is_in(is_loaded.arg_true().implode())).drop("index")
    return collect_edges(loaded), narrow.filter(~is_loaded).select("row")
