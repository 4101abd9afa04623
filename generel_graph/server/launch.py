"""What a supervisor is told, and what it tells: the launch on its standard input, events on its output."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generel_etl.errors import ServerError
from generel_graph.server.settings import GIBIBYTE, memory_limit

if TYPE_CHECKING:
    pass


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


LEAST_MEMORY = 3 * GIBIBYTE  # below, a second JVM would be in the way


def make_in_background(launch: Launch) -> None:
    """Start making the launch's archive, if it is not there and memory allows; nobody waits for it."""
    if not launch.archive or Path(launch.archive).exists() or memory_limit() < LEAST_MEMORY:
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "generel_graph.server.class_cache"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdin
    process.stdin.write(launch.to_json() + "\n")
    process.stdin.close()
    process.wait()  # it forks at once
