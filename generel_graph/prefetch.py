"""Prefetch an iterator in a background thread, and map a function over items in parallel, in order.

Both are for work that waits for input and output or releases the interpreter lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
POLL_SECONDS = 0.2  # between two checks whether the consumer has stopped
THREAD_NAME = "prefetch"


def prefetch(items: Iterator[Item], depth: int = 4) -> Generator[Item, None, None]:
    """Yield the same items in the same order; a thread produces up to `depth` of them in advance.

    An exception of the producer is raised at the position of the item that failed. The thread ends with the items, or
    shortly after this generator is closed.
    """
    queue: Queue[tuple[list[Item], BaseException | None]] = Queue(depth)
    closed = Event()

    def put(item: list[Item], error: BaseException | None) -> bool:
        while not closed.is_set():
            try:
                queue.put((item, error), timeout=POLL_SECONDS)
            except Full:
                continue
            return True
        return False

    def produce() -> None:
        failure: BaseException | None = None
        try:
            for item in items:
                if not put([item], None):
                    return
        except BaseException as error:
            failure = error
        put([], failure)

    thread = Thread(target=produce, name=THREAD_NAME, daemon=True)
    thread.start()
    try:
        while True:
            try:
                item, error = queue.get(timeout=POLL_SECONDS)
            except Empty:
                continue  # the timeout lets Python handle Ctrl-C
            if error is not None:
                raise error
            if not item:
                return
            yield item[0]
    finally:
        closed.set()
        thread.join()


def parallel_map(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Generator[Result, None, None]:
    """Yield `function(item)` for each item, in the order of the items.

    `workers` threads call the function; at most 2 · `workers` results are running or waiting to be consumed. When the
    generator is closed early, it waits for the calls that are running and cancels the others.
    """
    with ThreadPoolExecutor(workers) as pool:
        remaining = iter(items)
        futures = deque(pool.submit(function, item) for item in islice(remaining, 2 * workers))
        try:
            while futures:
                result = futures.popleft().result()
                futures.extend(pool.submit(function, item) for item in islice(remaining, 1))
                yield result
        finally:
            for future in futures:
                future.cancel()
