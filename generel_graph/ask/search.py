"""A question and its answer: what a text names or means, and the clusters nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from generel_etl.tables import KINDS
from generel_graph.ask.clusters import Cluster, read_clusters
from generel_graph.ask.link import LOCUS, NAME, SYNONYM, Link, link_or_snp
from generel_graph.ask.nearest import Near, nearest
from generel_graph.ask.pin import Pinned, pinned, stored_vectors
from generel_graph.ask.space import Locus, Space, Spaces, placed
from generel_graph.ask.words import Named, named_by
from generel_graph.errors import NotFoundError, UsageError
from generel_graph.graph import Graph

WORDS = (NAME, SYNONYM)


@dataclass(frozen=True, slots=True)
class Hit:
    """A cluster near the question."""

    id: str  # of the cluster's representative, where it is of a kind that was asked for
    kind: str
    name: str
    score: float  # cosine after the question's constant, −1 … 1
    linked: bool | None  # an edge joins it to the question's cluster; None: the question is a text, or is this one
    codes: tuple[str, ...]  # other ids of the cluster and its cross-references
    genes: tuple[str, ...] = ()  # of an SNP: those that it lies in, that studies named, and the nearest
    position: str = ""  # of an SNP: "chromosome:position"

    @property
    def place(self) -> str:
        """Of an SNP: its gene and its position, as "PTPN22, 1:113834946"; of a concept nothing."""
        return ", ".join(filter(None, ["/".join(self.genes[:2]), self.position]))


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, what it was taken for, and what is near it, best first."""

    query: str
    resolved_by: str  # "rsid", "code", "position", "name", "synonym", "text"; "locus": an SNP that is no node
    resolved_id: str | None
    resolved_kind: str | None
    resolved_name: str | None
    others: tuple[str, ...]  # ids of other clusters of that name
    nearest: tuple[Named, ...]  # of a text: the concepts that it was nearest to
    model: str  # id of the model that answered
    hits: tuple[Hit, ...]
    locus: Locus | None = None  # of an SNP that is no node: what it was placed from

    def as_json(self) -> dict[str, Any]:
        """Plain values in the stable form that scripts read."""
        return asdict(self)

    def sentence(self) -> str:
        """What the question was taken for, in words."""
        if self.locus is not None:
            return f"{self.resolved_id} is no node of the graph; {self.locus.sentence()}"
        if self.resolved_id is None:
            near = "; ".join(f"{c.name} ({c.kind}, {c.id})" for c in self.nearest)
            return f"{self.query!r} names nothing here and is asked by its meaning" + (
                f"; nearest: {near}" if near else ""
            )
        said = f"{self.query!r} is the {self.resolved_by} of" if self.query != self.resolved_id else "this is"
        others = f"; also named so: {', '.join(self.others)}" if self.others else ""
        return f"{said} {self.resolved_name} ({self.resolved_kind}, {self.resolved_id}){others}"


def search(
    graph: Graph,
    spaces: Spaces,
    text: str,
    k: int = 10,
    kind: str | None = None,
    published_before: date | None = None,
) -> Answer:
    """The `k` clusters nearest to what `text` names, or else means; of one kind, or of any.

    Edges published from `published_before` on do not make a hit linked.
    An SNP that is no node is placed by what the stage and the graph know of its locus.
    Raises UsageError for an unknown kind or k < 1, NotFoundError for a code that is not there, an SNP that cannot
    be placed, or if no model is active, ModelError if the model's files are gone.
    """
    if k < 1:
        raise UsageError("k is the number of hits", where="-k", found=k, valid=["1 or more"])
    kinds = KINDS if kind is None else (valid_kind(kind),)
    linked = link_or_snp(graph, text)
    return pinned(graph, lambda model: _answer(graph, model, spaces(model.id), linked, k, kinds, published_before))


def valid_kind(kind: str) -> str:
    """The kind in its own spelling; raises UsageError with the nearest."""
    spellings = {name.lower(): name for name in KINDS}
    if kind.strip().lower() not in spellings:
        raise UsageError("unknown kind", where="--kind", found=kind, valid=KINDS)
    return spellings[kind.strip().lower()]


def _answer(
    graph: Graph,
    model: Pinned,
    space: Space,
    linked: Link,
    k: int,
    kinds: Sequence[str],
    published_before: date | None,
) -> Answer:
    similar: tuple[Named, ...] = ()
    locus: Locus | None = None
    if linked.snp is not None:
        found = placed(space, linked.snp)
        asked_kind, vector, locus = "SNP", found.vector, found.locus
    elif linked.id is None:
        vector, asked_kind = space.text_vectors([linked.text])[0], ""
        similar = named_by(graph, model, space, linked.text, vector)
    else:
        vectors = stored_vectors(graph, model, [linked.id])
        if linked.id not in vectors:
            raise NotFoundError(
                "this node has no vector yet",
                where=model.id,
                found=linked.id,
                next_step="run `generel-graph sync`: it embeds nodes that are new",
            )
        asked_kind, vector = vectors[linked.id]
    near = nearest(graph, model, space, vector, asked_kind, kinds, k, leave_out=linked.id)
    own = linked.id if linked.resolved_by in WORDS and linked.kind in kinds else None
    if own is not None:  # who asks in words wants to see what they name, first of all
        near = [Near(own, own, asked_kind, 1.0), *near[: k - 1]]
    clusters = read_clusters(graph, [n.cluster for n in near], linked.id, published_before)
    return Answer(
        linked.text,
        linked.resolved_by if locus is None else LOCUS,
        linked.id if locus is None else linked.snp,
        linked.kind if locus is None else asked_kind,
        linked.name if locus is None else linked.snp,
        linked.others,
        similar,
        model.id,
        tuple(_hit(n, clusters[n.cluster], kinds, linked.id is not None and n.id != own) for n in near),
        locus,
    )


def _hit(near: Near, cluster: Cluster, kinds: Sequence[str], asked: bool) -> Hit:
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
    )
