"""Equivalence of concepts of two vocabularies, derived from the statements of all sources together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.gather import SRC, prefix
from generel_etl.resolve.terms import TermIndex, redirect

EXACT, CUI, CROSS, NAME, SYNONYM, INEXACT = range(
    6
)  # strengths, the strongest first; all but the last can make SAME_AS
STRENGTHS = ("exactMatch", "same CUI", "cross-reference", "name", "synonym")
# Vocabularies without cross-references: joined by name (`pairs_by_name`), and never representatives of a cluster.
JOINED_BY_NAME = ("PHECODE",)
MAPPING_TYPES = ("SAME_AS", "XREF")
UMLS = "UMLS:"
_INEXACT_RELATION = r"(?i)close|broad|narrow|related|inexact"  # weaker than equivalence
_PAIR = ("start", "end")


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The statements about defined concepts.

    `pairs`: start < end (both defined), strength, same (true: SAME_AS, false: XREF), src and row of the first
    statement. `cross_references`: id (defined), other, src, row; all that are not qualified as less than equivalent.
    """

    pairs: pl.DataFrame
    cross_references: pl.DataFrame


def is_mapping(edges: pl.DataFrame, src: int, terms: TermIndex) -> pl.Expr | None:
    """Whether each edge of a source is a statement of equivalence and not an edge of the graph; None if none is.

    Such an edge has the type SAME_AS or XREF, a defined concept at one endpoint, and a defined concept or an id
    without a name at the other. An XREF of a concept that the source itself defines does not count: the source would
    state an equivalence in the record of the concept. A composite trait therefore never becomes equivalent to a trait
    that it refers to.
    """
    if not edges["type"].is_in(MAPPING_TYPES).any():
        return None
    known = pl.concat([terms.frame["id"], terms.replaced["alt"]]).unique().implode()
    defined_here = terms.frame.filter(pl.col("src") == src)["id"].implode()
    start, end = (pl.col(f"{side}_id").is_in(known).fill_null(False) for side in _PAIR)
    only_id = [pl.col(f"{side}_id").is_not_null() & pl.col(f"{side}_name").is_null() for side in _PAIR]
    has_own_concept = pl.any_horizontal(pl.col(f"{side}_id").is_in(defined_here).fill_null(False) for side in _PAIR)
    return (
        pl.col("type").is_in(MAPPING_TYPES)
        & ((pl.col("type") != "XREF") | ~has_own_concept)
        & ((start & end) | (start & only_id[1]) | (end & only_id[0]))
    )


def derive_equivalence(concepts: pl.DataFrame, mappings: Sequence[pl.DataFrame], terms: TermIndex) -> Equivalence:
    """Decide which pairs of concepts are the same, from the statements of all sources.

    Two concepts are the same if an exact match is stated, if both list the same CUI, or if one cross-refers to the
    other. The latter two count only if each of the two ids is in exactly one such pair of the two vocabularies.
    Qualified statements, and cross-references that are not one-to-one, give pairs that are not the same.
    `mappings`: for each source, the edges that `is_mapping` selects.
    """
    stated = _statements(concepts, mappings, terms)
    cross_references = stated.filter(pl.col("strength") < INEXACT)
    kinds = terms.frame.select("id", "class", "prefix")
    both = _ordered(stated.join(kinds.select(other="id"), on="other", how="semi"))
    qualified = both.filter(pl.col("strength") == INEXACT).select(_PAIR).unique()
    single = _one_to_one(cross_references.select("id", "other"))
    crossed = both.join(single, on=_PAIR, how="semi").join(qualified, on=_PAIR, how="anti")
    candidates = pl.concat(
        [
            both.filter(pl.col("strength") == EXACT),
            _same_cui(cross_references, kinds),
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
    return Equivalence(pairs, cross_references)


def _statements(concepts: pl.DataFrame, mappings: Sequence[pl.DataFrame], terms: TermIndex) -> pl.DataFrame:
    """All statements about defined ids: id, other, strength (EXACT, CROSS, INEXACT), src, row."""
    columns = (("exact_matches", EXACT), ("xrefs", CROSS), ("inexact_xrefs", INEXACT))
    parts = [
        concepts.select("id", "src", "row", other=column).explode("other").drop_nulls().pipe(_with, strength)
        for column, strength in columns
    ]
    for src, edges in enumerate(mappings):
        relation = pl.col("relation") if "relation" in edges.columns else pl.lit(None, dtype=pl.String)
        strength = (
            pl.when(relation.str.contains(_INEXACT_RELATION).fill_null(False))
            .then(INEXACT)
            .when(pl.col("type") == "SAME_AS")
            .then(EXACT)
            .otherwise(CROSS)
            .cast(pl.UInt8)
        )
        forward = edges.select(
            "start_id", "end_id", pl.lit(src, dtype=SRC).alias("src"), "row", strength.alias("strength")
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
    """Statements about two defined ids, with the lower id first: start, end, strength, src, row."""
    return stated.select(
        pl.min_horizontal("id", "other").alias("start"),
        pl.max_horizontal("id", "other").alias("end"),
        "strength",
        "src",
        "row",
    )


def _one_to_one(pairs: pl.DataFrame) -> pl.DataFrame:
    """The (id, other) pairs whose two ids have no other partner in the vocabulary of the other."""
    ordered = (
        pairs.select(pl.min_horizontal("id", "other").alias("start"), pl.max_horizontal("id", "other").alias("end"))
        .unique()
        .with_columns(p=prefix("start"), q=prefix("end"))
    )
    return ordered.filter(
        (pl.len().over("start", "q") == 1) & (pl.len().over("end", "p") == 1) & (pl.col("p") != pl.col("q"))
    ).select(_PAIR)


def _same_cui(cross_references: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one class that list the same UMLS concept, one-to-one between their vocabularies."""
    with_cui = (
        cross_references.filter(pl.col("other").str.starts_with(UMLS))
        .join(kinds, on="id")
        .filter(pl.col("prefix") != "UMLS")
        .filter(pl.col("id").n_unique().over("other", "class", "prefix") == 1)
        .select("id", "other", "class", "prefix", "src", "row")
    )
    matches = with_cui.join(with_cui, on=["other", "class"], suffix="_end").filter(
        (pl.col("id") < pl.col("id_end")) & (pl.col("prefix") != pl.col("prefix_end"))
    )
    pairs = pl.concat(
        [
            matches.select(start="id", end="id_end", src="src", row="row"),
            matches.select(start="id", end="id_end", src="src_end", row="row_end"),
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
