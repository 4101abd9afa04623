"""Which nodes may be answers: what a question says of its hits, worked out for one graph."""

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
    """The clusters that may be answers."""

    kinds: tuple[str, ...]
    sources: tuple[str, ...] = ()  # nodes have an edge of one of these; none: of any
    region: GenomicRegion | None = None
    without: frozenset[str] = frozenset()  # clusters that are no answer
    within: frozenset[str] | None = None  # the clusters to choose from; None: all

    def parameters(self, among: Collection[str] | None) -> dict[str, Any]:
        """What `ask/scan_nodes` takes, beside model, vector and k, to look among some clusters (None: all)."""
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


def scope_of(graph: Graph, question: SearchQuery, asked: Sequence[str], left_out: Sequence[str]) -> SearchFilter:
    """What `question` says of its hits: `asked` are clusters whose links count, `left_out` those that are no answer.

    Raises NotFoundError where `of` is a code that the graph lacks, or names nothing.
    """
    without, within = frozenset(left_out), None
    if question.not_linked is not None and asked:
        found = graph.row(
            "ask/list_linked",
            asked=cluster_members(graph, asked),
            types=list(question.not_linked),
            published_before=question.published_before,
        )
        without = without.union(found["clusters"])
    if question.within:
        within = _within(graph, question)
    return SearchFilter(question.kinds, question.sources, question.region, without, within)


def _within(graph: Graph, question: SearchQuery) -> frozenset[str]:
    """The clusters at most so many edges from the one that `of` names, it among them."""
    begin = link_node(graph, question.of, "of")
    reached, frontier = {begin}, {begin}
    for _ in range(question.within):
        row = graph.row("ask/list_one_hop", clusters=sorted(frontier), published_before=question.published_before)
        frontier = set(row["clusters"]) - reached
        reached |= frontier
    return frozenset(reached)
