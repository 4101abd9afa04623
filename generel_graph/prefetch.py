"""Do work before who needs it asks for it, in a thread of its own: for work that waits, or leaves the interpreter."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
WAIT = 0.2  # seconds between looks at whether anyone still wants the items


def prefetch(items: Iterator[Item], depth: int = 4) -> Generator[Item, None, None]:
    """The same items in the same order, up to `depth` of them made before they are asked for.

    What the making raises is raised here, in its place. The thread ends with the items, or soon after this generator
    is closed.
    """
    made: Queue[tuple[list[Item], BaseException | None]] = Queue(depth)
    unwanted = Event()

    def put(item: list[Item], error: BaseException | None) -> bool:
        while not unwanted.is_set():
            try:
                made.put((item, error), timeout=WAIT)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                if not put([item], None):
                    return
        except BaseException as found:
            error = found
        put([], error)

    thread = Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            try:
                item, error = made.get(timeout=WAIT)
            except Empty:
                continue  # so that Ctrl-C is heard
            if error is not None:
                raise error
            if not item:
                return
            yield item[0]
    finally:
        unwanted.set()
        thread.join()
