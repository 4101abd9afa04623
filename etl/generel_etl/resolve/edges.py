"""Edges between nodes: which can be made, on which allele, in which direction, under which key."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import polars as pl

from generel_etl.digest import row_digests
from generel_etl.parsing.association_stats import (
    complement,
    harmonise_to_known_alleles,
    inferred_effect_flags,
    keep_inferred_effect,
)
from generel_etl.relations import SYMMETRIC
from generel_etl.resolve.counts import DANGLING, LOADED, MERGED, STAGED, STATE
from generel_etl.resolve.ends import Batch, put_ends
from generel_etl.resolve.result import EDGE_COLUMNS, RESOLUTION_METHODS
from generel_etl.schema import EDGE_PROPERTIES, KEY_COLUMNS

# A concept is no kind of itself, and not like itself; a gene may well regulate itself.
NEVER_A_LOOP = (*sorted(SYMMETRIC), "IS_A", "PART_OF")
_BETWEEN = "\x1f"  # between the parts of a key; no text of a table holds it
_SLICE = 250_000  # rows hashed in one go


def place(batch: Batch, found: pl.DataFrame, inactive: pl.Series) -> pl.DataFrame:
    """Put the nodes that were found for its ends to each edge, and say what becomes of it.

    `found`: target and way of each row of `batch.ends`; `inactive`: concepts that stay in the stage.
    Adds start, end, resolved_by and state: LOADED, STAGED, or DANGLING.
    """
    edges = put_ends(batch, found)
    both_known = pl.col("start").is_not_null() & pl.col("end").is_not_null()
    loop = (pl.col("start") == pl.col("end")) & pl.col("type").is_in(NEVER_A_LOOP)
    held = pl.any_horizontal(pl.col("start").is_in(inactive.implode()), pl.col("end").is_in(inactive.implode()))
    state = (
        pl.when(~both_known | loop.fill_null(False))
        .then(DANGLING)
        .when(held if len(inactive) else pl.lit(False))
        .then(STAGED)
        .otherwise(LOADED)
        .cast(STATE)
    )
    ways = pl.Enum(RESOLUTION_METHODS)
    worse = pl.max_horizontal(
        pl.col(f"{side}_way").cast(ways).to_physical().cast(pl.UInt8) for side in ("start", "end")
    )
    return edges.with_columns(state.alias("state"), worse.alias("resolved_by")).drop("start_way", "end_way")


def dangling(batch: Batch, placed: pl.DataFrame) -> pl.DataFrame:
    """Name each end that kept an edge in the stage; columns of DANGLING_COLUMNS but the source."""
    lost = placed.filter(pl.col("state") == DANGLING)
    parts = []
    ends = batch.ends.with_row_index("at")
    for side in ("start", "end"):
        unknown = lost.filter(pl.col(side).is_null()).select("row", "type", at=f"{side}_at")
        parts.append(
            unknown.join(ends.drop("row"), on="at", maintain_order="left").select(
                "row", "type", pl.lit(side).alias("end"), "id", "name", "kind", _reason().alias("reason")
            )
        )
    loops = lost.filter(pl.col("start") == pl.col("end")).select("row", "type", "start", at="start_at")
    parts.append(
        loops.join(ends.drop("row"), on="at", maintain_order="left").select(
            "row", "type", pl.lit("both").alias("end"), pl.col("start").alias("id"), "name", "kind",
            pl.lit("both ends are one concept").alias("reason"),
        )
    )  # fmt: skip
    return pl.concat(parts)


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("kind") == "SNP")
        .then(pl.lit("an SNP without an id"))
        .when(pl.col("id").is_not_null())
        .then(pl.lit("an id that no source knows, without a name"))
        .otherwise(pl.lit("neither id nor name"))
    )


def on_known_alleles(edges: pl.DataFrame, alleles: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Read effect alleles on the strand of the SNPs' known alleles, and settle effects that were inferred.

    `alleles`: id, alleles; `kinds`: id, kind, of the nodes. Flags are sorted, each once.
    """
    if "effect_allele" in edges.columns:
        edges = edges.join(alleles, left_on="start", right_on="id", how="left", maintain_order="left")
        turned = harmonise_to_known_alleles(pl.col("effect_allele"), pl.col("alleles")).struct
        names = ("strand_flipped", "palindromic", "allele_mismatch")
        edges = edges.with_columns(
            turned.field("effect_allele").alias("new"), *(turned.field(name).alias(name) for name in names)
        )
        if "other_allele" in edges.columns:
            other = pl.col("other_allele")
            edges = edges.with_columns(pl.when("strand_flipped").then(complement(other)).otherwise(other))
        raised = pl.concat_list(pl.when(name).then(pl.lit(name)) for name in names).list.drop_nulls()
        edges = edges.with_columns(effect_allele="new", flags=pl.col("flags").list.concat(raised))
        edges = edges.drop("new", "alleles", *names)
    if edges["flags"].list.contains("effect_inferred").any():
        edges = edges.join(
            kinds.select("id", end_kind="kind"),
            left_on="end",
            right_on="id",
            how="left",
            maintain_order="left",
        )
        may_stay = keep_inferred_effect(pl.col("end_kind"), pl.col("flags"))
        emptied = [c for c in ("odds_ratio", "standard_error", "ci_low", "ci_high") if c in edges.columns]
        edges = edges.with_columns(
            *(pl.when(may_stay).then(pl.col(column)).alias(column) for column in emptied),
            inferred_effect_flags(pl.col("end_kind"), pl.col("flags")).alias("flags"),
        ).drop("end_kind")
    if not edges["flags"].list.len().sum():
        return edges
    return edges.with_columns(pl.col("flags").list.unique().list.sort())


def one_way(edges: pl.DataFrame) -> pl.DataFrame:
    """Put the lower id of a symmetric edge first."""
    turn = pl.col("type").is_in(list(SYMMETRIC)) & (pl.col("start") > pl.col("end"))
    return edges.with_columns(
        pl.when(turn).then("end").otherwise("start").alias("start"),
        pl.when(turn).then("start").otherwise("end").alias("end"),
    )


def merge_repeats(edges: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keep one of edges that say the same: the one that was resolved the surest way, then the first row's.

    Returns the edges kept, and row and state (LOADED or MERGED) of every edge given.
    """
    said = [column for column in edges.columns if column not in ("row", "state", "resolved_by")]
    # Only edges that share what a key is made of can be the same; most tables have few of them.
    alike = edges.with_row_index("at").filter(edges.select(_key_text(edges)).to_series().is_duplicated())
    alike = alike.sort("resolved_by", "row", "at")
    repeat = alike.select(pl.struct(said).is_first_distinct().not_()).to_series()
    merged = np.zeros(edges.height, dtype=np.bool_)
    merged[alike["at"].filter(repeat).to_numpy()] = True
    mask = pl.Series(merged)
    states = edges.select("row", pl.when(mask).then(MERGED).otherwise(LOADED).cast(STATE).alias("state"))
    kept = edges.filter(~mask) if merged.any() else edges
    return kept.drop("row", "state"), states


def with_keys(edges: pl.DataFrame) -> pl.DataFrame:
    """Give each edge of one source its key: 16 hexadecimal digits of blake2b over ends, type and KEY_COLUMNS.

    Where that repeats, a digest of all other columns is added, for every edge that has it: so a key does not
    depend on the order of rows.
    """
    texts = edges.select(_key_text(edges)).to_series()
    keys = _hash(texts)
    repeated = keys.is_duplicated()
    if repeated.any():
        others = [c for c in edges.columns if c not in (*_key_columns(edges), "resolved_by", "source")]
        more = row_digests(edges.filter(repeated), others)
        keys = keys.scatter(repeated.arg_true(), _hash(texts.filter(repeated) + _BETWEEN + more))
    return edges.with_columns(keys.alias("key"))


def _key_columns(edges: pl.DataFrame) -> list[str]:
    return ["type", "start", "end", *(column for column in KEY_COLUMNS if column in edges.columns)]


def _key_text(edges: pl.DataFrame) -> pl.Expr:
    return pl.concat_str([pl.col(c).fill_null("") for c in _key_columns(edges)], separator=_BETWEEN)


def _hash(texts: pl.Series) -> pl.Series:
    """Each text's key; a slice at a time, so that millions of them are never Python objects at once."""
    parts = [pl.Series([], dtype=pl.String)]
    for at in range(0, texts.len(), _SLICE):
        hashes = [blake2b(t.encode(), digest_size=8).hexdigest() for t in texts.slice(at, _SLICE).to_list()]
        parts.append(pl.Series(hashes, dtype=pl.String))
    return pl.concat(parts)


def _digests(edges: pl.DataFrame, columns: list[str]) -> pl.Series:
    """`row_digests`, a slice at a time."""
    parts = [row_digests(part, columns) for part in edges.iter_slices(_SLICE)]
    return pl.concat([pl.Series("digest", [], dtype=pl.String), *parts])


def finish(edges: pl.DataFrame, source: str) -> pl.DataFrame:
    """One source's edges as they are stored: all columns in their order, sorted, with their digests."""
    names = dict(enumerate(RESOLUTION_METHODS))
    edges = edges.with_columns(
        pl.lit(source).alias("source"),
        pl.col("resolved_by").replace_strict(names, return_dtype=pl.String),
    )
    edges = with_keys(edges).sort("type", "start", "end", "key")
    stored = [column for column in edges.columns if column in EDGE_COLUMNS and column != "digest"]
    edges = edges.with_columns(_digests(edges, stored).alias("digest"))
    missing = [column for column in EDGE_PROPERTIES if column not in edges.columns]
    return edges.with_columns(pl.lit(None, dtype=EDGE_PROPERTIES[c]).alias(c) for c in missing).select(
        pl.col(column).cast(dtype) for column, dtype in EDGE_COLUMNS.items()
    )
