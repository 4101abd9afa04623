"""Load one project as `generel-graph load` does, in a process of its own, and say in JSON what each stage took.

    python benchmarks/chain.py FOLDER_OF_GENEREL_TOML

A process of its own, since its peak of memory is one of the figures.
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
from generel_graph.sync import load

POLL_SECONDS = 0.2


class Timeline:
    """A `Progress` that keeps how long each stage was the one at work."""

    def __init__(self) -> None:
        self.now, self.since = "begin", time.monotonic()
        self.seconds: dict[str, float] = {}

    def __call__(self, stage: str, done: float, total: float | None, note: str = "") -> None:
        """Take the time at which another stage begins."""
        if stage == "resolve" and note:
            stage = f"resolve: {note}"
        if stage.startswith("create edges"):
            stage = "create edges"
        if done and total and done >= total and stage == self.now:
            stage = f"after {stage}"
        if stage != self.now and stage != self.now.removeprefix("after "):
            self.close()
            self.now = stage

    def close(self) -> dict[str, float]:
        """End the stage that is at work; all seconds so far."""
        now = time.monotonic()
        self.seconds[self.now] = self.seconds.get(self.now, 0.0) + now - self.since
        self.since = now
        return self.seconds


def watch(peaks: dict[str, int], stop: threading.Event) -> None:
    """Follow the import tool's memory while it lives; the server's own is set by its heap and page cache."""
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
    base = peak_bytes()
    peaks: dict[str, int] = {}
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=(peaks, stop))
    watcher.start()
    timeline = Timeline()
    began, cpu = time.monotonic(), time.process_time()
    try:
        report = load(config, timeline)
    finally:
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        stop.set()
        watcher.join()
    assert report.load is not None
    print(
        json.dumps(
            {
                "seconds": seconds,
                "processor_seconds": cpu,  # of this process; Neo4j's are not in it
                "steps": dict(report.steps),
                "stages": timeline.close(),
                "way": report.load.way,
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
