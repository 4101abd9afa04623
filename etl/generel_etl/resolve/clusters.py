"""Clusters of equivalent concepts, and the representative of each cluster."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.equivalence import JOINED_BY_NAME

# The representative of a cluster is its member with the first of these (kind, vocabulary); "": any other vocabulary.
PREFERENCE: tuple[tuple[str, str], ...] = (
    *(("Disease", vocabulary) for vocabulary in ("MONDO", "EFO", "DOID", "MESH", "UMLS", "")),
    ("Phenotype", "HP"),
    ("Phenotype", ""),
    ("Gene", "HGNC"),
    *(("Drug", vocabulary) for vocabulary in ("DRUGBANK", "CHEBI", "MESH", "RXNORM")),
)


@dataclass(frozen=True, slots=True)
class Clusters:
    """`members`: id, group (an arbitrary number) of all concepts; `left_out`: start, end of equivalences not used."""

    members: pl.DataFrame
    left_out: pl.DataFrame


def greedy_clusters(ids: pl.Series, same: pl.DataFrame) -> Clusters:
    """Join concepts by their equivalences, the strongest first, then by ids.

    An equivalence that would put two ids of one vocabulary into one cluster is left out. `ids`: all concepts,
    distinct; `same`: start, end, strength.
    """
    concepts = ids.sort().to_list()
    index = {concept: n for n, concept in enumerate(concepts)}
    parent = list(range(len(concepts)))
    # For each root with several members: the vocabularies in its cluster.
    vocabularies: list[set[str] | None] = [None] * len(concepts)

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    left_out = []
    for start, end in same.sort("strength", "start", "end").select("start", "end").rows():
        a, b = root(index[start]), root(index[end])
        if a == b:
            continue
        of_a, of_b = (vocabularies[n] or {_vocabulary(concepts[n])} for n in (a, b))
        if of_a & of_b:
            left_out.append((start, end))
            continue
        parent[b] = a
        vocabularies[a], vocabularies[b] = of_a | of_b, None
    members = pl.DataFrame(
        {"id": concepts, "group": [root(n) for n in range(len(concepts))]},
        schema={"id": pl.String, "group": pl.UInt32},
    )
    return Clusters(members, pl.DataFrame(left_out, schema={"start": pl.String, "end": pl.String}, orient="row"))


def _vocabulary(concept: str) -> str:
    return concept.partition(":")[0]


def representatives(members: pl.DataFrame) -> pl.DataFrame:
    """Choose the representative of each group: by PREFERENCE, then the lowest id; JOINED_BY_NAME have the lowest rank.

    `members`: id, kind, prefix, group. Returns group, cluster (the representative's id).
    """
    rank = pl.lit(len(PREFERENCE), dtype=pl.Int32)
    for position, (kind, vocabulary) in reversed(list(enumerate(PREFERENCE))):
        matches = pl.col("kind") == kind
        if vocabulary:
            matches &= pl.col("prefix") == vocabulary
        rank = pl.when(matches).then(pl.lit(position, dtype=pl.Int32)).otherwise(rank)
    rank = pl.when(pl.col("prefix").is_in(JOINED_BY_NAME)).then(len(PREFERENCE) + 1).otherwise(rank)
    return (
        members.with_columns(rank.alias("rank"))
        .sort("group", "rank", "id")
        .unique("group", keep="first", maintain_order=True)
        .select("group", cluster="id")
    )
