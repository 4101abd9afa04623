"""Which clusters may be hits: the filters of a query, evaluated for one graph."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from generel_graph.ask.clusters import cluster_members
from generel_graph.ask.entity_linking import link_node
from generel_graph.ask.search.query_spec import GenomicRegion, SearchQuery
from generel_graph.graph import Graph


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """The clusters that may be hits."""

    kinds: tuple[str, ...]
    sources: tuple[str, ...] = ()  # nodes have an edge from one of these; (): no condition
    region: GenomicRegion | None = None
    without: frozenset[str] = frozenset()  # excluded clusters
    within: frozenset[str] | None = None  # the only clusters that may be hits; None: all

    def parameters(self, among: Collection[str] | None) -> dict[str, Any]:
        """The parameters of `ask/scan_nodes` beside model, vector and k; `among` limits it to clusters (None: all)."""
        if self.within is not None:
            among = self.within if among is None else self.within.intersection(among)
        region = self.region
        return {
            "among": None if among is None else sorted(among),
            "without": sorted(self.without),
            "sources": list(self.sources),
            "chromosome": region.chromosome if region else None,
            "build": region.build if region else None,
            "first": region.first if region else None,
            "last": region.last if region else None,
        }


def filter_of(graph: Graph, query: SearchQuery, queried: Sequence[str], left_out: Sequence[str]) -> SearchFilter:
    """The filter of a query; `queried` are the clusters whose links count, `left_out` clusters that are excluded.

    Raises NotFoundError if `of` is a code that is not in the graph, or names nothing.
    """
    without, within = frozenset(left_out), None
    if query.not_linked is not None and queried:
        linked = graph.row(
            "ask/list_linked",
            queried=cluster_members(graph, queried),
            types=list(query.not_linked),
            published_before=query.published_before,
        )
        without = without.union(linked["clusters"])
    if query.within:
        within = _within(graph, query)
    return SearchFilter(query.kinds, query.sources, query.region, without, within)


def _within(graph: Graph, query: SearchQuery) -> frozenset[str]:
    """The clusters at most `query.within` edges from the one that `query.of` names, including itself."""
    start = link_node(graph, query.of, "of")
    reached, frontier = {start}, {start}
    for _ in range(query.within):
        row = graph.row("ask/list_one_hop", clusters=sorted(frontier), published_before=query.published_before)
        frontier = set(row["clusters"]) - reached
        reached |= frontier
    return frozenset(reached)
