"""Third step: what becomes of each edge, before keys and digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.active import inactive_terms
from generel_etl.resolve.counts import DANGLING, STAGED, STATE
from generel_etl.resolve.derived import mapping_states
from generel_etl.resolve.edges import dangling, place
from generel_etl.resolve.found import Found
from generel_etl.resolve.gather import SRC, Gathered
from generel_etl.resolve.known import Known
from generel_etl.resolve.result import DANGLING_COLUMNS


@dataclass(frozen=True, slots=True)
class Placed:
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


def place_all(gathered: Gathered, known: Known, found: Found) -> Placed:
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
    return Placed(inactive, edges, mapped, tuple(lost), pl.concat(held))


def _named(gathered: Gathered, found: Found) -> pl.DataFrame:
    """The concepts that each source names, by anything but a record that waits itself: target, src."""
    waits = gathered.concepts.filter(~pl.col("defined") & pl.col("on_mention"))
    waits = waits.select("src", "row", record=pl.lit(True))
    naming = found.seen.join(waits, on=["src", "row", "record"], how="anti")
    return naming.select("target", "src").drop_nulls().unique()


def _parents(found: Found) -> list[pl.DataFrame]:
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
