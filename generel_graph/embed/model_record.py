"""The record of a model in the graph, and the report of writing its vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

# Properties that the writer of a model sets; `embed` sets the others.
WRITER_PROPERTIES = (
    "dimension",
    "encoder",
    "trained_at",
    "graph_digest",
    "edges",
    "recipe",
    "published_before",
    "made_from",
)


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A `:Model` node. The writer of the model sets the first block (WRITER_PROPERTIES), `embed` sets the second."""

    id: str  # id of the model; the name of its folder
    dimension: int  # of the vectors
    encoder: str = ""  # name of the text encoder
    trained_at: str = ""  # ISO 8601
    graph_digest: str = ""  # of the graph that the model was trained on
    edges: int = 0  # in that graph; the share of changed edges is relative to it
    recipe: str = ""  # digest of tasks, encoder and settings
    published_before: str = ""  # ISO date; training excluded reports published from this day on
    made_from: str = ""  # the file that the vectors were imported from; "" for a model that this project trained

    slot: int | None = None  # slot of its vectors, 0 to 3
    state: str = ""  # "clearing", "writing" or "complete"; "" if the model is not in the graph
    active: bool = False  # answers queries
    vectors: int = 0  # nodes with a vector when the model was completed
    kinds: tuple[str, ...] = ()  # of those nodes
    created_at: str = ""  # time of the first write (ISO 8601)
    activated_at: str = ""  # time of the last activation (ISO 8601)
    embedded_digest: str = ""  # of the graph that the vectors were computed from
    edges_touched: int = 0  # edges created, changed or deleted since the model was trained

    @property
    def index(self) -> str | None:
        """The name of the vectors' property and of their index over all kinds."""
        return None if self.slot is None else f"embedding_{self.slot}"

    @property
    def complete(self) -> bool:
        """Whether all vectors were written and all indexes were built. Only a complete model can be activated."""
        return self.state == "complete"

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Self:
        """Read the properties of a `:Model` node; unknown properties are ignored."""
        names = {f.name for f in fields(cls)}
        known = {key: value for key, value in properties.items() if key in names}
        known["kinds"] = tuple(known.get("kinds") or ())
        return cls(**known)

    def properties(self) -> dict[str, Any]:
        """The WRITER_PROPERTIES that have a value; the graph stores no empty properties."""
        values = {name: getattr(self, name) for name in WRITER_PROPERTIES}
        return {name: value for name, value in values.items() if value not in ("", None)}


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What one write-back did."""

    slot: int
    written: int  # vectors of nodes that had none
    vectors: int  # nodes with a vector now
    replaced: str | None  # id of the older model that lost its slot
    seconds: float
    index_seconds: float
