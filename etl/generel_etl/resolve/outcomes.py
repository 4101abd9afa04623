"""Third step of `resolve`: the state of each edge, before keys and digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.counts import DANGLING, LOADED, MERGED, STAGED, STATE
from generel_etl.resolve.edges import connect_edges, dangling_endpoints
from generel_etl.resolve.equivalence import INEXACT, STRENGTHS, Equivalence
from generel_etl.resolve.gather import SRC, StagedTables
from generel_etl.resolve.linking import LinkedMentions
from generel_etl.resolve.result import DANGLING_COLUMNS, RESOLUTION_METHODS
from generel_etl.resolve.terms import TermIndex, redirect
from generel_etl.resolve.vocabulary import Vocabulary, inactive_terms


@dataclass(frozen=True, slots=True)
class EdgeOutcomes:
    """The states of edges, and the concepts that are not loaded.

    `inactive`: ids of terms that are not loaded. `edges`: for each batch, its edges with start, end, resolved_by and
    state. `mappings`: for each source, its statements of equivalence with their state. `dangling`: for each source,
    DANGLING_COLUMNS. `staged_rows`: src, row, of rows that have edges of which none is loaded; their records make no
    nodes either.
    """

    inactive: pl.Series
    edges: tuple[pl.DataFrame, ...]
    mappings: tuple[pl.DataFrame, ...]
    dangling: tuple[pl.DataFrame, ...]
    staged_rows: pl.DataFrame


def decide_outcomes(tables: StagedTables, vocabulary: Vocabulary, mentions: LinkedMentions) -> EdgeOutcomes:
    """Connect all edges to nodes and decide their states: an edge between nodes is loaded, others dangle or stay."""
    inactive = inactive_terms(vocabulary.terms, _mentioned_concepts(tables, mentions), _parents(mentions))
    batches = mentions.batches
    edges = tuple(
        connect_edges(batch, targets, inactive) for batch, targets in zip(batches, mentions.endpoints, strict=True)
    )
    mappings = tuple(
        mapping_states(rows, src, vocabulary.equivalence, vocabulary.terms, inactive)
        for src, rows in enumerate(vocabulary.mappings)
    )
    dangling, staged_rows = [], []
    for src, source in enumerate(tables.sources):
        of_source = [(b, e) for b, e in zip(batches, edges, strict=True) if b.src == src]
        parts = [dangling_endpoints(batch, connected) for batch, connected in of_source]
        parts += [_dangling_mappings(mappings[src]), _dangling_records(mentions.concepts, src)]
        every = pl.concat(parts).with_columns(pl.lit(source.name).alias("source"))
        dangling.append(every.select(*DANGLING_COLUMNS).sort("row", "type", "end", "id", "name"))
        connected_edges = [connected for _, connected in of_source]
        staged_rows.append(_staged_rows(connected_edges, mappings[src], mentions.unmentioned[src], src))
    return EdgeOutcomes(inactive, edges, mappings, tuple(dangling), pl.concat(staged_rows))


def _mentioned_concepts(tables: StagedTables, mentions: LinkedMentions) -> pl.DataFrame:
    """The concepts that each source mentions by other rows than conditional records: target, src."""
    conditional = tables.concepts.filter(~pl.col("defined") & pl.col("load_if_mentioned"))
    conditional = conditional.select("src", "row", record=pl.lit(True))
    unconditional = mentions.concepts.join(conditional, on=["src", "row", "record"], how="anti")
    return unconditional.select("target", "src").drop_nulls().unique()


def _parents(mentions: LinkedMentions) -> list[pl.DataFrame]:
    """Start and end of all IS_A edges."""
    parents = []
    for batch, targets in zip(mentions.batches, mentions.endpoints, strict=True):
        is_a = batch.edges.filter(pl.col("type") == "IS_A")
        sides = ("start", "end")
        parents.append(is_a.select(targets["target"].gather(is_a[f"{side}_endpoint"]).alias(side) for side in sides))
    return parents


def _staged_rows(
    edges: Sequence[pl.DataFrame], mappings: pl.DataFrame, unmentioned: pl.DataFrame, src: int
) -> pl.DataFrame:
    """The rows of one source that have edges, none of which is loaded."""
    states = pl.concat(
        [
            *(connected.select("row", "state") for connected in edges),
            mappings.select("row", "state"),
            unmentioned.with_columns(state=pl.lit(STAGED, dtype=STATE)),
        ]
    )
    not_loaded = states.filter(pl.col("state") >= STAGED).select("row").unique()
    loaded = states.filter(pl.col("state") < STAGED).select("row")
    return not_loaded.join(loaded, on="row", how="anti").select(pl.lit(src, dtype=SRC).alias("src"), "row")


def _dangling_mappings(mappings: pl.DataFrame) -> pl.DataFrame:
    same = pl.col("start_id") == pl.col("end_id")
    return mappings.filter(pl.col("state") == DANGLING).select(
        "row",
        "type",
        pl.when(same).then(pl.lit("both")).otherwise(pl.lit("end")).alias("end"),
        pl.col("end_id").alias("id"),
        pl.lit(None, dtype=pl.String).alias("name"),
        pl.lit(None, dtype=pl.String).alias("kind"),
        pl.when(same)
        .then(pl.lit("both endpoints are the same concept"))
        .otherwise(pl.lit("less than equivalent to an id that no source defines"))
        .alias("reason"),
    )


def _dangling_records(mentions: pl.DataFrame, src: int) -> pl.DataFrame:
    dangling = mentions.filter((pl.col("src") == src) & pl.col("record") & pl.col("target").is_null())
    return dangling.select(
        "row",
        pl.lit(None, dtype=pl.String).alias("type"),
        pl.lit(None, dtype=pl.String).alias("end"),
        "id",
        "name",
        "kind",
        pl.lit("no source defines the id, and there is no name").alias("reason"),
    )


CLUSTER_CONFLICT = "cluster_conflict"
_RELATIONS = {**dict(enumerate(STRENGTHS)), INEXACT: "inexact"}


def identity_edges(pairs: pl.DataFrame, left_out: pl.DataFrame, inactive: pl.Series) -> pl.DataFrame:
    """The SAME_AS and XREF edges of all sources: src, type, start, end, weight, flags, relation, resolved_by.

    Each edge belongs to the first source that states it. SAME_AS has weight 1, XREF has none. `relation` is the kind
    of evidence. Equivalences that were left out of the clusters are XREF edges with the flag `cluster_conflict`.
    """
    live = pairs.filter(~pl.any_horizontal(pl.col(c).is_in(inactive.implode()) for c in ("start", "end")))
    marked = left_out.select("start", "end", is_left_out=pl.lit(True))
    live = live.join(marked, on=["start", "end"], how="left", maintain_order="left").with_columns(
        pl.col("is_left_out").fill_null(False)
    )
    same = pl.col("same") & ~pl.col("is_left_out")
    return live.select(
        "src",
        pl.when(same).then(pl.lit("SAME_AS")).otherwise(pl.lit("XREF")).alias("type"),
        "start",
        "end",
        pl.when(same).then(1.0).alias("weight"),
        pl.when(pl.col("same") & pl.col("is_left_out"))
        .then(pl.lit([CLUSTER_CONFLICT]))
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
        .alias("flags"),
        pl.col("strength").replace_strict(_RELATIONS, return_dtype=pl.String).alias("relation"),
        pl.lit(RESOLUTION_METHODS.index("id"), dtype=pl.UInt8).alias("resolved_by"),
    )


def mapping_states(
    mappings: pl.DataFrame, src: int, equivalence: Equivalence, terms: TermIndex, inactive: pl.Series
) -> pl.DataFrame:
    """The states of the rows of one source that state an equivalence: row, type, start_id, end_id, state.

    LOADED: the first statement of a pair of defined concepts, or of a cross-reference of a defined concept to an id
    that no source defines. MERGED: this or an earlier source already stated it. STAGED: an endpoint is not loaded.
    DANGLING: both endpoints are the same concept, or the row states less than equivalence to an undefined id.
    """
    rows = mappings.select("row", "type", "start_id", "end_id")
    for column in ("start_id", "end_id"):
        rows = redirect(rows, column, terms)
    first_pair = equivalence.pairs.select("start", "end", pair_src="src", pair_row="row")
    rows = rows.with_columns(
        start=pl.min_horizontal("start_id", "end_id"), end=pl.max_horizontal("start_id", "end_id")
    ).join(first_pair, on=["start", "end"], how="left", maintain_order="left")
    listed = (
        equivalence.cross_references.sort("src", "row")
        .unique(["id", "other"], keep="first", maintain_order=True)
        .select("id", "other", list_src="src", list_row="row")
    )
    for a, b, suffix in (("start_id", "end_id", ""), ("end_id", "start_id", "_back")):
        rows = rows.join(
            listed, left_on=[a, b], right_on=["id", "other"], how="left", suffix=suffix, maintain_order="left"
        )
    first_src = pl.coalesce("pair_src", "list_src", "list_src_back")
    first_row = pl.coalesce("pair_row", "list_row", "list_row_back")
    not_loaded = pl.any_horizontal(pl.col(c).is_in(inactive.implode()) for c in ("start", "end"))
    repeat = pl.struct("start", "end").is_first_distinct().not_()
    state = (
        pl.when((pl.col("start") == pl.col("end")) | first_src.is_null())
        .then(DANGLING)
        .when(not_loaded)
        .then(STAGED)
        .when((first_src == src) & (first_row == pl.col("row")) & ~repeat)
        .then(LOADED)
        .otherwise(MERGED)
    )
    return rows.select("row", "type", "start_id", "end_id", state.cast(STATE).alias("state"))
