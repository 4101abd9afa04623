"""Nodes: who owns each, and which source each of its properties comes from."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from generel_etl.digest import row_digests
from generel_etl.resolve.gather import SRC
from generel_etl.resolve.result import NODE_COLUMNS

_TEXTS = ("name", "description")
_LISTS = ("synonyms", "other_synonyms")


def own_nodes(seen: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Concepts that are nodes by mention: id, src, kind, name, of the first source that names each.

    `seen`: mentions with target, way, src, row, record, kind, name; a record comes before an end of an edge. Who
    has the name alone, and was led to the id by it, does not own the node.
    """
    return (
        seen.filter((pl.col("way") == "own") & pl.col("name").is_not_null())
        .join(ids.to_frame("target"), on="target", how="semi")
        .sort("src", pl.col("record").not_(), "row", "kind", "name")
        .unique("target", keep="first", maintain_order=True)
        .select("src", "kind", "name", id="target")
    )


def concept_nodes(
    owned: pl.DataFrame, concepts: pl.DataFrame, xrefs: pl.DataFrame, cluster: pl.DataFrame
) -> pl.DataFrame:
    """All concepts with their properties: the owner's, else those of the first source that has them.

    `owned`: id, src, kind, name (of a concept that only edges name; else null); `concepts`: all records;
    `xrefs`: id, other; `cluster`: id, cluster, where that is another id than its own.
    """
    records = concepts.join(owned.select("id", owner="src"), on="id").sort(
        pl.col("src") != pl.col("owner"), pl.col("defined").not_(), "src", "row"
    )
    nodes = owned.rename({"name": "mentioned"})
    for column in (*_TEXTS, *_LISTS):
        value = pl.col(column)
        has = value.list.len() > 0 if column in _LISTS else value.str.len_bytes() > 0
        first = records.filter(has).unique("id", keep="first", maintain_order=True).select("id", column)
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
            *(_each_once(column) for column in _LISTS),
        )
        .drop("mentioned")
    )


def _each_once(column: str) -> pl.Expr:
    """A list in its order, without what stands in it twice or is empty; null if nothing is left."""
    value = pl.col(column).list.drop_nulls().list.unique(maintain_order=True)
    return pl.when(value.list.len() > 0).then(value).alias(column)


def snp_nodes(mentions: pl.DataFrame, places: pl.DataFrame, renamed: pl.DataFrame) -> pl.DataFrame:
    """All SNPs: the owner is the first source that names it. `mentions`: id, src; `renamed`: id, target.

    The other ids of an SNP, positions and merged rsIDs, are its xrefs.
    """
    others = renamed.group_by("target").agg(pl.col("id").sort().alias("xrefs"))
    return (
        mentions.group_by("id")
        .agg(pl.col("src").min())
        .join(places, on="id", how="left")
        .join(others, left_on="id", right_on="target", how="left")
        .with_columns(pl.lit("SNP").alias("kind"))
    )


def finish_nodes(parts: Sequence[pl.DataFrame], sources: Sequence[str]) -> pl.DataFrame:
    """The nodes as they are stored: all columns in their order, sorted by id, with their digests."""
    names = pl.DataFrame({"src": range(len(sources)), "source": sources}, schema={"src": SRC, "source": pl.String})
    nodes = pl.concat(parts, how="diagonal").join(names, on="src", how="left").drop("src").sort("id")
    for column, dtype in NODE_COLUMNS.items():
        if column not in nodes.columns:
            nodes = nodes.with_columns(pl.lit(None, dtype=dtype).alias(column))
    digests = row_digests(nodes, [column for column in NODE_COLUMNS if column != "digest"])
    return nodes.with_columns(digests.alias("digest")).select(
        pl.col(column).cast(dtype) for column, dtype in NODE_COLUMNS.items()
    )
