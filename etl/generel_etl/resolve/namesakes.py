"""Vocabularies that cross-refer to no other: their concepts are joined to others by their names.

Phecodes gather ICD codes, and a shared code is no identity: of the MONDO terms that share one with a phecode, one to
one, about 88 (ICD-9) and 90 (ICD-10) in a hundred mean the same; of those that share the name, 96 (decision 10).
"""

from __future__ import annotations

import polars as pl

from generel_etl.resolve.equivalence import NAME, NAMED, SYNONYM, Equivalence
from generel_etl.resolve.mentions import index_terms, one_cluster
from generel_etl.resolve.names import name_key
from generel_etl.resolve.terms import Terms


def join_namesakes(
    concepts: pl.DataFrame, terms: Terms, equivalence: Equivalence, cluster: pl.DataFrame
) -> pl.DataFrame:
    """Pairs, as those of `Equivalence`, of a concept of NAMED and the one cluster that its name leads to.

    It is led as a mention by name would be: by exact name, else by name or EXACT synonym, within its class. So
    that vocabulary takes no name away from who had it alone. A concept that is the same as another already, and a
    pair that is stated to be less, are left as they are. `cluster`: id, cluster.
    """
    same = equivalence.pairs.filter("same")
    joined = pl.concat([same["start"], same["end"]]).implode()
    named = pl.col("prefix").is_in(NAMED)
    rest = (
        terms.frame.filter(named & ~pl.col("id").is_in(joined))
        .join(concepts.select("id", "src", "row", token=name_key(pl.col("name"))), on=["id", "src", "row"])
        .select("id", "class", "src", "row", "token")
        .drop_nulls("token")
    )
    others = concepts.join(terms.frame.filter(~named).select("id"), on="id", how="semi")
    found = []
    tiers = index_terms(others, terms, cluster, equivalence.listed.clear()).names
    for strength, names in zip((NAME, SYNONYM), tiers, strict=True):
        step = one_cluster(["class", "id"], [(rest, names)])
        found.append(rest.join(step, on=["class", "id"]).with_columns(strength=pl.lit(strength, dtype=pl.UInt8)))
        rest = rest.join(step, on=["class", "id"], how="anti")
    pairs = pl.concat(found).select(
        pl.min_horizontal("id", "target").alias("start"),
        pl.max_horizontal("id", "target").alias("end"),
        "strength",
        "src",
        "row",
        same=pl.lit(True),
    )
    return pairs.select(equivalence.pairs.columns).join(equivalence.pairs, on=["start", "end"], how="anti")
