"""One writer at a time: a `:Lease` node in the graph names the holder, who renews it while working."""

from __future__ import annotations

import getpass
import logging
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from generel_etl.errors import BusyError
from generel_etl.progress import Progress, silent
from generel_graph.graph.connect import Graph

NAME = "sync"
SECONDS = 60  # a lease that is not renewed for this long is free: its holder was killed

logger = logging.getLogger(__name__)


@contextmanager
def lease(graph: Graph, wait: float = 600.0, progress: Progress = silent) -> Iterator[None]:
    """Hold the graph's lease while the block runs; wait up to `wait` seconds for another holder to release it.

    Raises BusyError, with the holder, if the lease is not free by then.
    """
    holder = f"{getpass.getuser()}@{socket.gethostname()} process {os.getpid()} thread {threading.get_ident()}"
    deadline = time.monotonic() + wait
    while not (current := graph.write("graph/acquire_lease", name=NAME, holder=holder, seconds=SECONDS))["acquired"]:
        if _is_dead(current["holder"]):
            logger.info("Releasing the lease of a dead process: %s", current["holder"])
            graph.write("graph/release_lease", name=NAME, holder=current["holder"])
            continue
        if time.monotonic() > deadline:
            raise BusyError(
                "another process is writing to this graph",
                where=graph.uri,
                found=current["holder"],
                next_step=f"wait for it; if it has ended, its lease expires at {current['until']}",
            )
        progress("waiting for", 0, None, current["holder"])
        time.sleep(1.0)
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(SECONDS / 3):
            graph.write("graph/acquire_lease", name=NAME, holder=holder, seconds=SECONDS)

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        graph.write("graph/release_lease", name=NAME, holder=holder)


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this host that has ended; its lease can be released before it expires."""
    match = re.fullmatch(r".+@(\S+) process (\d+) thread \d+", holder)
    return match is not None and match[1] == socket.gethostname() and not psutil.pid_exists(int(match[2]))
