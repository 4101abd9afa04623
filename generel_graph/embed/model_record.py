"""What the graph knows of a model, and what a write back did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

SAID = ("dimension", "encoder", "trained_at", "graph_digest", "edges", "recipe", "published_before", "made_from")


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A `:Model` of the graph. The first block is the caller's to say (SAID), the second the graph's."""

    id: str
    dimension: int  # numbers in a vector
    encoder: str = ""  # name of the text encoder
    trained_at: str = ""  # ISO 8601
    graph_digest: str = ""  # of the graph that it was trained on
    edges: int = 0  # of that graph: what staleness is a share of
    recipe: str = ""  # digest of tasks, encoder and settings
    published_before: str = ""  # ISO date; reports from this day on were left out
    made_from: str = ""  # the file that its vectors came from; "" they are of a model that was trained here

    slot: int | None = None
    state: str = ""  # "clearing", "writing", "complete"; "" not in the graph
    active: bool = False
    vectors: int = 0  # nodes that had its vector when it was completed
    kinds: tuple[str, ...] = ()  # of those nodes
    created_at: str = ""
    activated_at: str = ""
    embedded_digest: str = ""  # of the graph that its vectors follow
    edges_touched: int = 0  # edges created, changed or deleted since it was trained

    @property
    def index(self) -> str | None:
        """The name that the vectors' property and index share."""
        return None if self.slot is None else f"embedding_{self.slot}"

    @property
    def complete(self) -> bool:
        """Whether every vector was written and every index built: it can be made active."""
        return self.state == "complete"

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> Self:
        """Read the properties of a `:Model`; those unknown here are passed over."""
        names = {f.name for f in fields(cls)}
        known = {key: value for key, value in properties.items() if key in names}
        known["kinds"] = tuple(known.get("kinds") or ())
        return cls(**known)

    def properties(self) -> dict[str, Any]:
        """The caller's block as properties; empty texts are absent, as everywhere in the graph."""
        values = {name: getattr(self, name) for name in SAID}
        return {name: value for name, value in values.items() if value not in ("", None)}


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What one write back did; `replaced` is the id of the older model that gave up its slot, if one did."""

    slot: int
    written: int  # vectors, of the nodes that lacked one
    vectors: int  # nodes that have one now
    replaced: str | None
    seconds: float
    index_seconds: float
