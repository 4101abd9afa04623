"""Read the provenance of a graph's data: its sources, and the ancestry of the studies' participants."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

from generel_graph.corpus.schema import Provenance, SourceInfo
from generel_graph.graph import Graph


def read_provenance(graph: Graph, published_before: date | None = None) -> Provenance:
    """The graph's current sources, and its associations by ancestry, without those from `published_before` on."""
    defaults: dict[str, Any] = {f.name: 0 if f.type == "int" else "" for f in fields(SourceInfo)}
    sources = [
        {name: row[name] or default for name, default in defaults.items()} for row in graph.rows("graph/get_sources")
    ]
    rows = graph.rows("corpus/count_ancestries", published_before=published_before)
    return Provenance(
        sources=tuple(SourceInfo(**values) for values in sources),
        associations=sum(row["firsts"] for row in rows),
        ancestries=tuple((row["ancestry"], row["associations"]) for row in rows),
    )
