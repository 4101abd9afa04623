"""What a supervisor is told, and what it tells: the launch on its standard input, events on its output."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from generel_graph.errors import ServerError


@dataclass(frozen=True, slots=True)
class Launch:
    """All that it takes to start one server; passwords are not part of it."""

    version: str
    java: str  # the program
    options: tuple[str, ...]  # of the JVM, without memory
    class_path: str
    vector_module: bool
    heap: str  # as configured; empty: sized
    page_cache: str
    bolt_port: int  # as configured; 0: the last one, or a free one
    http_port: int
    browser: bool
    idle_minutes: float
    archive: str = ""  # of loaded classes, for the next start; made in the background where it is not there

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Launch:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "options": tuple(values["options"])})


def error_event(error: ServerError) -> dict[str, Any]:
    """An error as an event, with all its parts."""
    return {
        "event": "error",
        "what": error.what,
        "where": error.where,
        "found": error.found,
        "valid": list(error.valid),
        "next_step": error.next_step,
    }


def event_error(event: dict[str, Any]) -> ServerError:
    """The error behind an event."""
    return ServerError(
        event["what"],
        where=event["where"],
        found=event["found"],
        valid=event["valid"],
        next_step=event["next_step"],
    )
