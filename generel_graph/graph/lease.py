"""One writer at a time: a node in the graph that says who, kept fresh while the work goes on."""

from __future__ import annotations

import getpass
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
SECONDS = 60  # a lease that nobody renews so long is free: its holder was killed


@contextmanager
def lease(graph: Graph, wait: float = 600.0, progress: Progress = silent) -> Iterator[None]:
    """Hold the graph's lease while the block runs; wait up to `wait` seconds for another holder.

    Raises BusyError, naming the holder, if it is not to be had in time.
    """
    holder = f"{getpass.getuser()}@{socket.gethostname()} process {os.getpid()} thread {threading.get_ident()}"
    deadline = time.monotonic() + wait
    while not (taken := graph.write("graph/take_lease", name=NAME, holder=holder, seconds=SECONDS))["mine"]:
        if _is_dead(taken["holder"]):
            graph.write("graph/drop_lease", name=NAME, holder=taken["holder"])
            continue
        if time.monotonic() > deadline:
            raise BusyError(
                "another sync is writing to this graph",
                where=graph.uri,
                found=taken["holder"],
                next_step=f"wait for it; if it is dead, its lease is free after {taken['until']}",
            )
        progress("waiting for", 0, None, taken["holder"])
        time.sleep(1.0)
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(SECONDS / 3):
            graph.write("graph/take_lease", name=NAME, holder=holder, seconds=SECONDS)

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        graph.write("graph/drop_lease", name=NAME, holder=holder)


def _is_dead(holder: str) -> bool:
    """Whether a holder was a process of this host that is no more: nobody needs to wait for its lease to run out."""
    found = re.fullmatch(r".+@(\S+) process (\d+) thread \d+", holder)
    return found is not None and found[1] == socket.gethostname() and not psutil.pid_exists(int(found[2]))
