"""What a text of a query was resolved to, and its vector: one type for search and explain."""

from __future__ import annotations

from dataclasses import dataclass

from generel_graph.ask.clusters import EntityRef
from generel_graph.ask.entity_linking import LOCUS, EntityLink
from generel_graph.ask.pinned_model import PinnedModel, Vectors
from generel_graph.ask.search.lexical import named_by
from generel_graph.ask.space import Locus, Space, Vector, snp_vector
from generel_graph.graph import Graph

SHOWN = 200  # characters of a text in a sentence


@dataclass(frozen=True, slots=True)
class ResolvedTerm:
    """One text of a query and what it was resolved to."""

    text: str
    resolved_by: str  # "rsid", "code", "position", "name", "synonym", "text"; "locus": an SNP not in the graph
    id: str | None = None  # of the cluster's representative, or of the SNP; None: free text
    kind: str | None = None
    name: str | None = None
    others: tuple[EntityRef, ...] = ()  # other clusters of this name
    nearest: tuple[EntityRef, ...] = ()  # of a free text: the concepts nearest to it
    locus: Locus | None = None  # of an SNP not in the graph: what its vector was computed from
    is_truncated: bool = False  # the text is longer than the encoder reads
    members: tuple[str, ...] = ()  # ids of the cluster's nodes; `explain` alone reads them

    @property
    def in_graph(self) -> bool:
        """Whether the graph has a node for the text; only such a node has edges."""
        return self.id is not None and self.locus is None

    @property
    def label(self) -> str:
        """The name, else the id, else the text."""
        return self.name or self.id or self.text

    def sentence(self) -> str:
        """The resolution in words."""
        if self.locus is not None:
            return f"{self.id} is not in the graph; {self.locus.sentence()}"
        if self.id is None:
            text = self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]} …"
            cut = " (only its beginning: it is longer than the encoder reads)" if self.is_truncated else ""
            near = f"; nearest concepts: {'; '.join(map(str, self.nearest))}" if self.nearest else ""
            return f"{text!r} names nothing in the graph and is encoded as free text{cut}{near}"
        prefix = "" if self.text == self.id else f"{self.text!r} is the {self.resolved_by} of "
        facts = ", ".join(part for part in (self.kind, self.id) if part and part != self.label)
        others = f"; other concepts of this name: {'; '.join(map(str, self.others))} (use a code to choose)"
        return f"{prefix}{self.label} ({facts}){others if self.others else ''}"


def resolve_term(
    graph: Graph, model: PinnedModel, space: Space, link: EntityLink, stored: Vectors
) -> tuple[ResolvedTerm, Vector | None]:
    """The resolved term of a link and its vector [dimension]; None for a node that `stored` has no vector of.

    Raises NotFoundError for an SNP without a vector, ActiveModelChanged.
    """
    if link.snp is not None:
        snp = snp_vector(space, link.snp)
        return ResolvedTerm(link.text, LOCUS, link.snp, "SNP", link.snp, locus=snp.locus), snp.vector
    if link.id is None:
        vector = space.text_vectors([link.text])[0]
        nearest = named_by(graph, model, space, link.text, vector)
        is_truncated = space.is_truncated(link.text)
        return ResolvedTerm(link.text, link.resolved_by, nearest=nearest, is_truncated=is_truncated), vector
    term = ResolvedTerm(link.text, link.resolved_by, link.id, link.kind, link.name, link.others)
    return term, stored[link.id][1] if link.id in stored else None
