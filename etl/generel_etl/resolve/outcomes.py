"""Third step: what becomes of each edge, before keys and digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.counts import DANGLING, LOADED, MERGED, STAGED, STATE
from generel_etl.resolve.edges import dangling, place
from generel_etl.resolve.equivalence import INEXACT, STRENGTHS, Equivalence
from generel_etl.resolve.gather import SRC, StagedTables
from generel_etl.resolve.linking import LinkedMentions
from generel_etl.resolve.result import DANGLING_COLUMNS, RESOLUTION_METHODS
from generel_etl.resolve.terms import TermIndex, redirect
from generel_etl.resolve.vocabulary import Vocabulary, inactive_terms


@dataclass(frozen=True, slots=True)
class EdgeOutcomes:
    """What becomes of edges and concepts.

    `inactive`: terms that stay in the stage. `edges`: of each batch, with start, end, resolved_by and state.
    `mapped`: of each source, its statements of equivalence with their state. `dangling`: of each source.
    `held`: src, row, of rows whose edges all stay in the stage: their records make no nodes either.
    """

    inactive: pl.Series
    edges: tuple[pl.DataFrame, ...]
    mapped: tuple[pl.DataFrame, ...]
    dangling: tuple[pl.DataFrame, ...]
    held: pl.DataFrame


def place_all(gathered: StagedTables, known: Vocabulary, found: LinkedMentions) -> EdgeOutcomes:
    """Put nodes to all edges; an edge between nodes is loaded, one without an end dangles."""
    inactive = inactive_terms(known.terms, _named(gathered, found), _parents(found))
    edges = tuple(place(b, ends, inactive) for b, ends in zip(found.batches, found.ends, strict=True))
    mapped = tuple(
        mapping_states(rows, at, known.equivalence, known.terms, inactive) for at, rows in enumerate(known.mappings)
    )
    lost, held = [], []
    for at, source in enumerate(gathered.sources):
        own = [(b, e) for b, e in zip(found.batches, edges, strict=True) if b.src == at]
        parts = [dangling(batch, placed) for batch, placed in own]
        parts += [_lost_statements(mapped[at]), _lost_records(found.seen, at)]
        every = pl.concat(parts).with_columns(pl.lit(source.name).alias("source"))
        lost.append(every.select(*DANGLING_COLUMNS).sort("row", "type", "end", "id", "name"))
        held.append(_held([placed for _, placed in own], mapped[at], found.uncalled[at], at))
    return EdgeOutcomes(inactive, edges, mapped, tuple(lost), pl.concat(held))


def _named(gathered: StagedTables, found: LinkedMentions) -> pl.DataFrame:
    """The concepts that each source names, by anything but a record that waits itself: target, src."""
    waits = gathered.concepts.filter(~pl.col("defined") & pl.col("load_if_mentioned"))
    waits = waits.select("src", "row", record=pl.lit(True))
    naming = found.seen.join(waits, on=["src", "row", "record"], how="anti")
    return naming.select("target", "src").drop_nulls().unique()


def _parents(found: LinkedMentions) -> list[pl.DataFrame]:
    """Start and end of all IS_A edges."""
    parents = []
    for batch, ends in zip(found.batches, found.ends, strict=True):
        is_a = batch.edges.filter(pl.col("type") == "IS_A")
        sides = ("start", "end")
        parents.append(is_a.select(ends["target"].gather(is_a[f"{side}_at"]).alias(side) for side in sides))
    return parents


def _held(edges: Sequence[pl.DataFrame], mapped: pl.DataFrame, uncalled: pl.DataFrame, src: int) -> pl.DataFrame:
    """Rows of one source that have edges, all of which stay in the stage."""
    states = pl.concat(
        [
            *(placed.select("row", "state") for placed in edges),
            mapped.select("row", "state"),
            uncalled.with_columns(state=pl.lit(STAGED, dtype=STATE)),
        ]
    )
    idle = states.filter(pl.col("state") >= STAGED).select("row").unique()
    live = states.filter(pl.col("state") < STAGED).select("row")
    return idle.join(live, on="row", how="anti").select(pl.lit(src, dtype=SRC).alias("src"), "row")


def _lost_statements(mapped: pl.DataFrame) -> pl.DataFrame:
    one = pl.col("start_id") == pl.col("end_id")
    return mapped.filter(pl.col("state") == DANGLING).select(
        "row",
        "type",
        pl.when(one).then(pl.lit("both")).otherwise(pl.lit("end")).alias("end"),
        pl.col("end_id").alias("id"),
        pl.lit(None, dtype=pl.String).alias("name"),
        pl.lit(None, dtype=pl.String).alias("kind"),
        pl.when(one)
        .then(pl.lit("both ends are one concept"))
        .otherwise(pl.lit("less than equivalent to an id that nobody defines"))
        .alias("reason"),
    )


def _lost_records(seen: pl.DataFrame, src: int) -> pl.DataFrame:
    lost = seen.filter((pl.col("src") == src) & pl.col("record") & pl.col("target").is_null())
    return lost.select(
        "row",
        pl.lit(None, dtype=pl.String).alias("type"),
        pl.lit(None, dtype=pl.String).alias("end"),
        "id",
        "name",
        "kind",
        pl.lit("an id that no source knows, without a name").alias("reason"),
    )


CLUSTER_CONFLICT = "cluster_conflict"
_RELATIONS = {**dict(enumerate(STRENGTHS)), INEXACT: "inexact"}


def identity_edges(pairs: pl.DataFrame, left_out: pl.DataFrame, inactive: pl.Series) -> pl.DataFrame:
    """The edges of all sources: src, type, start, end, weight, flags, relation (how known), resolved_by.

    Each belongs to the source that states it, of several the first. SAME_AS has weight 1, XREF none. What was
    left out of the clusters is an XREF with the flag `cluster_conflict`.
    """
    live = pairs.filter(~pl.any_horizontal(pl.col(c).is_in(inactive.implode()) for c in ("start", "end")))
    refused = left_out.select("start", "end", refused=pl.lit(True))
    live = live.join(refused, on=["start", "end"], how="left", maintain_order="left").with_columns(
        pl.col("refused").fill_null(False)
    )
    same = pl.col("same") & ~pl.col("refused")
    return live.select(
        "src",
        pl.when(same).then(pl.lit("SAME_AS")).otherwise(pl.lit("XREF")).alias("type"),
        "start",
        "end",
        pl.when(same).then(1.0).alias("weight"),
        pl.when(pl.col("same") & pl.col("refused"))
        .then(pl.lit([CLUSTER_CONFLICT]))
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
        .alias("flags"),
        pl.col("strength").replace_strict(_RELATIONS, return_dtype=pl.String).alias("relation"),
        pl.lit(RESOLUTION_METHODS.index("id"), dtype=pl.UInt8).alias("resolved_by"),
    )


def mapping_states(
    mappings: pl.DataFrame, src: int, equivalence: Equivalence, terms: TermIndex, inactive: pl.Series
) -> pl.DataFrame:
    """What becomes of one source's rows that state an equivalence: row, type, start_id, end_id, state.

    LOADED: the first to state a pair of defined concepts, or a cross-reference of one to an id that nobody
    defines. MERGED: stated before, by this or an earlier source. STAGED: an end stays in the stage.
    DANGLING: both ends are one concept, or an id that nobody defines is stated to be less than equivalent.
    """
    rows = mappings.select("row", "type", "start_id", "end_id")
    for column in ("start_id", "end_id"):
        rows = redirect(rows, column, terms)
    first_pair = equivalence.pairs.select("start", "end", pair_src="src", pair_row="row")
    rows = rows.with_columns(
        start=pl.min_horizontal("start_id", "end_id"), end=pl.max_horizontal("start_id", "end_id")
    ).join(first_pair, on=["start", "end"], how="left", maintain_order="left")
    listed = (
        equivalence.listed.sort("src", "row")
        .unique(["id", "other"], keep="first", maintain_order=True)
        .select("id", "other", list_src="src", list_row="row")
    )
    for a, b, suffix in (("start_id", "end_id", ""), ("end_id", "start_id", "_back")):
        rows = rows.join(
            listed, left_on=[a, b], right_on=["id", "other"], how="left", suffix=suffix, maintain_order="left"
        )
    by = pl.coalesce("pair_src", "list_src", "list_src_back")
    at = pl.coalesce("pair_row", "list_row", "list_row_back")
    held = pl.any_horizontal(pl.col(c).is_in(inactive.implode()) for c in ("start", "end"))
    repeat = pl.struct("start", "end").is_first_distinct().not_()
    state = (
        pl.when((pl.col("start") == pl.col("end")) | by.is_null())
        .then(DANGLING)
        .when(held)
        .then(STAGED)
        .when((by == src) & (at == pl.col("row")) & ~repeat)
        .then(LOADED)
        .otherwise(MERGED)
    )
    return rows.select("row", "type", "start_id", "end_id", state.cast(STATE).alias("state"))
