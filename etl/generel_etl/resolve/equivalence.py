"""Which concepts of two vocabularies are one: statements of equivalence, weighed over all files together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.gather import SRC, prefix
from generel_etl.resolve.terms import TermIndex, redirect

EXACT, CUI, CROSS, NAME, SYNONYM, INEXACT = range(6)  # all but the last make SAME_AS, the strongest first
STRENGTHS = ("exactMatch", "same CUI", "cross-reference", "name", "synonym")
# Vocabularies that cross-refer to no other: joined by name (`namesakes`), and never standing for a cluster.
NAMED = ("PHECODE",)
MAPPING_TYPES = ("SAME_AS", "XREF")
UMLS = "UMLS:"
_LESS = r"(?i)close|broad|narrow|related|inexact"  # a relation that says less than equivalence
_PAIR = ("start", "end")


@dataclass(frozen=True, slots=True)
class Equivalence:
    """What is stated about defined concepts and other ids.

    `pairs`: start < end (both defined), strength, same (SAME_AS, else XREF), src and row of the first to state it.
    `listed`: id (defined), other, src, row: every cross-reference not qualified as less than equivalent.
    """

    pairs: pl.DataFrame
    listed: pl.DataFrame


def mapping_rows(edges: pl.DataFrame, src: int, terms: TermIndex) -> pl.Expr | None:
    """Which edges of a source are statements of equivalence, weighed here, and no edges of their own; or None.

    That is SAME_AS or XREF with a defined concept at an end, and at the other end too, or an id without name.
    An XREF of a concept that the source itself defines is none: that it means the same it would say in the
    concept's record. So a composite trait never becomes one with what it points to.
    """
    if not edges["type"].is_in(MAPPING_TYPES).any():
        return None
    known = pl.concat([terms.frame["id"], terms.replaced["alt"]]).unique().implode()
    own = terms.frame.filter(pl.col("src") == src)["id"].implode()
    start, end = (pl.col(f"{side}_id").is_in(known).fill_null(False) for side in _PAIR)
    bare = [pl.col(f"{side}_id").is_not_null() & pl.col(f"{side}_name").is_null() for side in _PAIR]
    of_own = pl.any_horizontal(pl.col(f"{side}_id").is_in(own).fill_null(False) for side in _PAIR)
    return (
        pl.col("type").is_in(MAPPING_TYPES)
        & ((pl.col("type") != "XREF") | ~of_own)
        & ((start & end) | (start & bare[1]) | (end & bare[0]))
    )


def weigh(concepts: pl.DataFrame, mappings: Sequence[pl.DataFrame], terms: TermIndex) -> Equivalence:
    """Tell identity from evidence, over the union of what all sources state.

    Same: stated as exact; or a CUI that both list; or a cross-reference; the latter two only where each of
    the two ids stands in exactly one such pair of these two vocabularies. `mappings`: of each source, the
    edges that `mapping_rows` chose. Statements qualified as less, and cross-references that are not one to
    one, are pairs that are not the same.
    """
    stated = _statements(concepts, mappings, terms)
    listed = stated.filter(pl.col("strength") < INEXACT)
    kinds = terms.frame.select("id", "class", "prefix")
    both = _ordered(stated.join(kinds.select(other="id"), on="other", how="semi"))
    qualified = both.filter(pl.col("strength") == INEXACT).select(_PAIR).unique()
    single = _one_to_one(listed.select("id", "other"))
    crossed = both.join(single, on=_PAIR, how="semi").join(qualified, on=_PAIR, how="anti")
    candidates = pl.concat(
        [
            both.filter(pl.col("strength") == EXACT),
            _same_cui(listed, kinds),
            crossed.filter(pl.col("strength") == CROSS),
        ]
    )
    alike = (
        candidates.join(kinds, left_on="start", right_on="id")
        .join(kinds, left_on="end", right_on="id", suffix="_end")
        .filter((pl.col("class") == pl.col("class_end")) & (pl.col("prefix") != pl.col("prefix_end")))
        .select(*both.columns, same=pl.lit(True))
    )
    pairs = (
        pl.concat([alike, both.with_columns(same=pl.lit(False))])
        .sort("start", "end", pl.col("same").not_(), "strength", "src", "row")
        .unique(_PAIR, keep="first", maintain_order=True)
    )
    return Equivalence(pairs, listed)


def _statements(concepts: pl.DataFrame, mappings: Sequence[pl.DataFrame], terms: TermIndex) -> pl.DataFrame:
    """Every statement about a defined id: id, other, strength (EXACT, CROSS, INEXACT), src, row."""
    columns = (("exact_matches", EXACT), ("xrefs", CROSS), ("inexact_xrefs", INEXACT))
    parts = [
        concepts.select("id", "src", "row", other=column).explode("other").drop_nulls().pipe(_with, strength)
        for column, strength in columns
    ]
    for at, edges in enumerate(mappings):
        relation = pl.col("relation") if "relation" in edges.columns else pl.lit(None, dtype=pl.String)
        strength = (
            pl.when(relation.str.contains(_LESS).fill_null(False))
            .then(INEXACT)
            .when(pl.col("type") == "SAME_AS")
            .then(EXACT)
            .otherwise(CROSS)
            .cast(pl.UInt8)
        )
        forward = edges.select(
            "start_id", "end_id", pl.lit(at, dtype=SRC).alias("src"), "row", strength.alias("strength")
        )
        parts += [
            forward.select("src", "row", "strength", id=a, other=b)
            for a, b in (("start_id", "end_id"), ("end_id", "start_id"))
        ]
    order = ["id", "other", "strength", "src", "row"]
    every = pl.concat([part.select(order) for part in parts])
    for column in ("id", "other"):
        every = redirect(every, column, terms)
    return (
        every.join(terms.frame.select("id"), on="id", how="semi")
        .filter(pl.col("id") != pl.col("other"))
        .sort("id", "other", "strength", "src", "row")
        .unique(["id", "other", "strength"], keep="first", maintain_order=True)
    )


def _with(frame: pl.DataFrame, strength: int) -> pl.DataFrame:
    return frame.with_columns(pl.lit(strength, dtype=pl.UInt8).alias("strength"))


def _ordered(stated: pl.DataFrame) -> pl.DataFrame:
    """Statements about two defined ids, lower id first: start, end, strength, src, row."""
    return stated.select(
        pl.min_horizontal("id", "other").alias("start"),
        pl.max_horizontal("id", "other").alias("end"),
        "strength",
        "src",
        "row",
    )


def _one_to_one(pairs: pl.DataFrame) -> pl.DataFrame:
    """Of (id, other) pairs those whose two ids meet only each other between these two vocabularies."""
    ordered = (
        pairs.select(pl.min_horizontal("id", "other").alias("start"), pl.max_horizontal("id", "other").alias("end"))
        .unique()
        .with_columns(p=prefix("start"), q=prefix("end"))
    )
    return ordered.filter(
        (pl.len().over("start", "q") == 1) & (pl.len().over("end", "p") == 1) & (pl.col("p") != pl.col("q"))
    ).select(_PAIR)


def _same_cui(listed: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one class that list one UMLS concept, one to one between their vocabularies."""
    with_cui = (
        listed.filter(pl.col("other").str.starts_with(UMLS))
        .join(kinds, on="id")
        .filter(pl.col("prefix") != "UMLS")
        .filter(pl.col("id").n_unique().over("other", "class", "prefix") == 1)
        .select("id", "other", "class", "prefix", "src", "row")
    )
    met = with_cui.join(with_cui, on=["other", "class"], suffix="_end").filter(
        (pl.col("id") < pl.col("id_end")) & (pl.col("prefix") != pl.col("prefix_end"))
    )
    pairs = pl.concat(
        [
            met.select(start="id", end="id_end", src="src", row="row"),
            met.select(start="id", end="id_end", src="src_end", row="row_end"),
        ]
    )
    single = _one_to_one(pairs.select(id="start", other="end"))
    return (
        pairs.join(single, on=_PAIR, how="semi")
        .sort(*_PAIR, "src", "row")
        .unique(_PAIR, keep="first", maintain_order=True)
        .with_columns(pl.lit(CUI, dtype=pl.UInt8).alias("strength"))
        .select(*_PAIR, "strength", "src", "row")
    )
