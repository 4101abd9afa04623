"""The messages between a client and the supervisor: a launch on standard input, events on standard output."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from generel_etl.errors import ServerError
from generel_graph.server.settings import GIBIBYTE, memory_limit

STARTUP_FAILED = "failed to start"  # in the error for a JVM that ended during its start
MIN_MEMORY = 3 * GIBIBYTE  # with less memory, a second JVM would slow down the server


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything that starting a server needs, except the password."""

    version: str
    java: str  # path of the program
    options: tuple[str, ...]  # of the JVM, without memory
    class_path: str
    vector_module: bool
    heap: str  # as configured; "": derived from the memory
    page_cache: str
    bolt_port: int  # as configured; 0: that of the last start, or a free one
    http_port: int
    browser: bool
    idle_minutes: float
    class_cache: str = ""  # file for later starts; created in the background if it does not exist

    def to_json(self) -> str:
        """The launch as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Launch:
        """Read the line that `to_json` returned."""
        values = json.loads(text)
        return cls(**{**values, "options": tuple(values["options"])})


def error_to_event(error: ServerError) -> dict[str, Any]:
    """An error as an event, with all its parts."""
    return {
        "event": "error",
        "what": error.what,
        "where": error.where,
        "found": error.found,
        "valid": list(error.valid),
        "next_step": error.next_step,
    }


def event_to_error(event: dict[str, Any]) -> ServerError:
    """The error that `error_to_event` converted."""
    return ServerError(
        event["what"],
        where=event["where"],
        found=event["found"],
        valid=event["valid"],
        next_step=event["next_step"],
    )


def create_class_cache_in_background(launch: Launch) -> None:
    """Start a process that creates the launch's class cache, unless it exists or memory is too small; do not wait."""
    if not launch.class_cache or Path(launch.class_cache).exists() or memory_limit() < MIN_MEMORY:
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
    process.wait()  # it forks immediately
