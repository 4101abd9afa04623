"""A question and its answer: what its texts name or mean, and the clusters nearest to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from generel_etl.errors import NotFoundError, UsageError
from generel_etl.schema import CONCEPT_KINDS
from generel_graph.ask.clusters import Cluster, EntityRef, read_clusters
from generel_graph.ask.entity_linking import LOCUS, NAME, SYNONYM, EntityLink, ids_of, link_or_snp
from generel_graph.ask.pinned_model import PinnedModel, Vectors, pinned_with
from generel_graph.ask.search.filters import SearchFilter, scope_of
from generel_graph.ask.search.lexical import CANDIDATES, by_words, fuse, named_by
from generel_graph.ask.search.loci import apart
from generel_graph.ask.search.mixture import Part, WeightedQuery
from generel_graph.ask.search.nearest import Neighbour, nearest, nearest_among
from generel_graph.ask.search.query_spec import MEANING, WORDS, SearchQuery
from generel_graph.ask.space import Locus, Space, Spaces, placed
from generel_graph.graph import Graph

SPELT = (NAME, SYNONYM)
MIXTURE = "mixture"
SHOWN = 200  # letters of a text in a sentence


@dataclass(frozen=True, slots=True)
class Hit:
    """A cluster near the question."""

    id: str  # of the cluster's representative, where it is of a kind that was asked for
    kind: str
    name: str
    score: float  # cosine after the question's constant, −1 … 1
    linked: bool | None  # an edge joins it to what is asked about; None: that is no node, or is this one
    codes: tuple[str, ...]  # other ids of the cluster and its cross-references
    genes: tuple[str, ...] = ()  # of an SNP: those that it lies in, that studies named, and the nearest
    position: str = ""  # of an SNP: "chromosome:position"
    links: tuple[str, ...] = ()  # types of the edges that join it to what is asked about

    @property
    def place(self) -> str:
        """Of an SNP: its gene and its position, as "PTPN22, 1:113834946"; of a concept nothing."""
        return ", ".join(filter(None, ["/".join(self.genes[:2]), self.position]))


@dataclass(frozen=True, slots=True)
class ResolvedTerm:
    """One text of the question, and what it was taken for."""

    text: str
    weight: float
    resolved_by: str  # "rsid", "code", "position", "name", "synonym", "text"; "locus": an SNP that is no node
    resolved_id: str | None
    resolved_kind: str | None
    resolved_name: str | None
    others: tuple[EntityRef, ...]  # other clusters of that name
    nearest: tuple[EntityRef, ...]  # of a text: the concepts that it was nearest to
    locus: Locus | None  # of an SNP that is no node: what it was placed from
    cut: bool  # it is longer than the encoder reads: the rest counts for nothing

    def sentence(self) -> str:
        """What the text was taken for, in words."""
        if self.locus is not None:
            return f"{self.resolved_id} is no node of the graph; {self.locus.sentence()}"
        if self.resolved_id is None:
            near = "; ".join(map(str, self.nearest))
            text = self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]} …"
            cut = ", by its beginning: it is longer than the encoder reads" if self.cut else ""
            return f"{text!r} names nothing here and is asked by its meaning{cut}" + (
                f"; nearest: {near}" if near else ""
            )
        said = f"{self.text!r} is the {self.resolved_by} of" if self.text != self.resolved_id else "this is"
        others = f"; also named so: {'; '.join(map(str, self.others))} (ask by a code to choose)" if self.others else ""
        return f"{said} {self.resolved_name} ({self.resolved_kind}, {self.resolved_id}){others}"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What was asked, what it was taken for, and what is near it, best first.

    The fields `resolved_…`, `others`, `nearest` and `locus` are those of the one text; of several, `ends` tells.
    """

    query: str
    resolved_by: str  # of one text, as in `Taken`; "mixture" of several
    resolved_id: str | None
    resolved_kind: str | None
    resolved_name: str | None
    others: tuple[EntityRef, ...]
    nearest: tuple[EntityRef, ...]
    model: str  # id of the model that answered
    hits: tuple[Hit, ...]
    locus: Locus | None
    ends: tuple[ResolvedTerm, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values in the stable form that scripts read."""
        return asdict(self)

    def sentence(self) -> str:
        """What the question was taken for, in words, a line a text."""
        if len(self.ends) == 1:
            return self.ends[0].sentence()
        return "\n".join(f"{end.weight:+g}  {end.sentence()}" for end in self.ends)


def search(graph: Graph, spaces: Spaces, question: SearchQuery) -> SearchResult:
    """The `k` clusters nearest to what the question's texts name, or else mean.

    An SNP that is no node is placed by what the stage and the graph know of its locus.
    Raises UsageError for what cannot be followed, NotFoundError for a code that is not there, an SNP that cannot
    be placed, or if no model is active, ModelError if the model's files are gone.
    """
    links = [link_or_snp(graph, text) for text in question.texts]
    if question.by != MEANING and links[0].coded:
        raise UsageError("a code has no words", where=f"by {question.by}", found=links[0].text, next_step="give a name")
    return pinned_with(
        graph, ids_of(links), lambda model, vectors: _answer(graph, model, spaces(model.id), vectors, links, question)
    )


def _answer(
    graph: Graph, model: PinnedModel, space: Space, vectors: Vectors, links: Sequence[EntityLink], question: SearchQuery
) -> SearchResult:
    parts = [_end(graph, model, space, vectors, *pair) for pair in zip(links, question.weights, strict=True)]
    mixture = WeightedQuery([end for end, _ in parts])
    asked = [found.id for found, w in zip(links, question.weights, strict=True) if found.id is not None and w > 0]
    scope = scope_of(graph, question, asked, left_out=list(vectors) if question.by == MEANING else [])
    near = _near(graph, model, space, mixture, scope, question)
    own = _own(links, question)
    if own is not None:  # who asks in words wants to see what they name, first of all
        near = [own, *near[: question.k - 1]]
    known = read_clusters(graph, [n.cluster for n in near], asked, question.published_before)
    told = [taken for _, taken in parts]
    one = told[0] if len(told) == 1 else None
    return SearchResult(
        query=" ".join(t.text if t.weight > 0 and i == 0 else f"{t.weight:+g}·{t.text}" for i, t in enumerate(told)),
        resolved_by=one.resolved_by if one else MIXTURE,
        resolved_id=one.resolved_id if one else None,
        resolved_kind=one.resolved_kind if one else None,
        resolved_name=one.resolved_name if one else None,
        others=one.others if one else (),
        nearest=one.nearest if one else (),
        model=model.id,
        hits=tuple(_hit(n, known[n.cluster], question.kinds, bool(asked) and n.cluster not in asked) for n in near),
        locus=one.locus if one else None,
        ends=tuple(told),
    )


def _end(
    graph: Graph, model: PinnedModel, space: Space, vectors: Vectors, found: EntityLink, weight: float
) -> tuple[Part, ResolvedTerm]:
    """A text's vector in the space, and what it was taken for; `vectors` are those of all nodes asked about."""
    similar: tuple[EntityRef, ...] = ()
    locus: Locus | None = None
    cut = False
    if found.snp is not None:
        at = placed(space, found.snp)
        end, locus = Part(at.vector, "SNP", weight), at.locus
    elif found.id is None:
        end = Part(space.text_vectors([found.text])[0], "", weight)
        similar, cut = named_by(graph, model, space, found.text, end.vector), space.is_truncated(found.text)
    else:
        kind, vector = vectors[found.id]
        end = Part(vector, kind, weight)
    return end, ResolvedTerm(
        found.text,
        weight,
        found.resolved_by if locus is None else LOCUS,
        found.id if locus is None else found.snp,
        found.kind if locus is None else end.kind,
        found.name if locus is None else found.snp,
        found.others,
        similar,
        locus,
        cut,
    )


def _near(
    graph: Graph, model: PinnedModel, space: Space, mixture: WeightedQuery, scope: SearchFilter, question: SearchQuery
) -> list[Neighbour]:
    """The hits' clusters, in the order of the way that is asked for."""

    def by_vector(k: int) -> list[Neighbour]:
        return nearest(
            graph, model, space, mixture, scope, k, exact=question.exact, one_per_locus=question.one_per_locus
        )

    if question.by == MEANING:
        return by_vector(question.k)
    wanted = max(question.k, CANDIDATES)
    kinds = [kind for kind in scope.kinds if kind in CONCEPT_KINDS]
    named = by_words(graph, question.texts[0], kinds, wanted)
    found = {near.cluster: near for near in nearest_among(graph, model, space, mixture, scope, named)}
    orders = [[cluster for cluster in named if cluster in found]]
    if question.by != WORDS:
        close = by_vector(wanted)
        orders.append([near.cluster for near in close])
        found |= {near.cluster: near for near in close}
    ranked = [found[cluster] for cluster in fuse(orders)]
    return (apart(ranked) if question.one_per_locus else ranked)[: question.k]


def _own(links: Sequence[EntityLink], question: SearchQuery) -> Neighbour | None:
    """What the one text names, where it is of a kind that was asked for, and nothing but the kind was."""
    found = links[0]
    filtered = question.sources or question.region or question.within or question.not_linked is not None
    if len(links) > 1 or filtered or question.by != MEANING or question.weights[0] < 0:
        return None
    if found.id is None or found.resolved_by not in SPELT or found.kind not in question.kinds:
        return None
    return Neighbour(found.id, found.id, found.kind or "", 1.0)


def _hit(near: Neighbour, cluster: Cluster, kinds: Sequence[str], asked: bool) -> Hit:
    """One row of the answer; a representative of another kind than was asked for gives way to the member."""
    head = cluster.member(near.cluster)
    shown = head if head is not None and head.kind in kinds else cluster.member(near.id)
    if shown is None:
        raise NotFoundError("the cluster has lost its members", where=near.cluster, next_step="ask again")
    return Hit(
        shown.id,
        shown.kind,
        shown.name,
        near.score,
        cluster.linked if asked else None,
        tuple(code for code in cluster.codes if code != shown.id),
        cluster.genes,
        cluster.position,
        cluster.links if asked else (),
    )
