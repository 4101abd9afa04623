"""SAME_AS and XREF edges, from what vocabularies and mapping tables state, and what became of the latter's rows."""

from __future__ import annotations

import polars as pl

from generel_etl.resolve.counts import DANGLING, LOADED, MERGED, STAGED, STATE
from generel_etl.resolve.equivalence import INEXACT, STRENGTHS, Equivalence
from generel_etl.resolve.result import WAYS
from generel_etl.resolve.terms import Terms, redirect

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
        pl.lit(WAYS.index("id"), dtype=pl.UInt8).alias("resolved_by"),
    )


def mapping_states(
    mappings: pl.DataFrame, src: int, equivalence: Equivalence, terms: Terms, inactive: pl.Series
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
