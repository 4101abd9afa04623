"""Defined concepts: what the vocabularies' own files say, and the ids that these replace."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.gather import kind_class, prefix


@dataclass(frozen=True, slots=True)
class TermIndex:
    """The defined concepts, one row each, and what leads to them.

    `frame`: id, src, row, kind, class, prefix, load_if_mentioned; sorted by id. `replaced`: alt, target, pairs.
    `redefined`: id, src, other: a second source that defines the id as well.
    """

    frame: pl.DataFrame
    replaced: pl.DataFrame
    redefined: pl.DataFrame


def defined_terms(concepts: pl.DataFrame) -> TermIndex:
    """Take each id from the first source, in the configuration's order, whose file defines it."""
    stated = concepts.filter("defined").sort("src", "row")
    firm = stated.filter(~pl.col("load_if_mentioned")).select("id").unique()
    first = stated.unique("id", keep="first", maintain_order=True)
    frame = first.select(
        "id",
        "src",
        "row",
        "kind",
        kind_class().alias("class"),
        prefix("id").alias("prefix"),
        load_if_mentioned=~pl.col("id").is_in(firm["id"].implode()),
    ).sort("id")
    redefined = (
        stated.select("id", other="src")
        .unique()
        .join(frame.select("id", "src"), on="id")
        .filter(pl.col("src") != pl.col("other"))
        .select("id", "src", "other")
        .sort("id", "other")
    )
    replaced = (
        stated.select(target="id", alt="alt_ids")
        .explode("alt")
        .drop_nulls()
        .join(frame, left_on="alt", right_on="id", how="anti")  # an id that is alive replaces itself
        .select("alt", "target")
        .unique()
        .sort("alt", "target")
    )
    return TermIndex(frame, replaced, redefined)


def redirect(frame: pl.DataFrame, column: str, terms: TermIndex) -> pl.DataFrame:
    """Put the living id in the place of a replaced one, where there is just one."""
    only = terms.replaced.filter(pl.col("alt").is_unique())
    return (
        frame.join(only, left_on=column, right_on="alt", how="left", maintain_order="left")
        .with_columns(pl.coalesce("target", column).alias(column))
        .drop("target")
    )
