"""The concepts that vocabularies define, and the obsolete ids that they replace."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.gather import kind_class, prefix


@dataclass(frozen=True, slots=True)
class TermIndex:
    """The defined concepts and the ids that they replace.

    `frame`: id, src, row, kind, class, prefix, load_if_mentioned; one row for each concept, sorted by id.
    `replaced`: alt (an obsolete id), target.
    """

    frame: pl.DataFrame
    replaced: pl.DataFrame


def defined_terms(concepts: pl.DataFrame) -> TermIndex:
    """Take each concept from the first source, in the order of the configuration, that defines it."""
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
    replaced = (
        stated.select(target="id", alt="alt_ids")
        .explode("alt")
        .drop_nulls()
        .join(frame, left_on="alt", right_on="id", how="anti")  # the id is also defined: it is not obsolete
        .select("alt", "target")
        .unique()
        .sort("alt", "target")
    )
    return TermIndex(frame, replaced)


def redirect(frame: pl.DataFrame, column: str, terms: TermIndex) -> pl.DataFrame:
    """Replace obsolete ids in a column by their targets; ids with several targets are not changed."""
    unambiguous = terms.replaced.filter(pl.col("alt").is_unique())
    return (
        frame.join(unambiguous, left_on=column, right_on="alt", how="left", maintain_order="left")
        .with_columns(pl.coalesce("target", column).alias(column))
        .drop("target")
    )
