"""Why two things are near each other or not: the cosine with its percentile, and what the graph states of the two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from generel_etl.errors import UsageError
from generel_etl.relations import NEGATIVE
from generel_etl.schema import CONCEPT_KINDS
from generel_graph.ask.clusters import read_clusters
from generel_graph.ask.entity_linking import EntityLink, ids_of, link_or_snp
from generel_graph.ask.explain.agreement import contradictions, summary
from generel_graph.ask.explain.connections import NO_CONNECTIONS, Connections, Metapaths, Shared, connect
from generel_graph.ask.explain.evidence import Evidence, read_evidence, with_seen
from generel_graph.ask.explain.percentile import Percentile, percentile
from generel_graph.ask.networks import MOST_HOPS
from generel_graph.ask.pinned_model import PinnedModel, pinned, stored_vectors
from generel_graph.ask.resolved_term import ResolvedTerm, resolve_term
from generel_graph.ask.search.filters import SearchFilter
from generel_graph.ask.search.mixture import Part, WeightedQuery
from generel_graph.ask.search.nearest import nearest
from generel_graph.ask.similarity import pairwise
from generel_graph.ask.space import UNSEEN, Space, Spaces, TrainingExposure, Vector
from generel_graph.graph import Graph

if TYPE_CHECKING:
    import pandas as pd

HOPS = range(2, MOST_HOPS + 1)  # steps of the longest paths


@dataclass(frozen=True, slots=True)
class NearBoth:
    """A concept near both endpoints."""

    id: str
    kind: str
    name: str
    left: float  # cosine, −1 … 1
    right: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of a pair, the strongest parts first."""

    left: ResolvedTerm
    right: ResolvedTerm
    model: str  # id of the model that answered
    cosine: float | None  # −1 … 1, equal to that of `score`; None: an endpoint has no vector yet
    percentile: Percentile | None
    trained_on: str  # "yes", "held out", "no"; "unknown" without a list of the model's training pairs
    tasks: tuple[str, ...]  # training tasks that the pair belongs to
    summary: tuple[str, ...]  # of the direct evidence, in words
    contradictions: tuple[str, ...]
    direct: tuple[Evidence, ...]
    paths: tuple[Metapaths, ...]
    shared: tuple[Shared, ...]
    nearest: tuple[NearBoth, ...]
    cut: tuple[str, ...]  # what the search for paths left out, in words

    @property
    def same(self) -> bool:
        """Whether both endpoints are one cluster; the direct evidence then joins its codes."""
        return self.left.in_graph and self.left.id == self.right.id

    def sentences(self) -> tuple[str, str]:
        """What each endpoint was resolved to, in words, and whether it can have edges."""
        left, right = (
            term.sentence() + ("" if term.in_graph else "; it has no edges") for term in (self.left, self.right)
        )
        return left, right

    def as_json(self) -> dict[str, Any]:
        """Plain values with stable keys."""
        names = ("model", "cosine", "trained_on", "tasks", "summary", "contradictions", "cut")
        plain = {name: getattr(self, name) for name in names}
        tables = ("direct", "paths", "shared", "nearest")
        plain |= {name: tuple(asdict(row) for row in getattr(self, name)) for name in tables}
        plain["percentile"] = None if self.percentile is None else asdict(self.percentile)
        return {"left": _term_json(self.left), "right": _term_json(self.right)} | {key: plain[key] for key in _KEYS}

    def frame(self) -> pd.DataFrame:
        """The direct evidence as a pandas frame, one row per edge; `attrs` has the other keys of `as_json`."""
        import pandas as pd

        values = self.as_json()
        frame = pd.DataFrame(list(values.pop("direct")), columns=list(Evidence.__dataclass_fields__))
        frame.attrs.update(values)
        return frame

    def graph(self) -> nx.MultiDiGraph[str]:
        """The endpoints, all reported paths and shared neighbours with their edges; one node per cluster."""
        return as_graph(self)


_KEYS = (
    "model",
    "cosine",
    "percentile",
    "trained_on",
    "tasks",
    "summary",
    "contradictions",
    "direct",
    "paths",
    "shared",
    "nearest",
    "cut",
)


def _term_json(term: ResolvedTerm) -> dict[str, Any]:
    return {
        "text": term.text,
        "resolved_by": term.resolved_by,
        "id": term.id,
        "kind": term.kind or "",
        "name": term.label,
        "node": term.in_graph,
        "members": term.members,
        "others": tuple(asdict(other) for other in term.others),
        "nearest": tuple(asdict(concept) for concept in term.nearest),
        "locus": "" if term.locus is None else term.locus.sentence(),
    }


def explain(graph: Graph, spaces: Spaces, left: str, right: str, hops: int = 3, k: int = 5) -> Explanation:
    """Explain a pair of texts, codes, rsIDs or gene symbols; `k` rows per list, paths of up to `hops` steps.

    A free text, or an SNP not in the graph, has a cosine and concepts near it, but no edges.
    Raises UsageError for hops outside 2 … 3 or k < 1, NotFoundError for an unknown endpoint, or if no model is
    active, ModelError if the model's files are missing.
    """
    if hops not in HOPS:
        raise UsageError("paths have two or three steps", where="hops", found=hops, valid=HOPS)
    if k < 1:
        raise UsageError("k is the number of rows per list", where="-k", found=k, valid=["1 or more"])
    links = link_or_snp(graph, left), link_or_snp(graph, right)
    return pinned(graph, lambda model: _explain(graph, model, spaces(model.id), links, hops, k))


def _explain(
    graph: Graph, model: PinnedModel, space: Space, links: tuple[EntityLink, EntityLink], hops: int, k: int
) -> Explanation:
    (left, left_vector), (right, right_vector) = _resolve(graph, model, space, links)
    cosine = rank = None
    near: tuple[NearBoth, ...] = ()
    if left_vector is not None and right_vector is not None:
        pair = (left.kind or "", left_vector), (right.kind or "", right_vector)
        (left_kind, a), (right_kind, b) = pair
        cosine = float(pairwise(space, a[np.newaxis], left_kind, b[np.newaxis], right_kind)[0])
        rank = percentile(graph, model, space, cosine, *pair)
        near = _near_both(graph, model, space, pair, k, frozenset(t.id for t in (left, right) if t.id is not None))
    direct: Sequence[Evidence] = ()
    connections, exposure = NO_CONNECTIONS, TrainingExposure(UNSEEN, (), ())
    if left.in_graph and right.in_graph:
        direct = read_evidence(graph, [(left.members, right.members)])[0]
        if left.id != right.id:
            connections = connect(graph, left, right, hops, k)
        exposure = space.training_exposure(left.members, right.members, [(edge.start, edge.end) for edge in direct])
        direct = with_seen(direct, exposure.edges)
    return _explanation(left, right, model, cosine, rank, exposure, direct, connections, near)


def _resolve(
    graph: Graph, model: PinnedModel, space: Space, links: tuple[EntityLink, EntityLink]
) -> tuple[tuple[ResolvedTerm, Vector | None], tuple[ResolvedTerm, Vector | None]]:
    """Both endpoints with their members, and their vectors [dimension]; None for a node without one."""
    stored = stored_vectors(graph, model, ids_of(links))
    clusters = read_clusters(graph, sorted(set(ids_of(links))))

    def resolved(link: EntityLink) -> tuple[ResolvedTerm, Vector | None]:
        term, vector = resolve_term(graph, model, space, link, stored)
        members = clusters[link.id].members if link.id in clusters else ()
        return replace(term, members=tuple(member.id for member in members)), vector

    return resolved(links[0]), resolved(links[1])


def _explanation(
    left: ResolvedTerm,
    right: ResolvedTerm,
    model: PinnedModel,
    cosine: float | None,
    rank: Percentile | None,
    exposure: TrainingExposure,
    direct: Sequence[Evidence],
    connections: Connections,
    near: tuple[NearBoth, ...],
) -> Explanation:
    return Explanation(
        left,
        right,
        model.id,
        cosine,
        rank,
        exposure.answer,
        exposure.tasks,
        summary(direct),
        contradictions(direct),
        tuple(direct),
        connections.paths,
        connections.shared,
        near,
        connections.cut,
    )


def _near_both(
    graph: Graph,
    model: PinnedModel,
    space: Space,
    pair: tuple[tuple[str, Vector], tuple[str, Vector]],
    k: int,
    left_out: frozenset[str],
) -> tuple[NearBoth, ...]:
    """The concepts with the largest sum of both cosines."""
    mixture = WeightedQuery([Part(vector, kind) for kind, vector in pair])
    neighbours = nearest(graph, model, space, mixture, SearchFilter(CONCEPT_KINDS, without=left_out), k)
    vectors = stored_vectors(graph, model, [near.id for near in neighbours])
    clusters = read_clusters(graph, [near.cluster for near in neighbours])
    rows = []
    for near in neighbours:
        kind, vector = vectors[near.id]
        cosines = [
            float(pairwise(space, own[np.newaxis], own_kind, vector[np.newaxis], kind)[0]) for own_kind, own in pair
        ]
        head = clusters[near.cluster].head
        rows.append(NearBoth(near.cluster, head.kind, head.name, *cosines))
    return tuple(rows)


def as_graph(explanation: Explanation) -> nx.MultiDiGraph[str]:
    """The clusters and edges of an explanation.

    Nodes have kind, name, degree (0 for the endpoints), place (0 the left endpoint, 1 the right one, between them the
    position in the first path with the node) and score (of the paths through it). Edges have all fields of `Evidence`
    and whether their type is symmetric or negative; they point as the statement does, and their key is source, type and
    key. The graph's `title` names the pair and its cosine.
    """
    left, right = explanation.left, explanation.right
    names = left.label if explanation.same else f"{left.label} and {right.label}"
    cosine = "" if explanation.cosine is None else f": cosine {explanation.cosine:.2f}"
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(title=f"{names}{cosine}")
    for place, term in ((0.0, left), (1.0, right)):
        graph.add_node(term.id or term.text, kind=term.kind or "", name=term.label, degree=0, place=place, score=0.0)
    _add_edges(graph, explanation.direct)
    for nodes, steps, score in (
        *(((s.node,), (s.left, s.right), 0.0) for s in explanation.shared),
        *((p.nodes, p.steps, p.score) for metapath in explanation.paths for p in metapath.paths),
    ):
        for number, node in enumerate(nodes, start=1):
            if node.id not in graph:
                own = {"kind": node.kind, "name": node.name, "degree": node.degree}
                graph.add_node(node.id, **own, place=number / (len(nodes) + 1), score=0.0)
            graph.nodes[node.id]["score"] += score
        for step in steps:
            _add_edges(graph, step.edges)
    return graph


def _add_edges(graph: nx.MultiDiGraph[str], edges: Iterable[Evidence]) -> None:
    for edge in edges:
        properties = asdict(edge) | {"symmetric": edge.symmetric, "negative": edge.type in NEGATIVE}
        name = f"{edge.source}|{edge.type}|{properties.pop('key')}"
        graph.add_edge(edge.start_cluster, edge.end_cluster, name, **properties)
