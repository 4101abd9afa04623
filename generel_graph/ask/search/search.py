"""Search: the clusters nearest to what the texts of a query name or mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from generel_etl.errors import NotFoundError, UsageError
from generel_etl.schema import CONCEPT_KINDS
from generel_graph.ask.clusters import Cluster, EntityRef, read_clusters
from generel_graph.ask.entity_linking import NAME, SYNONYM, EntityLink, ids_of, link_or_snp
from generel_graph.ask.pinned_model import PinnedModel, Vectors, pinned_with
from generel_graph.ask.resolved_term import ResolvedTerm, resolve_term
from generel_graph.ask.search.filters import SearchFilter, filter_of
from generel_graph.ask.search.lexical import CANDIDATES, by_words, fuse
from generel_graph.ask.search.loci import apart
from generel_graph.ask.search.mixture import Part, WeightedQuery
from generel_graph.ask.search.nearest import Neighbour, nearest, nearest_among
from generel_graph.ask.search.query_spec import HYBRID, MEANING, SearchQuery
from generel_graph.ask.space import Space, Spaces
from generel_graph.graph import Graph

if TYPE_CHECKING:
    import pandas as pd

SPELT = (NAME, SYNONYM)
MIXTURE = "mixture"
FRAME_COLUMNS = ("id", "kind", "name", "score", "linked", "links", "codes", "genes", "position")
_TERM_KEYS = ("resolved_id", "resolved_kind", "resolved_name", "locus")


@dataclass(frozen=True, slots=True)
class Hit:
    """A cluster near the query."""

    id: str  # of the cluster's representative, or of a member if the representative is of another kind
    kind: str
    name: str
    score: float  # cosine divided by the query's constant, −1 … 1
    linked: bool | None  # whether an edge joins it to a queried node; None: the query names no node, or this one
    codes: tuple[str, ...]  # other ids of the cluster and its cross-references
    genes: tuple[str, ...] = ()  # of an SNP: genes that it is in, genes that studies reported, and the nearest one
    position: str = ""  # of an SNP: "chromosome:position"
    links: tuple[str, ...] = ()  # types of the edges that join it to a queried node

    @property
    def genes_and_position(self) -> str:
        """Of an SNP, its genes and its position, as "PTPN22, 1:113834946"; "" for a concept."""
        return ", ".join(filter(None, ["/".join(self.genes[:2]), self.position]))


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A query, what its texts were resolved to, and the hits, best first."""

    query: str
    terms: tuple[ResolvedTerm, ...]
    weights: tuple[float, ...]  # one per term
    hits: tuple[Hit, ...]
    model: str  # id of the model that answered

    @property
    def term(self) -> ResolvedTerm | None:
        """The one term of the query; None if there are several."""
        return self.terms[0] if len(self.terms) == 1 else None

    @property
    def resolved_by(self) -> str:
        """How the one text was resolved; "mixture" for several texts."""
        return self.term.resolved_by if self.term else MIXTURE

    @property
    def resolved_id(self) -> str | None:
        """The id that the one text was resolved to; None for a free text, or several texts."""
        return self.term.id if self.term else None

    @property
    def nearest(self) -> tuple[EntityRef, ...]:
        """Of one free text: the concepts nearest to it."""
        return self.term.nearest if self.term else ()

    def sentence(self) -> str:
        """What the texts were resolved to, in words, one line per text."""
        if self.term:
            return self.term.sentence()
        return "\n".join(f"{w:+g}  {term.sentence()}" for term, w in zip(self.terms, self.weights, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Plain values with stable keys."""
        of_term = _term_json(self.term) if self.term else dict.fromkeys(_TERM_KEYS) | {"others": (), "nearest": ()}
        return {
            "query": self.query,
            "resolved_by": self.resolved_by,
            **{key: of_term[key] for key in ("resolved_id", "resolved_kind", "resolved_name", "others", "nearest")},
            "model": self.model,
            "hits": tuple(asdict(hit) for hit in self.hits),
            "locus": of_term["locus"],
            "ends": tuple(
                {"text": term.text, "weight": weight, **_term_json(term)}
                for term, weight in zip(self.terms, self.weights, strict=True)
            ),
        }

    def frame(self) -> pd.DataFrame:
        """The hits as a pandas frame, one row per hit; `attrs` has the other keys of `as_json`."""
        import pandas as pd

        values = self.as_json()
        frame = pd.DataFrame(list(values.pop("hits")), columns=list(FRAME_COLUMNS))
        frame.attrs.update(values)
        return frame


def _term_json(term: ResolvedTerm) -> dict[str, Any]:
    return {
        "resolved_by": term.resolved_by,
        "resolved_id": term.id,
        "resolved_kind": term.kind,
        "resolved_name": term.name,
        "others": tuple(asdict(other) for other in term.others),
        "nearest": tuple(asdict(concept) for concept in term.nearest),
        "locus": None if term.locus is None else term.locus.as_json(),
        "cut": term.is_truncated,
    }


def search(graph: Graph, spaces: Spaces, query: SearchQuery) -> SearchResult:
    """The `k` clusters nearest to what the texts of a query name or mean.

    An SNP not in the graph gets a vector from what the stage and the graph state about its locus.
    Raises UsageError for invalid options, NotFoundError for an unknown code, an SNP without a vector, or if no model
    is active, ModelError if the model's files are missing.
    """
    links = [link_or_snp(graph, text) for text in query.texts]
    if query.ranking != MEANING and links[0].is_code:
        option = f"--{query.ranking}"
        raise UsageError(f"{option} needs a name, not a code", where=option, found=links[0].text)
    return pinned_with(
        graph, ids_of(links), lambda model, vectors: _search(graph, model, spaces(model.id), vectors, links, query)
    )


def _search(
    graph: Graph, model: PinnedModel, space: Space, stored: Vectors, links: Sequence[EntityLink], query: SearchQuery
) -> SearchResult:
    terms: list[ResolvedTerm] = []
    parts: list[Part] = []
    for link, weight in zip(links, query.weights, strict=True):
        term, vector = resolve_term(graph, model, space, link, stored)
        assert vector is not None, "pinned_with returns a vector for each id"
        terms.append(term)
        parts.append(Part(vector, stored[link.id][0] if link.id is not None else term.kind or "", weight))
    mixture = WeightedQuery(parts)
    queried = [link.id for link, w in zip(links, query.weights, strict=True) if link.id is not None and w > 0]
    scope = filter_of(graph, query, queried, left_out=list(stored) if query.ranking == MEANING else [])
    neighbours = _neighbours(graph, model, space, mixture, scope, query)
    own = _named_cluster(links, query)
    if own is not None:  # a name or synonym lists the cluster that it names first
        neighbours = [own, *neighbours[: query.k - 1]]
    clusters = read_clusters(graph, [n.cluster for n in neighbours], queried, query.published_before)
    texts = [
        t.text if w > 0 and not i else f"{w:+g}·{t.text}"
        for i, (t, w) in enumerate(zip(terms, query.weights, strict=True))
    ]
    return SearchResult(
        query=" ".join(texts),
        terms=tuple(terms),
        weights=query.weights,
        hits=tuple(
            _hit(n, clusters[n.cluster], query.kinds, bool(queried) and n.cluster not in queried) for n in neighbours
        ),
        model=model.id,
    )


def _neighbours(
    graph: Graph, model: PinnedModel, space: Space, mixture: WeightedQuery, scope: SearchFilter, query: SearchQuery
) -> list[Neighbour]:
    """The clusters of the hits in the order of the query's ranking."""

    def by_vector(k: int) -> list[Neighbour]:
        return nearest(graph, model, space, mixture, scope, k, exact=query.exact, one_per_locus=query.one_per_locus)

    if query.ranking == MEANING:
        return by_vector(query.k)
    wanted = max(query.k, CANDIDATES)
    kinds = [kind for kind in scope.kinds if kind in CONCEPT_KINDS]
    named = by_words(graph, query.texts[0], kinds, wanted)
    neighbours = {near.cluster: near for near in nearest_among(graph, model, space, mixture, scope, named)}
    rankings = [[cluster for cluster in named if cluster in neighbours]]
    if query.ranking == HYBRID:
        close = by_vector(wanted)
        rankings.append([near.cluster for near in close])
        neighbours |= {near.cluster: near for near in close}
    ranked = [neighbours[cluster] for cluster in fuse(rankings)]
    return (apart(ranked) if query.one_per_locus else ranked)[: query.k]


def _named_cluster(links: Sequence[EntityLink], query: SearchQuery) -> Neighbour | None:
    """The cluster that the one text names, if it is of a queried kind and the query has no other filter."""
    link = links[0]
    filtered = query.sources or query.region or query.within or query.not_linked is not None
    if len(links) > 1 or filtered or query.ranking != MEANING or query.weights[0] < 0:
        return None
    if link.id is None or link.resolved_by not in SPELT or link.kind not in query.kinds:
        return None
    return Neighbour(link.id, link.id, link.kind or "", 1.0)


def _hit(near: Neighbour, cluster: Cluster, kinds: Sequence[str], has_links: bool) -> Hit:
    """One hit; a member replaces a representative that is not of the queried kinds."""
    head = cluster.member(near.cluster)
    shown = head if head is not None and head.kind in kinds else cluster.member(near.id)
    if shown is None:
        raise NotFoundError("the cluster no longer has members", where=near.cluster, next_step="run the query again")
    return Hit(
        shown.id,
        shown.kind,
        shown.name,
        near.score,
        cluster.linked if has_links else None,
        tuple(code for code in cluster.codes if code != shown.id),
        cluster.genes,
        cluster.position,
        cluster.links if has_links else (),
    )
