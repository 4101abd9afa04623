"""Clusters of concepts that mean one thing, and the id that stands for each."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.equivalence import NAMED, STRENGTHS
from generel_etl.resolve.result import LEFT_OUT_COLUMNS

# Who stands for a cluster: the first (kind, vocabulary) that it has; "" stands for any other vocabulary.
PREFERENCE: tuple[tuple[str, str], ...] = (
    *(("Disease", vocabulary) for vocabulary in ("MONDO", "EFO", "DOID", "MESH", "UMLS", "")),
    ("Phenotype", "HP"),
    ("Phenotype", ""),
    ("Gene", "HGNC"),
    *(("Drug", vocabulary) for vocabulary in ("DRUGBANK", "CHEBI", "MESH", "RXNORM")),
)


@dataclass(frozen=True, slots=True)
class Clusters:
    """`members`: id, group (a number of no meaning), of every concept given; `left_out`: see `Resolved`."""

    members: pl.DataFrame
    left_out: pl.DataFrame


def greedy_clusters(ids: pl.Series, same: pl.DataFrame) -> Clusters:
    """Join concepts by their equivalences, the strongest first, then by ids.

    An equivalence that would put two ids of one vocabulary into one cluster is left out. `ids`: all concepts,
    distinct; `same`: start, end, strength.
    """
    order = ids.sort().to_list()
    at = {concept: n for n, concept in enumerate(order)}
    parent = list(range(len(order)))
    # of a root: which member it has of each vocabulary
    holds: list[dict[str, str] | None] = [None] * len(order)

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    left_out = []
    for start, end, strength in same.select("start", "end", "strength").sort("strength", "start", "end").rows():
        a, b = root(at[start]), root(at[end])
        if a == b:
            continue
        of_a, of_b = (holds[n] or {_vocabulary(order[n]): order[n]} for n in (a, b))
        clash = min(of_a.keys() & of_b.keys(), default=None)
        if clash is not None:
            left_out.append((start, end, STRENGTHS[strength], *sorted((of_a[clash], of_b[clash]))))
            continue
        parent[b] = a
        holds[a], holds[b] = of_a | of_b, None
    members = pl.DataFrame(
        {"id": order, "group": [root(n) for n in range(len(order))]},
        schema={"id": pl.String, "group": pl.UInt32},
    )
    schema = dict.fromkeys(LEFT_OUT_COLUMNS, pl.String)
    return Clusters(members, pl.DataFrame(left_out, schema=schema, orient="row"))


def _vocabulary(concept: str) -> str:
    return concept.partition(":")[0]


def representatives(members: pl.DataFrame) -> pl.DataFrame:
    """Choose of each group the member that stands for it: by PREFERENCE, then the lowest id, of NAMED the last.

    `members`: id, kind, prefix, group. Returns group, cluster (the representative's id).
    """
    rank = pl.lit(len(PREFERENCE), dtype=pl.Int32)
    for place, (kind, vocabulary) in reversed(list(enumerate(PREFERENCE))):
        fits = pl.col("kind") == kind
        if vocabulary:
            fits &= pl.col("prefix") == vocabulary
        rank = pl.when(fits).then(pl.lit(place, dtype=pl.Int32)).otherwise(rank)
    rank = pl.when(pl.col("prefix").is_in(NAMED)).then(len(PREFERENCE) + 1).otherwise(rank)
    return (
        members.with_columns(rank.alias("rank"))
        .sort("group", "rank", "id")
        .unique("group", keep="first", maintain_order=True)
        .select("group", cluster="id")
    )
