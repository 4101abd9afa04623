"""The two ends of a pair that is asked about: what each text was taken for, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass

from generel_graph.ask.clusters import EntityRef, read_clusters
from generel_graph.ask.entity_linking import LOCUS, EntityLink
from generel_graph.ask.pinned_model import PinnedModel
from generel_graph.ask.search.lexical import named_by
from generel_graph.ask.similarity import vectors_of
from generel_graph.ask.space import Space, Vector, placed
from generel_graph.graph import Graph


@dataclass(frozen=True, slots=True)
class End:
    """One of the two."""

    text: str  # as it was asked
    resolved_by: str  # as `search` has it
    id: str | None  # of the cluster, or of an SNP that was placed; None: a free text
    kind: str  # "" of a free text
    name: str
    node: bool  # whether the graph has it; else it has no edges
    members: tuple[str, ...] = ()  # ids of the cluster's nodes
    others: tuple[EntityRef, ...] = ()  # other clusters of that name
    nearest: tuple[EntityRef, ...] = ()  # of a free text: the concepts that it was nearest to
    locus: str = ""  # of an SNP that is no node: what it was placed from, in words

    def sentence(self) -> str:
        """What the text was taken for, in words."""
        if self.locus:
            return f"{self.id} is no node of the graph and has no edges; {self.locus}"
        if self.id is None:
            near = "; ".join(map(str, self.nearest))
            return f"{self.text!r} names nothing here, has no edges, and is asked by its meaning" + (
                f"; nearest: {near}" if near else ""
            )
        others = f"; also named so: {'; '.join(map(str, self.others))} (ask by a code to choose)" if self.others else ""
        said = "" if self.text == self.id else f"{self.text!r} is the {self.resolved_by} of "
        what = ", ".join(part for part in (self.kind, self.id) if part != self.name)
        return f"{said}{self.name} ({what}){others}"


def read_ends(
    graph: Graph, model: PinnedModel, space: Space, links: tuple[EntityLink, EntityLink]
) -> tuple[tuple[End, Vector | None], tuple[End, Vector | None]]:
    """Both ends, each with its vector [dimension]; None for a node that has none yet.

    Raises NotFoundError for an SNP that cannot be placed, ActiveModelChanged.
    """
    # An SNP that is no node is placed below, with what it was placed from: not twice.
    vectors = vectors_of(graph, model, space, {link.text: link for link in links if link.snp is None})
    clusters = read_clusters(graph, sorted({link.id for link in links if link.id is not None}))

    def end(link: EntityLink) -> tuple[End, Vector | None]:
        kind, vector = vectors.get(link.text, (link.kind or "", None))
        if link.snp is not None:
            found = placed(space, link.snp)
            return End(link.text, LOCUS, link.snp, "SNP", link.snp, False, locus=found.locus.sentence()), found.vector
        if link.id is None or link.id not in clusters:
            near = () if vector is None else named_by(graph, model, space, link.text, vector)
            return End(link.text, link.resolved_by, None, "", link.text, False, nearest=near), vector
        members = tuple(member.id for member in clusters[link.id].members)
        name = link.name or link.id
        return End(link.text, link.resolved_by, link.id, link.kind or kind, name, True, members, link.others), vector

    return end(links[0]), end(links[1])
