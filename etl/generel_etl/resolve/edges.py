"""Edges between nodes: their state, the strand of their alleles, their direction, and their keys."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import polars as pl

from generel_etl.digest import row_digests
from generel_etl.parsing.association_stats import (
    INFERRED_EFFECT_COLUMNS,
    complement,
    harmonise_to_known_alleles,
    inferred_effect_flags,
    keep_inferred_effect,
)
from generel_etl.relations import SYMMETRIC
from generel_etl.resolve.counts import DANGLING, LOADED, MERGED, STAGED, STATE
from generel_etl.resolve.endpoints import EdgeBatch, attach_nodes
from generel_etl.resolve.result import EDGE_COLUMNS, RESOLUTION_METHODS
from generel_etl.schema import EDGE_PROPERTIES, KEY_COLUMNS

# Types without loops: a concept is not a kind of itself or similar to itself, but a gene may regulate itself.
TYPES_WITHOUT_LOOPS = (*sorted(SYMMETRIC), "IS_A", "PART_OF")
_SEPARATOR = "\x1f"  # between the parts of a key; no text in a table contains it
_SLICE = 250_000  # rows hashed at a time


def connect_edges(batch: EdgeBatch, targets: pl.DataFrame, inactive: pl.Series) -> pl.DataFrame:
    """Add the nodes of its endpoints to each edge, and the state of the edge.

    `targets`: target and method of each row of `batch.endpoints`; `inactive`: concepts that are not loaded.
    Adds start, end, resolved_by and state: LOADED, STAGED, or DANGLING.
    """
    edges = attach_nodes(batch, targets)
    both_known = pl.col("start").is_not_null() & pl.col("end").is_not_null()
    loop = (pl.col("start") == pl.col("end")) & pl.col("type").is_in(TYPES_WITHOUT_LOOPS)
    not_loaded = pl.any_horizontal(pl.col("start").is_in(inactive.implode()), pl.col("end").is_in(inactive.implode()))
    state = (
        pl.when(~both_known | loop.fill_null(False))
        .then(DANGLING)
        .when(not_loaded if len(inactive) else pl.lit(False))
        .then(STAGED)
        .otherwise(LOADED)
        .cast(STATE)
    )
    methods = pl.Enum(RESOLUTION_METHODS)
    less_reliable = pl.max_horizontal(
        pl.col(f"{side}_method").cast(methods).to_physical().cast(pl.UInt8) for side in ("start", "end")
    )
    return edges.with_columns(state.alias("state"), less_reliable.alias("resolved_by")).drop(
        "start_method", "end_method"
    )


def dangling_endpoints(batch: EdgeBatch, edges: pl.DataFrame) -> pl.DataFrame:
    """The endpoints because of which edges dangle; the columns of DANGLING_COLUMNS without the source."""
    dangling = edges.filter(pl.col("state") == DANGLING)
    parts = []
    endpoints = batch.endpoints.with_row_index("index").drop("row")
    for side in ("start", "end"):
        unknown = dangling.filter(pl.col(side).is_null()).select("row", "type", index=f"{side}_endpoint")
        parts.append(
            unknown.join(endpoints, on="index", maintain_order="left").select(
                "row", "type", pl.lit(side).alias("end"), "id", "name", "kind", _reason().alias("reason")
            )
        )
    loops = dangling.filter(pl.col("start") == pl.col("end")).select("row", "type", "start", index="start_endpoint")
    parts.append(
        loops.join(endpoints, on="index", maintain_order="left").select(
            "row", "type", pl.lit("both").alias("end"), pl.col("start").alias("id"), "name", "kind",
            pl.lit("both endpoints are the same concept").alias("reason"),
        )
    )  # fmt: skip
    return pl.concat(parts)


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("kind") == "SNP")
        .then(pl.lit("an SNP without an id"))
        .when(pl.col("id").is_not_null())
        .then(pl.lit("no source defines the id, and there is no name"))
        .otherwise(pl.lit("no id and no name"))
    )


def harmonise_alleles(edges: pl.DataFrame, alleles: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Put effect alleles on the strand of the SNPs' known alleles, and drop inferred effects on non-diseases.

    `alleles`: id, alleles; `kinds`: id, kind, of the nodes. Flags are sorted and distinct.
    """
    if "effect_allele" in edges.columns:
        edges = edges.join(alleles, left_on="start", right_on="id", how="left", maintain_order="left")
        harmonised = harmonise_to_known_alleles(pl.col("effect_allele"), pl.col("alleles")).struct
        names = ("strand_flipped", "palindromic", "allele_mismatch")
        edges = edges.with_columns(
            harmonised.field("effect_allele").alias("new"), *(harmonised.field(name).alias(name) for name in names)
        )
        if "other_allele" in edges.columns:
            other = pl.col("other_allele")
            edges = edges.with_columns(pl.when("strand_flipped").then(complement(other)).otherwise(other))
        new_flags = pl.concat_list(pl.when(name).then(pl.lit(name)) for name in names).list.drop_nulls()
        edges = edges.with_columns(effect_allele="new", flags=pl.col("flags").list.concat(new_flags))
        edges = edges.drop("new", "alleles", *names)
    if edges["flags"].list.contains("effect_inferred").any():
        edges = edges.join(
            kinds.select("id", end_kind="kind"),
            left_on="end",
            right_on="id",
            how="left",
            maintain_order="left",
        )
        is_kept = keep_inferred_effect(pl.col("end_kind"), pl.col("flags"))
        effect_columns = [c for c in INFERRED_EFFECT_COLUMNS if c in edges.columns]
        edges = edges.with_columns(
            *(pl.when(is_kept).then(pl.col(column)).alias(column) for column in effect_columns),
            inferred_effect_flags(pl.col("end_kind"), pl.col("flags")).alias("flags"),
        ).drop("end_kind")
    if not edges["flags"].list.len().sum():
        return edges
    return edges.with_columns(pl.col("flags").list.unique().list.sort())


def order_symmetric_endpoints(edges: pl.DataFrame) -> pl.DataFrame:
    """Put the lower id of a symmetric edge first."""
    is_reversed = pl.col("type").is_in(list(SYMMETRIC)) & (pl.col("start") > pl.col("end"))
    return edges.with_columns(
        pl.when(is_reversed).then("end").otherwise("start").alias("start"),
        pl.when(is_reversed).then("start").otherwise("end").alias("end"),
    )


def merge_duplicates(edges: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keep one of equal edges: the one resolved by the most reliable method, then the one of the first row.

    Returns the distinct edges, and the row and state (LOADED or MERGED) of every edge.
    """
    content = [column for column in edges.columns if column not in ("row", "state", "resolved_by")]
    # Equal edges have equal key texts; few edges of most tables share a key text.
    candidates = edges.with_row_index("index").filter(edges.select(_key_text(edges)).to_series().is_duplicated())
    candidates = candidates.sort("resolved_by", "row", "index")
    repeat = candidates.select(pl.struct(content).is_first_distinct().not_()).to_series()
    merged = np.zeros(edges.height, dtype=np.bool_)
    merged[candidates["index"].filter(repeat).to_numpy()] = True
    mask = pl.Series(merged)
    states = edges.select("row", pl.when(mask).then(MERGED).otherwise(LOADED).cast(STATE).alias("state"))
    distinct = edges.filter(~mask) if merged.any() else edges
    return distinct.drop("row", "state"), states


def add_keys(edges: pl.DataFrame) -> pl.DataFrame:
    """Add the key of each edge of one source: 16 hexadecimal digits of blake2b over endpoints, type and KEY_COLUMNS.

    If several edges have the same key, a digest of all other columns is added to the key of each of them. Keys
    therefore do not depend on the order of rows.
    """
    texts = edges.select(_key_text(edges)).to_series()
    keys = _hash(texts)
    repeated = keys.is_duplicated()
    if repeated.any():
        others = [c for c in edges.columns if c not in (*_key_columns(edges), "resolved_by", "source")]
        digests = row_digests(edges.filter(repeated), others)
        keys = keys.scatter(repeated.arg_true(), _hash(texts.filter(repeated) + _SEPARATOR + digests))
    return edges.with_columns(keys.alias("key"))


def _key_columns(edges: pl.DataFrame) -> list[str]:
    return ["type", "start", "end", *(column for column in KEY_COLUMNS if column in edges.columns)]


def _key_text(edges: pl.DataFrame) -> pl.Expr:
    return pl.concat_str([pl.col(c).fill_null("") for c in _key_columns(edges)], separator=_SEPARATOR)


def _hash(texts: pl.Series) -> pl.Series:
    """The hash of each text, in slices, so that millions of Python strings are never in memory at once."""
    parts = [pl.Series([], dtype=pl.String)]
    for offset in range(0, texts.len(), _SLICE):
        hashes = [blake2b(t.encode(), digest_size=8).hexdigest() for t in texts.slice(offset, _SLICE).to_list()]
        parts.append(pl.Series(hashes, dtype=pl.String))
    return pl.concat(parts)


def _digests(edges: pl.DataFrame, columns: list[str]) -> pl.Series:
    """`row_digests`, in slices."""
    parts = [row_digests(part, columns) for part in edges.iter_slices(_SLICE)]
    return pl.concat([pl.Series("digest", [], dtype=pl.String), *parts])


def finish_edges(edges: pl.DataFrame, source: str) -> pl.DataFrame:
    """The edges of one source with all columns of EDGE_COLUMNS, their keys and digests, sorted."""
    names = dict(enumerate(RESOLUTION_METHODS))
    edges = edges.with_columns(
        pl.lit(source).alias("source"),
        pl.col("resolved_by").replace_strict(names, return_dtype=pl.String),
    )
    edges = add_keys(edges).sort("type", "start", "end", "key")
    stored = [column for column in edges.columns if column in EDGE_COLUMNS and column != "digest"]
    edges = edges.with_columns(_digests(edges, stored).alias("digest"))
    missing = [column for column in EDGE_PROPERTIES if column not in edges.columns]
    return edges.with_columns(pl.lit(None, dtype=EDGE_PROPERTIES[c]).alias(c) for c in missing).select(
        pl.col(column).cast(dtype) for column, dtype in EDGE_COLUMNS.items()
    )
