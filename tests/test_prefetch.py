"""Prefetching and parallel mapping keep items, order and errors, and leave no thread behind."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generel_graph.prefetch import THREAD_NAME, parallel_map, prefetch


def prefetch_threads() -> int:
    return sum(thread.name == THREAD_NAME for thread in threading.enumerate())


@given(st.lists(st.none() | st.integers(), max_size=30), st.integers(1, 4))
def test_prefetch_keeps_items_and_order(items, depth):
    assert list(prefetch(iter(items), depth)) == items
    assert prefetch_threads() == 0


def test_prefetch_produces_up_to_depth_items_in_advance():
    produced = []

    def produce():
        for number in range(100):
            produced.append(number)
            yield number

    items = prefetch(produce(), 3)
    assert next(items) == 0
    deadline = time.monotonic() + 10
    while len(produced) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert 4 <= len(produced) <= 6
    items.close()
    assert prefetch_threads() == 0


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_prefetch_raises_the_producers_error_at_its_position(error):
    def produce():
        yield 1
        raise error

    items = prefetch(produce())
    assert next(items) == 1
    with pytest.raises(type(error)):
        next(items)
    assert prefetch_threads() == 0


@given(st.lists(st.integers(), max_size=30), st.integers(1, 4))
def test_parallel_map_keeps_the_order_of_the_items(items, workers):
    assert list(parallel_map(lambda n: -n, items, workers)) == [-n for n in items]


def test_parallel_map_starts_at_most_twice_as_many_calls_as_workers():
    started = []
    results = parallel_map(started.append, range(100), 2)
    next(results)
    results.close()
    assert sorted(started) == list(range(len(started)))
    assert len(started) <= 5


def test_parallel_map_raises_the_error_of_a_call_at_its_position():
    def divide(number):
        return 6 // number

    results = parallel_map(divide, [3, 0, 1], 1)
    assert next(results) == 2
    with pytest.raises(ZeroDivisionError):
        next(results)
