"""Read where a graph's data comes from: its sources, and who the studies looked at."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

from generel_graph.corpus.schema import Provenance, SourceInfo
from generel_graph.graph import Graph


def read_provenance(graph: Graph, published_before: date | None = None) -> Provenance:
    """The graph's sources as they are now; associations from `published_before` on are not counted."""
    nothing: dict[str, Any] = {f.name: 0 if f.type == "int" else "" for f in fields(SourceInfo)}
    told = [{name: row[name] or none for name, none in nothing.items()} for row in graph.rows("graph/get_sources")]
    rows = graph.rows("corpus/count_ancestries", published_before=published_before)
    return Provenance(
        sources=tuple(SourceInfo(**values) for values in told),
        associations=sum(row["firsts"] for row in rows),
        ancestries=tuple((row["ancestry"], row["associations"]) for row in rows),
    )
