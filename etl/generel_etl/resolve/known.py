"""First step: the defined concepts, what they are to each other, and their clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from generel_etl.resolve.active import with_partners
from generel_etl.resolve.clusters import Clusters, greedy_clusters, representatives
from generel_etl.resolve.equivalence import Equivalence, mapping_rows, weigh
from generel_etl.resolve.gather import Gathered
from generel_etl.resolve.namesakes import join_namesakes
from generel_etl.resolve.terms import Terms, defined_terms


@dataclass(frozen=True, slots=True)
class Known:
    """Defined concepts and what they are to each other.

    `members`: id, kind, prefix, group (of a cluster). `mappings`: of each source, the edges that only state
    an equivalence.
    """

    terms: Terms
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


def know(gathered: Gathered) -> tuple[Known, tuple[pl.DataFrame, ...]]:
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


def _clustered(terms: Terms, equivalence: Equivalence, mappings: tuple[pl.DataFrame, ...]) -> Known:
    clusters = greedy_clusters(terms.frame["id"], equivalence.pairs.filter("same"))
    members = terms.frame.select("id", "kind", "prefix").join(clusters.members, on="id")
    return Known(terms, equivalence, clusters, members, mappings)


def _part(edges: pl.DataFrame, stated: pl.Expr | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    if stated is None:
        return edges.clear(), edges
    mask = edges.select(stated).to_series()
    return edges.filter(mask), edges.filter(~mask)
