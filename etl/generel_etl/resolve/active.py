"""Concepts that wait for a mention: which terms outside a vocabulary's roots become nodes, and of what kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from generel_etl.resolve.gather import CONDITION
from generel_etl.resolve.terms import Terms

PARTNERS = ("MONDO", "DOID")  # whose kind a condition outside its vocabulary's roots takes, the first first


def with_partners(terms: Terms, pairs: pl.DataFrame) -> Terms:
    """Give conditions that wait for a mention the kind of their MONDO or DOID partner; they wait no longer.

    `pairs`: of `Equivalence`. Without a partner they keep the kind that their reader gave them.
    """
    same = pairs.filter("same")
    both_ways = pl.concat([same.select(id=a, partner=b) for a, b in (("start", "end"), ("end", "start"))])
    firm = terms.frame.filter(~pl.col("on_mention") & pl.col("prefix").is_in(PARTNERS))
    found = (
        both_ways.join(firm.select(partner="id", rank="prefix", taken="kind"), on="partner")
        .sort(pl.col("rank").cast(pl.Enum(PARTNERS)), "partner")
        .unique("id", keep="first", maintain_order=True)
    )
    frame = terms.frame.join(found.select("id", "taken"), on="id", how="left", maintain_order="left")
    settled = pl.col("on_mention") & (pl.col("class") == CONDITION) & pl.col("taken").is_not_null()
    frame = frame.with_columns(
        pl.when(settled).then("taken").otherwise("kind").alias("kind"),
        on_mention=pl.col("on_mention") & ~settled,
    ).drop("taken")
    return replace(terms, frame=frame)


def inactive_terms(terms: Terms, named: pl.DataFrame, parents: Sequence[pl.DataFrame]) -> pl.Series:
    """The terms that stay in the stage: nobody else names them, and no descendant that waited is named.

    `named`: target, src, the nodes that each source names; `parents`: start, end of IS_A edges.
    """
    waiting = terms.frame.filter("on_mention").select("id", "src")
    met = waiting.join(named, left_on="id", right_on="target", suffix="_of_mention")
    active = met.filter(pl.col("src") != pl.col("src_of_mention")).select("id").unique()
    above = pl.concat([pl.DataFrame(schema={"start": pl.String, "end": pl.String}), *parents]).unique()
    above = above.join(waiting.select(end="id"), on="end", how="semi")
    fresh = active
    while fresh.height:
        up = above.join(fresh, left_on="start", right_on="id", how="semi").select(id="end").unique()
        fresh = up.join(active, on="id", how="anti")
        active = pl.concat([active, fresh])
    return waiting.join(active, on="id", how="anti")["id"].sort()
