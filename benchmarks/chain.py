"""Load one project as `generel-graph load` does, in a process of its own, and print the time of each stage as JSON.

    python benchmarks/chain.py generel.toml [--bulk]

It is a process of its own because its peak memory is one of the figures. `--bulk`: always import in bulk.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import psutil
from figures import peak_bytes

from generel_graph.config import load_config
from generel_graph.pipeline import sync

POLL_SECONDS = 0.2
# What is done between the last report of a stage and the first of the next one.
AFTER = {
    "read": "check and stage",
    "resolve": "keep what is resolved",
    "start Neo4j": "sign in, keys, indexes",
    "compare edges": "find the difference",
    "create edges": "finish: indexes, sources",
    "change edges": "finish: indexes, sources",
}


class Timeline:
    """A `Progress` that records the wall and processor seconds of each stage."""

    def __init__(self) -> None:
        self.stage = "begin"
        self.since = (time.monotonic(), time.process_time())
        self.seconds: dict[str, tuple[float, float]] = {}

    def __call__(self, stage: str, done: float, total: float | None, note: str = "") -> None:
        """Record the time if another stage begins or this one ends."""
        name = f"resolve: {note}" if stage == "resolve" and note else stage
        for several in ("create edges", "change edges", "delete edges"):  # one stage, not one per type
            name = several if stage.startswith(several) else name
        if total and done >= total:
            self._enter(name)
            name = next((then for first, then in AFTER.items() if stage.startswith(first)), f"after {stage}")
        self._enter(name)

    def close(self) -> dict[str, tuple[float, float]]:
        """Wall and processor seconds of each stage, in the order in which they began."""
        self._enter("end")
        return self.seconds

    def _enter(self, name: str) -> None:
        if name == self.stage:
            return
        now = (time.monotonic(), time.process_time())
        before = self.seconds.get(self.stage, (0.0, 0.0))
        self.seconds[self.stage] = (before[0] + now[0] - self.since[0], before[1] + now[1] - self.since[1])
        self.stage, self.since = name, now


def watch(peaks: dict[str, int], stop: threading.Event) -> None:
    """Record the import tool's peak memory; the server's is given by its heap and page cache."""
    own = psutil.Process()
    while not stop.wait(POLL_SECONDS):
        for child in own.children(recursive=True):
            try:
                line = child.cmdline()
            except psutil.Error:
                continue
            if "import" in line and "full" in line:
                peaks["import tool"] = max(peaks.get("import tool", 0), peak_bytes(child.pid))


def main() -> None:
    """Run the load and print one JSON object."""
    config = load_config(Path(sys.argv[1]), environment={})
    if "--bulk" in sys.argv:
        sync.BULK_ROWS = 0
    base = peak_bytes()
    peaks: dict[str, int] = {}
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=(peaks, stop))
    watcher.start()
    timeline = Timeline()
    began, processor = time.monotonic(), time.process_time()
    try:
        report = sync.load(config, timeline)
    finally:
        seconds, processor = time.monotonic() - began, time.process_time() - processor
        stop.set()
        watcher.join()
    assert report.load is not None
    print(
        json.dumps(
            {
                "seconds": seconds,
                "processor_seconds": processor,  # of this process, without Neo4j
                "steps": dict(report.steps),
                "stages": timeline.close(),
                "way": report.load.method,
                "nodes": report.nodes,
                "edges": report.edges,
                "edges_created": report.load.edges_created,
                "edges_changed": report.load.edges_changed,
                "peak_bytes": peak_bytes(),
                "base_bytes": base,
                "import_peak_bytes": peaks.get("import tool", 0),
            }
        )
    )


if __name__ == "__main__":
    main()
