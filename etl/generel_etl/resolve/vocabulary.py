"""First step: the defined concepts, what they are to each other, and their clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from generel_etl.resolve.clusters import Clusters, greedy_clusters, representatives
from generel_etl.resolve.equivalence import NAME, NAMED, SYNONYM, Equivalence, mapping_rows, weigh
from generel_etl.resolve.gather import CONDITION, StagedTables
from generel_etl.resolve.mentions import index_terms, one_cluster
from generel_etl.resolve.names import name_key
from generel_etl.resolve.terms import TermIndex, defined_terms


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Defined concepts and what they are to each other.

    `members`: id, kind, prefix, group (of a cluster). `mappings`: of each source, the edges that only state
    an equivalence.
    """

    terms: TermIndex
    equivalence: Equivalence
    clusters: Clusters
    members: pl.DataFrame
    mappings: tuple[pl.DataFrame, ...]

    def cluster(self, inactive: pl.Series | None = None) -> pl.DataFrame:
        """The id that stands for each concept's cluster (id, cluster), chosen among those that are nodes."""
        members = self.members
        if inactive is not None:
            members = members.filter(~pl.col("id").is_in(inactive.implode()))
        return members.join(representatives(members), on="group").select("id", "cluster")


def know(gathered: StagedTables) -> tuple[Vocabulary, tuple[pl.DataFrame, ...]]:
    """Weigh all that is stated about defined concepts; also gives each source's other edges."""
    terms = defined_terms(gathered.concepts)
    parted = [_part(edges, mapping_rows(edges, at, terms)) for at, edges in enumerate(gathered.edges)]
    mappings = tuple(stated for stated, _ in parted)
    equivalence = weigh(gathered.concepts, mappings, terms)
    terms = with_partners(terms, equivalence.pairs)
    known = _clustered(terms, equivalence, mappings)
    by_name = join_namesakes(gathered.concepts, terms, equivalence, known.cluster())
    if by_name.height:
        pairs = pl.concat([equivalence.pairs, by_name]).sort("start", "end")
        known = _clustered(terms, replace(equivalence, pairs=pairs), mappings)
    return known, tuple(others for _, others in parted)


def _clustered(terms: TermIndex, equivalence: Equivalence, mappings: tuple[pl.DataFrame, ...]) -> Vocabulary:
    clusters = greedy_clusters(terms.frame["id"], equivalence.pairs.filter("same"))
    members = terms.frame.select("id", "kind", "prefix").join(clusters.members, on="id")
    return Vocabulary(terms, equivalence, clusters, members, mappings)


def _part(edges: pl.DataFrame, stated: pl.Expr | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    if stated is None:
        return edges.clear(), edges
    mask = edges.select(stated).to_series()
    return edges.filter(mask), edges.filter(~mask)


PARTNERS = ("MONDO", "DOID")  # whose kind a condition outside its vocabulary's roots takes, the first first


def with_partners(terms: TermIndex, pairs: pl.DataFrame) -> TermIndex:
    """Give conditions that wait for a mention the kind of their MONDO or DOID partner; they wait no longer.

    `pairs`: of `Equivalence`. Without a partner they keep the kind that their reader gave them.
    """
    same = pairs.filter("same")
    both_ways = pl.concat([same.select(id=a, partner=b) for a, b in (("start", "end"), ("end", "start"))])
    firm = terms.frame.filter(~pl.col("load_if_mentioned") & pl.col("prefix").is_in(PARTNERS))
    found = (
        both_ways.join(firm.select(partner="id", rank="prefix", taken="kind"), on="partner")
        .sort(pl.col("rank").cast(pl.Enum(PARTNERS)), "partner")
        .unique("id", keep="first", maintain_order=True)
    )
    frame = terms.frame.join(found.select("id", "taken"), on="id", how="left", maintain_order="left")
    settled = pl.col("load_if_mentioned") & (pl.col("class") == CONDITION) & pl.col("taken").is_not_null()
    frame = frame.with_columns(
        pl.when(settled).then("taken").otherwise("kind").alias("kind"),
        load_if_mentioned=pl.col("load_if_mentioned") & ~settled,
    ).drop("taken")
    return replace(terms, frame=frame)


def inactive_terms(terms: TermIndex, named: pl.DataFrame, parents: Sequence[pl.DataFrame]) -> pl.Series:
    """The terms that stay in the stage: nobody else names them, and no descendant that waited is named.

    `named`: target, src, the nodes that each source names; `parents`: start, end of IS_A edges.
    """
    waiting = terms.frame.filter("load_if_mentioned").select("id", "src")
    met = waiting.join(named, left_on="id", right_on="target", suffix="_of_mention")
    active = met.filter(pl.col("src") != pl.col("src_of_mention")).select("id").unique()
    above = pl.concat([pl.DataFrame(schema={"start": pl.String, "end": pl.String}), *parents]).unique()
    above = above.join(waiting.select(end="id"), on="end", how="semi")
    fresh = active
    while fresh.height:
        up = above.join(fresh, left_on="start", right_on="id", how="semi").select(id="end").unique()
        fresh = up.join(active, on="id", how="anti")
        active = pl.concat([active, fresh])
    return waiting.join(active, on="id", how="anti")["id"].sort()


def join_namesakes(
    concepts: pl.DataFrame, terms: TermIndex, equivalence: Equivalence, cluster: pl.DataFrame
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
