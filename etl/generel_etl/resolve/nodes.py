"""Nodes: the source that owns each, and the sources of its properties."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from generel_etl.digest import row_digests
from generel_etl.resolve.gather import SRC
from generel_etl.resolve.result import NODE_COLUMNS

_TEXTS = ("name", "description")
_LISTS = ("synonyms", "other_synonyms")


def mentioned_nodes(mentions: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """The concepts that are nodes by mention: id, src, kind, name, of the first source that names each.

    `mentions`: with target, method, src, row, record, kind, name. Records precede endpoints of edges. A mention that
    was resolved by name only does not own the node.
    """
    return (
        mentions.filter((pl.col("method") == "own") & pl.col("name").is_not_null())
        .join(ids.to_frame("target"), on="target", how="semi")
        .sort("src", pl.col("record").not_(), "row", "kind", "name")
        .unique("target", keep="first", maintain_order=True)
        .select("src", "kind", "name", id="target")
    )


def concept_nodes(
    owned: pl.DataFrame, concepts: pl.DataFrame, xrefs: pl.DataFrame, cluster: pl.DataFrame
) -> pl.DataFrame:
    """All concepts with their properties, each from the owner, otherwise from the first source that has it.

    `owned`: id, src, kind, name (null for defined concepts); `concepts`: all records; `xrefs`: id, other; `cluster`:
    id, cluster.
    """
    records = concepts.join(owned.select("id", owner="src"), on="id").sort(
        pl.col("src") != pl.col("owner"), pl.col("defined").not_(), "src", "row"
    )
    nodes = owned.rename({"name": "mentioned"})
    for column in (*_TEXTS, *_LISTS):
        value = pl.col(column)
        is_filled = value.list.len() > 0 if column in _LISTS else value.str.len_bytes() > 0
        first = records.filter(is_filled).unique("id", keep="first", maintain_order=True).select("id", column)
        nodes = nodes.join(first, on="id", how="left")
    others = (
        xrefs.filter(pl.col("id") != pl.col("other")).group_by("id").agg(pl.col("other").unique().sort().alias("xrefs"))
    )
    return (
        nodes.join(others, on="id", how="left")
        .join(cluster, on="id", how="left")
        .with_columns(
            pl.coalesce("name", "mentioned").alias("name"),
            pl.coalesce("cluster", "id").alias("cluster"),
            *(_distinct(column) for column in _LISTS),
        )
        .drop("mentioned")
    )


def _distinct(column: str) -> pl.Expr:
    """A list in its order, without repeats and nulls; null if it is empty."""
    value = pl.col(column).list.drop_nulls().list.unique(maintain_order=True)
    return pl.when(value.list.len() > 0).then(value).alias(column)


def snp_nodes(mentions: pl.DataFrame, positions: pl.DataFrame, renamed: pl.DataFrame) -> pl.DataFrame:
    """All SNPs, owned by the first source that mentions each. `mentions`: id, src; `renamed`: id, target.

    The xrefs of an SNP are its other ids: positions and merged rsIDs.
    """
    others = renamed.group_by("target").agg(pl.col("id").sort().alias("xrefs"))
    return (
        mentions.group_by("id")
        .agg(pl.col("src").min())
        .join(positions, on="id", how="left")
        .join(others, left_on="id", right_on="target", how="left")
        .with_columns(pl.lit("SNP").alias("kind"))
    )


def finish_nodes(parts: Sequence[pl.DataFrame], sources: Sequence[str]) -> pl.DataFrame:
    """The nodes with all columns of NODE_COLUMNS and their digests, sorted by id."""
    names = pl.DataFrame({"src": range(len(sources)), "source": sources}, schema={"src": SRC, "source": pl.String})
    nodes = pl.concat(parts, how="diagonal").join(names, on="src", how="left").drop("src").sort("id")
    for column, dtype in NODE_COLUMNS.items():
        if column not in nodes.columns:
            nodes = nodes.with_columns(pl.lit(None, dtype=dtype).alias(column))
    digests = row_digests(nodes, [column for column in NODE_COLUMNS if column != "digest"])
    return nodes.with_columns(digests.alias("digest")).select(
        pl.col(column).cast(dtype) for column, dtype in NODE_COLUMNS.items()
    )
