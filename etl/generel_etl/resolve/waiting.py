"""Edges that stay in the stage unless another source names their SNPs: eQTL rows beside the lead, LD pairs."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from generel_etl.resolve.ends import Batch
from generel_etl.resolve.gather import SRC, WAITS, Gathered, with_values
from generel_etl.resolve.snps import known_as

_SIDES = ("start", "end")


def named_snps(gathered: Gathered, batches: Sequence[Batch], renamed: pl.DataFrame) -> pl.DataFrame:
    """SNPs and the sources that name them by rows which do not wait: id, src."""
    parts = [gathered.snps.select("id", "src")]
    for batch in batches:
        snps = batch.ends.filter(pl.col("kind") == "SNP")
        parts.append(snps.select("id", pl.lit(batch.src, dtype=SRC).alias("src")))
    return pl.concat(parts).drop_nulls().select(known_as("id", renamed).alias("id"), "src").unique()


def edges_called_for(
    gathered: Gathered, at: int, named: pl.DataFrame, renamed: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of one source's edges that wait: those whose every SNP another source names, and the others' rows.

    An edge between concepts is always called for: whether its ends are nodes is seen later. One that its
    source's configuration keeps in the stage never is.
    """
    edges = gathered.stages[at].edges().filter(WAITS)
    light = edges.select("row", "staged", *(f"{side}_{part}" for side in _SIDES for part in ("kind", "id"))).collect()
    if light.is_empty():
        return with_values(edges), light.select("row")
    elsewhere = named.filter(pl.col("src") != at)["id"].unique().implode()
    called = light.select(
        pl.all_horizontal(
            ~pl.col("staged"),
            *(
                (pl.col(f"{side}_kind") != "SNP") | known_as(f"{side}_id", renamed).is_in(elsewhere).fill_null(False)
                for side in _SIDES
            ),
        )
    ).to_series()
    chosen = edges.with_row_index("at").filter(pl.col("at").is_in(called.arg_true().implode())).drop("at")
    return with_values(chosen), light.filter(~called).select("row")
