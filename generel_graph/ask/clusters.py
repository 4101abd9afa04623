"""Facts about clusters: members, codes, genes, position, and their links to queried clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from generel_etl.relations import NEGATIVE
from generel_graph.graph import Graph

GENE_ORDER = ("LOCATED_IN", "REPORTED_GENE", "NEAREST_TO")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of nodes with the same meaning; an SNP is a cluster of its own."""

    id: str
    members: tuple[EntityRef, ...]
    codes: tuple[str, ...]  # ids of the members, then their cross-references
    genes: tuple[str, ...]  # symbols, of an SNP
    position: str  # "chromosome:position" of an SNP, else ""
    links: tuple[str, ...]  # types of the edges that join it to a queried cluster

    @property
    def linked(self) -> bool:
        """Whether an edge that is not negative joins it to a queried cluster."""
        return any(type_ not in NEGATIVE for type_ in self.links)

    @property
    def head(self) -> EntityRef:
        """Its representative if the graph has that node, otherwise its first member."""
        return self.member(self.id) or self.members[0]

    def member(self, id_: str) -> EntityRef | None:
        """The member with this id; None if there is none."""
        return next((m for m in self.members if m.id == id_), None)


def read_clusters(
    graph: Graph, clusters: Sequence[str], queried: Sequence[str] = (), published_before: date | None = None
) -> dict[str, Cluster]:
    """Read clusters by id, with their links to the clusters `queried` that were published before a day."""
    rows = graph.rows(
        "ask/get_clusters", clusters=list(clusters), queried=list(queried), published_before=published_before
    )
    return {row["cluster"]: _cluster(row) for row in rows}


def cluster_members(graph: Graph, clusters: Sequence[str]) -> list[str]:
    """The ids of the members of clusters."""
    if not clusters:
        return []
    rows = graph.rows("ask/get_clusters", clusters=list(clusters), queried=[], published_before=None)
    return [member["id"] for row in rows for member in row["members"]]


def _cluster(row: Mapping[str, Any]) -> Cluster:
    ids = [member["id"] for member in row["members"]]
    xrefs = sorted({code for member in row["members"] for code in member["xrefs"]})
    genes = sorted(
        (gene for gene in row["genes"] if gene["name"]),
        key=lambda gene: (GENE_ORDER.index(gene["type"]), gene["distance"] or 0, gene["name"]),
    )
    return Cluster(
        row["cluster"],
        tuple(EntityRef(m["id"], m["kind"], m["name"]) for m in row["members"]),
        tuple(dict.fromkeys([row["cluster"], *sorted(ids), *xrefs])),
        tuple(dict.fromkeys(gene["name"] for gene in genes)),
        f"{row['chromosome']}:{row['position']}" if row["position"] is not None else "",
        tuple(row["links"]),
    )


@dataclass(frozen=True, slots=True)
class EntityRef:
    """Id, kind and name of a node, or of the representative of a cluster."""

    id: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}, {self.id})"
