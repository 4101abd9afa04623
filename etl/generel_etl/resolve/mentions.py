"""Resolve mentions of concepts to nodes: by id, replacement, cross-reference or name, or to a new node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from generel_etl.resolve.endpoints import EdgeBatch
from generel_etl.resolve.equivalence import UMLS
from generel_etl.resolve.gather import SRC, UNKNOWN, kind_class
from generel_etl.resolve.names import id_from_name, name_key
from generel_etl.resolve.terms import TermIndex

MENTION_COLUMNS = {
    "src": SRC,
    "row": pl.Int64,
    "record": pl.Boolean,  # a row of `Concepts`, not an endpoint of an edge
    "kind": pl.String,
    "class": pl.String,
    "id": pl.String,
    "name": pl.String,
    "key": pl.String,
}


@dataclass(frozen=True, slots=True)
class ConceptIndex:
    """Lookup tables of the defined concepts, each with class, token, cluster.

    The tokens are obsolete ids (`replaced`), defined ids (`defined`), cross-references, and names in two tiers: names,
    then names and EXACT synonyms.
    """

    replaced: pl.DataFrame
    defined: pl.DataFrame
    cross_references: pl.DataFrame
    names: tuple[pl.DataFrame, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class MentionTargets:
    """The nodes of mentions. `by_id`: class, id, target, method; `by_name` (no id): src, class, key, target, method."""

    by_id: pl.DataFrame
    by_name: pl.DataFrame


def build_index(
    concepts: pl.DataFrame, terms: TermIndex, cluster: pl.DataFrame, cross_references: pl.DataFrame
) -> ConceptIndex:
    """Build the lookup tables. `cluster`: id, cluster; `cross_references`: id, other."""
    known = terms.frame.select("id", "class").join(cluster, on="id")
    known = pl.concat([known, known.with_columns(pl.lit(UNKNOWN).alias("class"))])
    stated = concepts.filter("defined")
    names = stated.select("id", token=name_key(pl.col("name")))
    synonyms = stated.select("id", token="synonyms").explode("token").with_columns(name_key(pl.col("token")))

    def entry(tokens: pl.DataFrame) -> pl.DataFrame:
        return tokens.drop_nulls().join(known, on="id").select("class", "token", "cluster").unique()

    return ConceptIndex(
        replaced=entry(terms.replaced.select(id="target", token="alt")),
        defined=entry(terms.frame.select("id", token="id")),
        cross_references=entry(cross_references.select("id", token="other")),
        names=(entry(names), entry(pl.concat([names, synonyms]))),
    )


def concept_mentions(records: pl.DataFrame, batches: Sequence[EdgeBatch]) -> pl.DataFrame:
    """All mentions of concepts, by records and by endpoints of edges, with the columns MENTION_COLUMNS."""
    parts = [
        records.select(
            "src", "row", pl.lit(True).alias("record"), "kind", kind_class().alias("class"), "id", "name",
            name_key(pl.col("name")).alias("key"),
        )
    ]  # fmt: skip
    for batch in batches:
        endpoints = batch.endpoints.filter(pl.col("kind") != "SNP")
        columns = [name for name in MENTION_COLUMNS if name not in ("src", "record")]
        parts.append(
            endpoints.select(pl.lit(batch.src, dtype=SRC).alias("src"), pl.lit(False).alias("record"), *columns)
        )
    return pl.concat([part.select(*MENTION_COLUMNS) for part in parts])


def resolve_mentions(
    mentions: pl.DataFrame, records: pl.DataFrame, terms: TermIndex, index: ConceptIndex, sources: Sequence[str]
) -> MentionTargets:
    """Resolve each mention to a node. If several concepts match and all are in one cluster, its representative counts.

    An id is resolved equally for all sources. A mention without id and name has no node. `records`: mentions that are
    rows of `Concepts`; their cross-references and synonyms are used as well.
    """
    key = ["class", "id"]
    ids = mentions.filter(pl.col("id").is_not_null()).select(key).unique()
    defined = ids.join(terms.frame.select("id"), on="id", how="semi")
    resolved = [defined.select(*key, target="id", method=pl.lit("id"))]
    ids = ids.join(resolved[0], on=key, how="anti")
    by_token = ids.with_columns(token="id")
    own_records = records.select(kind_class().alias("class"), "id", "xrefs", "exact_matches", "synonyms")
    own_records = own_records.join(ids, on=key, how="semi")
    references = pl.concat(
        [own_records.select(*key, token=column).explode("token") for column in ("xrefs", "exact_matches")]
    ).drop_nulls()
    shared_cuis = references.filter(pl.col("token").str.starts_with(UMLS))  # the CUI itself need not be a node
    with_name = pl.col("id").is_not_null() & pl.col("key").is_not_null()
    names = mentions.filter(with_name).select(*key, token="key").unique()
    steps: list[tuple[str, list[tuple[pl.DataFrame, pl.DataFrame]]]] = [
        ("replacement", [(by_token, index.replaced)]),
        (
            "cross_reference",
            [
                (by_token, index.cross_references),
                (references, index.defined),
                (shared_cuis, index.cross_references),
            ],
        ),
        *(("name", [(names, tier)]) for tier in index.names),
    ]
    for method, tokens in steps:
        step = unique_cluster(key, tokens).with_columns(method=pl.lit(method)).join(ids, on=key, how="semi")
        resolved.append(step)
        ids = ids.join(step, on=key, how="anti")
    own = ids.join(names, on=key, how="semi").select(*key, target="id", method=pl.lit("own"))
    by_id = pl.concat([*resolved, own]).sort(key)
    return MentionTargets(by_id, _by_name(mentions, _names_of(own, names, own_records), index, sources))


def _names_of(own: pl.DataFrame, names: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Names and EXACT synonyms of the concepts that are nodes by mention: class, token, cluster (the id)."""
    synonyms = records.select("class", "id", token="synonyms").explode("token")
    tokens = pl.concat([names, synonyms.with_columns(name_key(pl.col("token")))]).drop_nulls()
    known = tokens.join(own, on=["class", "id"], how="semi").select("class", "token", cluster="id")
    return pl.concat([known, known.with_columns(pl.lit(UNKNOWN).alias("class"))]).unique()


def _by_name(
    mentions: pl.DataFrame, names_of_mentioned: pl.DataFrame, index: ConceptIndex, sources: Sequence[str]
) -> pl.DataFrame:
    """Resolve mentions without an id: to a defined concept, otherwise to a mentioned one, otherwise to a new node."""
    key = ["src", "class", "key"]
    rest = mentions.filter(pl.col("id").is_null() & pl.col("key").is_not_null()).select(key).unique()
    resolved = []
    for names in (*index.names, names_of_mentioned):
        tokens = rest.with_columns(token="key")
        step = unique_cluster(key, [(tokens, names)]).with_columns(method=pl.lit("name"))
        resolved.append(step)
        rest = rest.join(step, on=key, how="anti")
    new_ids = [id_from_name(sources[src], kind, name) for src, kind, name in rest.rows()]
    new = pl.Series("target", new_ids, dtype=pl.String)
    resolved.append(rest.with_columns(new, pl.lit("own").alias("method")))
    return pl.concat(resolved).sort(key)


def unique_cluster(key: list[str], lookups: Sequence[tuple[pl.DataFrame, pl.DataFrame]]) -> pl.DataFrame:
    """The mentions whose matching tokens all have one cluster: the columns `key`, and target.

    `lookups`: pairs of mentions (`key`, class, token) and a lookup table (class, token, cluster).
    """
    matches = pl.concat(
        [mentions.join(table, on=["class", "token"]).select(*key, "cluster") for mentions, table in lookups]
    )
    return (
        matches.group_by(key)
        .agg(pl.col("cluster").n_unique().alias("n"), pl.col("cluster").min().alias("target"))
        .filter(pl.col("n") == 1)
        .drop("n")
    )


def look_up_targets(mentions: pl.DataFrame, targets: MentionTargets) -> pl.DataFrame:
    """Target and method of each mention (src, class, id, key), in order; null without a node."""
    by_id = mentions.join(targets.by_id, on=["class", "id"], how="left", maintain_order="left")
    by_name = mentions.join(targets.by_name, on=["src", "class", "key"], how="left", maintain_order="left")
    has_id = mentions["id"].is_not_null()
    return by_id.select(
        pl.when(has_id).then(pl.col(column)).otherwise(by_name[column]).alias(column) for column in ("target", "method")
    )
