"""Mentions of concepts, led to their nodes: by id, replacement, cross-reference, name, or one of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.ends import Batch
from generel_etl.resolve.equivalence import UMLS
from generel_etl.resolve.gather import SRC, UNKNOWN, kind_class
from generel_etl.resolve.names import name_key, own_id
from generel_etl.resolve.terms import TermIndex

SEEN = {
    "src": SRC,
    "row": pl.Int64,
    "record": pl.Boolean,  # a row of Concepts, which says more of it than an end of an edge does
    "kind": pl.String,
    "class": pl.String,
    "id": pl.String,
    "name": pl.String,
    "key": pl.String,
}


@dataclass(frozen=True, slots=True)
class Index:
    """Ways into the defined concepts; each frame has class, token, cluster.

    `names` has two tiers: by name alone, then by name or EXACT synonym.
    """

    replaced: pl.DataFrame
    living: pl.DataFrame
    crossed: pl.DataFrame
    names: tuple[pl.DataFrame, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class MentionTargets:
    """Where mentions lead. `by_id`: class, id, target, way; `by_name` (no id): src, class, key, target, way."""

    by_id: pl.DataFrame
    by_name: pl.DataFrame


def index_terms(concepts: pl.DataFrame, terms: TermIndex, cluster: pl.DataFrame, listed: pl.DataFrame) -> Index:
    """Build the ways into defined concepts. `cluster`: id, cluster; `listed`: id, other (cross-references)."""
    known = terms.frame.select("id", "class").join(cluster, on="id")
    known = pl.concat([known, known.with_columns(pl.lit(UNKNOWN).alias("class"))])
    stated = concepts.filter("defined")
    names = stated.select("id", token=name_key(pl.col("name")))
    synonyms = stated.select("id", token="synonyms").explode("token").with_columns(name_key(pl.col("token")))

    def entry(tokens: pl.DataFrame) -> pl.DataFrame:
        return tokens.drop_nulls().join(known, on="id").select("class", "token", "cluster").unique()

    return Index(
        replaced=entry(terms.replaced.select(id="target", token="alt")),
        living=entry(terms.frame.select("id", token="id")),
        crossed=entry(listed.select("id", token="other")),
        names=(entry(names), entry(pl.concat([names, synonyms]))),
    )


def seen_concepts(records: pl.DataFrame, batches: Sequence[Batch]) -> pl.DataFrame:
    """All mentions of concepts, by records and by ends of edges, with the columns of SEEN."""
    parts = [
        records.select(
            "src", "row", pl.lit(True).alias("record"), "kind", kind_class().alias("class"), "id", "name",
            name_key(pl.col("name")).alias("key"),
        )
    ]  # fmt: skip
    for batch in batches:
        ends = batch.ends.filter(pl.col("kind") != "SNP")
        parts.append(ends.select(pl.lit(batch.src, dtype=SRC).alias("src"), pl.lit(False).alias("record"), *_rest()))
    return pl.concat([part.select(*SEEN) for part in parts])


def _rest() -> list[str]:
    return [name for name in SEEN if name not in ("src", "record")]


def find_homes(
    seen: pl.DataFrame, records: pl.DataFrame, terms: TermIndex, index: Index, sources: Sequence[str]
) -> MentionTargets:
    """Lead each mention to a node; several targets are fine if they are one cluster, which stands for them.

    An id is led the same way for all sources, whichever names it; a mention without both leads nowhere.
    `records`: mentions that are rows of Concepts, whose own cross-references and synonyms count.
    """
    asked = ["class", "id"]
    ids = seen.filter(pl.col("id").is_not_null()).select(asked).unique()
    found = [ids.join(terms.frame.select("id"), on="id", how="semi").select(*asked, target="id", way=pl.lit("id"))]
    ids = ids.join(found[0], on=asked, how="anti")
    by_token = ids.with_columns(token="id")
    of_records = records.select(kind_class().alias("class"), "id", "xrefs", "exact_matches", "synonyms")
    of_records = of_records.join(ids, on=asked, how="semi")
    crossing = pl.concat(
        [of_records.select(*asked, token=column).explode("token") for column in ("xrefs", "exact_matches")]
    ).drop_nulls()
    same_cui = crossing.filter(pl.col("token").str.starts_with(UMLS))  # a node for the CUI itself is not needed
    named = seen.filter(pl.col("id").is_not_null() & pl.col("key").is_not_null()).select(*asked, token="key").unique()
    steps: list[tuple[str, list[tuple[pl.DataFrame, pl.DataFrame]]]] = [
        ("replacement", [(by_token, index.replaced)]),
        ("cross_reference", [(by_token, index.crossed), (crossing, index.living), (same_cui, index.crossed)]),
        *(("name", [(named, names)]) for names in index.names),
    ]
    for way, tokens in steps:
        step = one_cluster(asked, tokens).with_columns(way=pl.lit(way)).join(ids, on=asked, how="semi")
        found.append(step)
        ids = ids.join(step, on=asked, how="anti")
    own = ids.join(named, on=asked, how="semi").select(*asked, target="id", way=pl.lit("own"))
    by_id = pl.concat([*found, own]).sort(asked)
    return MentionTargets(by_id, _by_name(seen, _names_of(own, named, of_records), index, sources))


def _names_of(own: pl.DataFrame, named: pl.DataFrame, of_records: pl.DataFrame) -> pl.DataFrame:
    """Names and EXACT synonyms of concepts that are nodes by mention: class, token, cluster (the id)."""
    synonyms = of_records.select("class", "id", token="synonyms").explode("token")
    tokens = pl.concat([named, synonyms.with_columns(name_key(pl.col("token")))]).drop_nulls()
    known = tokens.join(own, on=["class", "id"], how="semi").select("class", "token", cluster="id")
    return pl.concat([known, known.with_columns(pl.lit(UNKNOWN).alias("class"))]).unique()


def _by_name(seen: pl.DataFrame, homes: pl.DataFrame, index: Index, sources: Sequence[str]) -> pl.DataFrame:
    """Mentions by name alone: among defined concepts, then among mentioned ones, else on their own."""
    asked = ["src", "class", "key"]
    rest = seen.filter(pl.col("id").is_null() & pl.col("key").is_not_null()).select(asked).unique()
    found = []
    for names in (*index.names, homes):
        tokens = rest.with_columns(token="key")
        step = one_cluster(asked, [(tokens, names)]).with_columns(way=pl.lit("name"))
        found.append(step)
        rest = rest.join(step, on=asked, how="anti")
    own = [own_id(sources[src], kind, key) for src, kind, key in rest.rows()]
    found.append(rest.with_columns(pl.Series("target", own, dtype=pl.String), pl.lit("own").alias("way")))
    return pl.concat(found).sort(asked)


def one_cluster(asked: list[str], tokens: Sequence[tuple[pl.DataFrame, pl.DataFrame]]) -> pl.DataFrame:
    """What is asked, where all its tokens that lead anywhere lead to one cluster: asked, target."""
    met = pl.concat([asking.join(into, on=["class", "token"]).select(*asked, "cluster") for asking, into in tokens])
    return (
        met.group_by(asked)
        .agg(pl.col("cluster").n_unique().alias("n"), pl.col("cluster").min().alias("target"))
        .filter(pl.col("n") == 1)
        .drop("n")
    )


def look_up(asked: pl.DataFrame, homes: MentionTargets) -> pl.DataFrame:
    """The node of each mention, in the order of `asked` (src, class, id, key): target, way; null if none."""
    by_id = asked.join(homes.by_id, on=["class", "id"], how="left", maintain_order="left")
    by_name = asked.join(homes.by_name, on=["src", "class", "key"], how="left", maintain_order="left")
    has_id = asked["id"].is_not_null()
    return by_id.select(
        pl.when(has_id).then(pl.col(column)).otherwise(by_name[column]).alias(column) for column in ("target", "way")
    )
