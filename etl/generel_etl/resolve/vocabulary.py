"""First step of `resolve`: the defined concepts, their equivalences and their clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from generel_etl.resolve.clusters import Clusters, greedy_clusters, representatives
from generel_etl.resolve.equivalence import JOINED_BY_NAME, NAME, SYNONYM, Equivalence, derive_equivalence, is_mapping
from generel_etl.resolve.gather import CONDITION, StagedTables
from generel_etl.resolve.mentions import build_index, unique_cluster
from generel_etl.resolve.names import name_key
from generel_etl.resolve.terms import TermIndex, defined_terms

PARTNER_PREFIXES = ("MONDO", "DOID")  # a conditional condition takes the kind of such a partner, in this order


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The defined concepts and their equivalences.

    `members`: id, kind, prefix, group (of a cluster). `mappings`: for each source, the edges that only state an
    equivalence.
    """

    terms: TermIndex
    equivalence: Equivalence
    clusters: Clusters
    members: pl.DataFrame
    mappings: tuple[pl.DataFrame, ...]

    def clusters_of_nodes(self, inactive: pl.Series | None = None) -> pl.DataFrame:
        """The representative of each concept's cluster (id, cluster); concepts in `inactive` are ignored."""
        members = self.members
        if inactive is not None:
            members = members.filter(~pl.col("id").is_in(inactive.implode()))
        return members.join(representatives(members), on="group").select("id", "cluster")


def build_vocabulary(tables: StagedTables) -> tuple[Vocabulary, tuple[pl.DataFrame, ...]]:
    """Derive equivalences and clusters of the defined concepts; also returns the other edges of each source."""
    terms = defined_terms(tables.concepts)
    divided = [_split_mappings(edges, is_mapping(edges, src, terms)) for src, edges in enumerate(tables.edges)]
    mappings = tuple(stated for stated, _ in divided)
    equivalence = derive_equivalence(tables.concepts, mappings, terms)
    terms = adopt_partner_kinds(terms, equivalence.pairs)
    vocabulary = _clustered(terms, equivalence, mappings)
    by_name = pairs_by_name(tables.concepts, terms, equivalence, vocabulary.clusters_of_nodes())
    if by_name.height:
        pairs = pl.concat([equivalence.pairs, by_name]).sort("start", "end")
        vocabulary = _clustered(terms, replace(equivalence, pairs=pairs), mappings)
    return vocabulary, tuple(others for _, others in divided)


def _clustered(terms: TermIndex, equivalence: Equivalence, mappings: tuple[pl.DataFrame, ...]) -> Vocabulary:
    clusters = greedy_clusters(terms.frame["id"], equivalence.pairs.filter("same"))
    members = terms.frame.select("id", "kind", "prefix").join(clusters.members, on="id")
    return Vocabulary(terms, equivalence, clusters, members, mappings)


def _split_mappings(edges: pl.DataFrame, condition: pl.Expr | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    if condition is None:
        return edges.clear(), edges
    mask = edges.select(condition).to_series()
    return edges.filter(mask), edges.filter(~mask)


def adopt_partner_kinds(terms: TermIndex, pairs: pl.DataFrame) -> TermIndex:
    """Give conditional conditions the kind of their equivalent in MONDO or DOID, and load them unconditionally.

    `pairs`: of `Equivalence`. Conditions without such a partner are not changed.
    """
    same = pairs.filter("same")
    partners = pl.concat([same.select(id=a, partner=b) for a, b in (("start", "end"), ("end", "start"))])
    firm = terms.frame.filter(~pl.col("load_if_mentioned") & pl.col("prefix").is_in(PARTNER_PREFIXES))
    adopted = (
        partners.join(firm.select(partner="id", rank="prefix", partner_kind="kind"), on="partner")
        .sort(pl.col("rank").cast(pl.Enum(PARTNER_PREFIXES)), "partner")
        .unique("id", keep="first", maintain_order=True)
    )
    frame = terms.frame.join(adopted.select("id", "partner_kind"), on="id", how="left", maintain_order="left")
    is_adopted = pl.col("load_if_mentioned") & (pl.col("class") == CONDITION) & pl.col("partner_kind").is_not_null()
    frame = frame.with_columns(
        pl.when(is_adopted).then("partner_kind").otherwise("kind").alias("kind"),
        load_if_mentioned=pl.col("load_if_mentioned") & ~is_adopted,
    ).drop("partner_kind")
    return replace(terms, frame=frame)


def inactive_terms(terms: TermIndex, mentions: pl.DataFrame, parents: Sequence[pl.DataFrame]) -> pl.Series:
    """The conditional terms that are not loaded: no other source mentions them or a conditional descendant.

    `mentions`: target, src, the nodes that each source mentions; `parents`: start, end of IS_A edges.
    """
    conditional = terms.frame.filter("load_if_mentioned").select("id", "src")
    mentioned = conditional.join(mentions, left_on="id", right_on="target", suffix="_of_mention")
    active = mentioned.filter(pl.col("src") != pl.col("src_of_mention")).select("id").unique()
    is_a = pl.concat([pl.DataFrame(schema={"start": pl.String, "end": pl.String}), *parents]).unique()
    is_a = is_a.join(conditional.select(end="id"), on="end", how="semi")
    added = active
    while added.height:
        ancestors = is_a.join(added, left_on="start", right_on="id", how="semi").select(id="end").unique()
        added = ancestors.join(active, on="id", how="anti")
        active = pl.concat([active, added])
    return conditional.join(active, on="id", how="anti")["id"].sort()


def pairs_by_name(
    concepts: pl.DataFrame, terms: TermIndex, equivalence: Equivalence, cluster: pl.DataFrame
) -> pl.DataFrame:
    """Pairs (see `Equivalence`) of a concept of JOINED_BY_NAME and the only cluster with its name.

    The name is resolved like a mention by name: by exact name, otherwise by name or EXACT synonym, within the class of
    the concept. The joined vocabulary therefore makes no name ambiguous. Concepts that already have an equivalent, and
    pairs that are stated not to be the same, are not joined. `cluster`: id, cluster.
    """
    same = equivalence.pairs.filter("same")
    has_equivalent = pl.concat([same["start"], same["end"]]).implode()
    is_joined = pl.col("prefix").is_in(JOINED_BY_NAME)
    rest = (
        terms.frame.filter(is_joined & ~pl.col("id").is_in(has_equivalent))
        .join(concepts.select("id", "src", "row", token=name_key(pl.col("name"))), on=["id", "src", "row"])
        .select("id", "class", "src", "row", "token")
        .drop_nulls("token")
    )
    others = concepts.join(terms.frame.filter(~is_joined).select("id"), on="id", how="semi")
    matches = []
    tiers = build_index(others, terms, cluster, equivalence.cross_references.clear()).names
    for strength, names in zip((NAME, SYNONYM), tiers, strict=True):
        step = unique_cluster(["class", "id"], [(rest, names)])
        matches.append(rest.join(step, on=["class", "id"]).with_columns(strength=pl.lit(strength, dtype=pl.UInt8)))
        rest = rest.join(step, on=["class", "id"], how="anti")
    pairs = pl.concat(matches).select(
        pl.min_horizontal("id", "target").alias("start"),
        pl.max_horizontal("id", "target").alias("end"),
        "strength",
        "src",
        "row",
        same=pl.lit(True),
    )
    return pairs.select(equivalence.pairs.columns).join(equivalence.pairs, on=["start", "end"], how="anti")
