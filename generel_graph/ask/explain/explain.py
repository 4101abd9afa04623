"""Why two things lie near each other, or do not: the cosine and its place, and what the graph says of the two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from generel_etl.errors import UsageError
from generel_etl.relations import NEGATIVE
from generel_etl.schema import CONCEPT_KINDS
from generel_graph.ask.clusters import read_clusters
from generel_graph.ask.entity_linking import EntityLink, link_or_snp
from generel_graph.ask.explain.agreement import contradictions, summary
from generel_graph.ask.explain.connections import NOTHING, Connections, Metapaths, Shared, connect
from generel_graph.ask.explain.ends import End, read_ends
from generel_graph.ask.explain.evidence import Evidence, read_evidence, with_seen
from generel_graph.ask.explain.percentile import Percentile, percentile
from generel_graph.ask.pinned_model import PinnedModel, pinned, stored_vectors
from generel_graph.ask.search.filters import SearchFilter
from generel_graph.ask.search.mixture import Part, WeightedQuery
from generel_graph.ask.search.nearest import nearest
from generel_graph.ask.similarity import pairwise
from generel_graph.ask.space import UNSEEN, Space, Spaces, TrainingExposure, Vector
from generel_graph.graph import Graph

if TYPE_CHECKING:
    import networkx as nx

HOPS = (2, 3)


@dataclass(frozen=True, slots=True)
class NearBoth:
    """A concept near both ends."""

    id: str
    kind: str
    name: str
    left: float  # cosine, −1 … 1
    right: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say of two things, the most telling first."""

    left: End
    right: End
    model: str  # id of the model that answered
    cosine: float | None  # −1 … 1, as `score` gives it; None: an end has no vector yet
    percentile: Percentile | None
    trained_on: str  # "yes", "held out", "no"; "unknown" without a list of its training pairs
    tasks: tuple[str, ...]  # that the pair is one of
    summary: tuple[str, ...]  # of the direct evidence, in words
    contradictions: tuple[str, ...]
    direct: tuple[Evidence, ...]
    paths: tuple[Metapaths, ...]
    shared: tuple[Shared, ...]
    nearest: tuple[NearBoth, ...]
    cut: tuple[str, ...]  # what the search for paths left out, in words

    @property
    def same(self) -> bool:
        """Whether both ends are one cluster; then the direct evidence says why they are."""
        return self.left.node and self.left.id == self.right.id

    def as_json(self) -> dict[str, Any]:
        """Plain values in the stable form that scripts read."""
        return asdict(self)

    def graph(self) -> nx.MultiDiGraph[str]:
        """The ends, all told paths and shared neighbours with their edges, a node a cluster."""

        return as_graph(self)


def explain(graph: Graph, spaces: Spaces, left: str, right: str, hops: int = 3, k: int = 5) -> Explanation:
    """Explain a pair of texts, codes, rsIDs or gene symbols; `k` rows of each list, paths of up to `hops` steps.

    A free text, and an SNP that is no node, has no edges, but a cosine and concepts near it.
    Raises UsageError for hops outside 2 … 3 or k < 1, NotFoundError for an end that is not there, or if no model is
    active, ModelError if the model's files are gone.
    """
    if hops not in HOPS:
        raise UsageError("paths have two or three steps", where="hops", found=hops, valid=HOPS)
    if k < 1:
        raise UsageError("k is the number of rows of each list", where="-k", found=k, valid=["1 or more"])
    links = link_or_snp(graph, left), link_or_snp(graph, right)
    return pinned(graph, lambda model: _explain(graph, model, spaces(model.id), links, hops, k))


def _explain(
    graph: Graph, model: PinnedModel, space: Space, links: tuple[EntityLink, EntityLink], hops: int, k: int
) -> Explanation:
    (left, a), (right, b) = read_ends(graph, model, space, links)
    cosine = place = None
    near: tuple[NearBoth, ...] = ()
    if a is not None and b is not None:
        asked = (left.kind, a), (right.kind, b)
        cosine = float(pairwise(space, a[np.newaxis], left.kind, b[np.newaxis], right.kind)[0])
        place = percentile(graph, model, space, cosine, *asked)
        near = _near_both(graph, model, space, asked, k, frozenset(e.id for e in (left, right) if e.id is not None))
    direct: Sequence[Evidence] = ()
    connections, seen = NOTHING, TrainingExposure(UNSEEN, (), ())
    if left.node and right.node:
        direct = read_evidence(graph, [(left.members, right.members)])[0]
        if left.id != right.id:
            connections = connect(graph, left, right, hops, k)
        seen = space.training_exposure(left.members, right.members, [(edge.start, edge.end) for edge in direct])
        direct = with_seen(direct, seen.edges)
    return _put(left, right, model, cosine, place, seen, direct, connections, near)


def _put(
    left: End,
    right: End,
    model: PinnedModel,
    cosine: float | None,
    place: Percentile | None,
    seen: TrainingExposure,
    direct: Sequence[Evidence],
    connections: Connections,
    near: tuple[NearBoth, ...],
) -> Explanation:
    return Explanation(
        left,
        right,
        model.id,
        cosine,
        place,
        seen.answer,
        seen.tasks,
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
    asked: tuple[tuple[str, Vector], tuple[str, Vector]],
    k: int,
    leave_out: frozenset[str],
) -> tuple[NearBoth, ...]:
    """The concepts with the greatest sum of both cosines."""
    mixture = WeightedQuery([Part(vector, kind) for kind, vector in asked])
    found = nearest(graph, model, space, mixture, SearchFilter(CONCEPT_KINDS, without=leave_out), k)
    vectors = stored_vectors(graph, model, [near.id for near in found])
    clusters = read_clusters(graph, [near.cluster for near in found])
    rows = []
    for near in found:
        kind, vector = vectors[near.id]
        cosines = [
            float(pairwise(space, one[np.newaxis], asked_kind, vector[np.newaxis], kind)[0])
            for asked_kind, one in asked
        ]
        head = clusters[near.cluster].head
        rows.append(NearBoth(near.cluster, head.kind, head.name, *cosines))
    return tuple(rows)


def as_graph(found: Explanation) -> nx.MultiDiGraph[str]:
    """Nodes have kind, name, degree (0 of the ends), place (0 the left end, 1 the right one, between them where a path
    first met it) and score (of the paths by it). Edges have all that `Evidence` has, and whether their type is
    symmetric or negative; their direction is that of the statement, their key source, type and key.
    The graph's `title` says what it is of.
    """
    names = found.left.name if found.same else f"{found.left.name} and {found.right.name}"
    cosine = "" if found.cosine is None else f": cosine {found.cosine:.2f}"
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(title=f"{names}{cosine}")
    for place, end in ((0.0, found.left), (1.0, found.right)):
        graph.add_node(end.id or end.text, kind=end.kind, name=end.name, degree=0, place=place, score=0.0)
    _add_edges(graph, found.direct)
    for nodes, steps, score in (
        *(((s.node,), (s.left, s.right), 0.0) for s in found.shared),
        *((p.nodes, p.steps, p.score) for metapath in found.paths for p in metapath.paths),
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
