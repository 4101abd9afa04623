"""The traits of a GWAS Catalog row: one mapped term, several, many, or a name without a term."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b

import polars as pl

from generel_etl.identifiers import curie, kind_of
from generel_etl.parsing.rejects import ROW
from generel_etl.schema import Concepts, conform

MANY_TERMS = 5  # a row with this many mapped terms or more has one trait node that only this source defines
_SLUG_LENGTH = 40  # characters of a trait's name in its id


def split_traits(frame: pl.DataFrame) -> pl.DataFrame:
    """The trait endpoints of each row, one line for each endpoint.

    Columns: ROW, `end_id` (null where the row has only a name), `end_name`, `end_kind`, `traits` (the number of mapped
    terms), `shares` (weights are divided by it), `mapped` (all mapped ids, if there are MANY_TERMS or more).

    MAPPED_TRAIT gives the terms' labels. The labels are separated by commas and contain commas themselves, so they are
    used only if their number equals the number of terms.
    """
    label, reported = pl.col("MAPPED_TRAIT").str.strip_chars(), pl.col("DISEASE/TRAIT").str.strip_chars()
    terms = _mapped_terms(frame.select(uris=pl.col("MAPPED_TRAIT_URI"), label=label).unique())
    rows = (
        frame.select(ROW, uris=pl.col("MAPPED_TRAIT_URI"), label=label, reported=pl.coalesce(reported, label))
        .join(terms, on=["uris", "label"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(traits=pl.col("end_id").list.len().fill_null(0).cast(pl.Int64))
    )
    has_many = pl.col("traits") >= MANY_TERMS
    few_terms = (
        rows.filter(~has_many)
        .explode("end_id", "end_name")
        .with_columns(
            end_name=pl.when(pl.col("end_id").is_null())
            .then(pl.coalesce("label", "reported"))
            .otherwise(pl.col("end_name")),
            shares=pl.max_horizontal("traits", 1),
            mapped=pl.lit(None, dtype=pl.List(pl.String)),
        )
    )
    many_terms = rows.filter(has_many).with_columns(
        mapped=pl.col("end_id"),
        end_id=_map_distinct(pl.col("reported"), catalogue_trait_id),
        end_name=pl.col("reported"),
        shares=pl.lit(1, dtype=pl.Int64),
    )
    columns = (ROW, "end_id", "end_name", "traits", "shares", "mapped")
    return pl.concat([few_terms.select(columns), many_terms.select(columns)]).with_columns(
        end_kind=_map_distinct(pl.col("end_id"), _kind).fill_null("Trait")
    )


def _mapped_terms(cells: pl.DataFrame) -> pl.DataFrame:
    """The terms of each pair of cells: `uris`, `label`, and the lists `end_id` and `end_name`."""
    cells = cells.with_columns(uri=pl.col("uris").str.split(","), names=pl.col("label").str.split(", "))
    count = pl.col("uri").list.len()
    return (
        cells.with_columns(
            names=pl.when(count == 1)
            .then(pl.concat_list("label"))
            .when(pl.col("names").list.len() == count)
            .then(pl.col("names"))
            .otherwise(pl.col("uri").list.eval(pl.lit(None, dtype=pl.String))),
        )
        .filter(pl.col("uris").is_not_null())
        .explode("uri", "names")
        .with_columns(end_id=curie(pl.col("uri").str.strip_chars()), end_name=pl.col("names").str.strip_chars())
        .filter(pl.col("end_id").is_not_null())
        .unique(["uris", "label", "end_id"], keep="first", maintain_order=True)
        .group_by("uris", "label", maintain_order=True)
        .agg("end_id", "end_name")
    )


def catalogue_trait_id(name: str) -> str:
    """The id of a trait that only this source defines: `GWAS:`, letters of the name, and a digest of the full name.

    Case and white space do not matter. The id is stable between releases as long as the name is.
    """
    text = " ".join(name.casefold().split())
    slug = re.sub(r"[^a-z0-9]+", "-", text)[:_SLUG_LENGTH].strip("-")
    return f"GWAS:{slug}-{blake2b(text.encode(), digest_size=4).hexdigest()}"


def trait_concepts(traits: pl.DataFrame) -> pl.DataFrame:
    """The traits that this source defines, as the table `Concepts`."""
    own = traits.filter(pl.col("mapped").is_not_null()).unique("end_id", keep="first", maintain_order=True)
    return conform(
        own.select(
            row=pl.col(ROW),
            id=pl.col("end_id"),
            kind=pl.lit("Trait"),
            name=pl.col("end_name"),
            defined=pl.lit(True),
        ),
        Concepts,
    )


def trait_xrefs(traits: pl.DataFrame) -> pl.DataFrame:
    """XREF edges from each trait that this source defines to its mapped terms: evidence without a weight."""
    own = traits.filter(pl.col("mapped").is_not_null()).select(
        pl.col(ROW).alias("row"),
        pl.col("end_id").alias("start_id"),
        pl.lit("Trait").alias("start_kind"),
        pl.col("end_name").alias("start_name"),
        pl.col("mapped").alias("end_id"),
    )
    edges = own.explode("end_id").unique(["start_id", "end_id"], keep="first", maintain_order=True)
    return edges.with_columns(type=pl.lit("XREF"), end_kind=_map_distinct(pl.col("end_id"), _kind).fill_null("Trait"))


def _kind(identifier: str) -> str | None:
    return "BiologicalProcess" if identifier.startswith("GO:") else kind_of(identifier)


def _map_distinct(column: pl.Expr, rule: Callable[[str], str | None]) -> pl.Expr:
    """Apply a function of a text to a column; it is called once for each distinct value."""

    def apply(values: pl.Series) -> pl.Series:
        distinct = values.unique().drop_nulls()
        new = pl.Series([rule(v) for v in distinct.to_list()], dtype=pl.String)
        return values.replace_strict(distinct, new, default=None, return_dtype=pl.String)

    return column.map_batches(apply, return_dtype=pl.String)
