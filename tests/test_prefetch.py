"""Work that is done ahead: the same items, the same errors, and no thread left behind."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generel_graph.prefetch import prefetch


def threads() -> int:
    return sum(thread.name == "ahead" for thread in threading.enumerate())


@given(st.lists(st.none() | st.integers(), max_size=30), st.integers(1, 4))
def test_the_same_items_in_the_same_order(items, depth):
    assert list(prefetch(iter(items), depth)) == items
    assert threads() == 0


def test_items_are_made_before_they_are_asked_for_but_not_all():
    made = []

    def make():
        for number in range(100):
            made.append(number)
            yield number

    items = prefetch(make(), 3)
    assert next(items) == 0
    until = time.monotonic() + 10
    while len(made) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    assert 4 <= len(made) <= 6
    items.close()
    assert threads() == 0


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_what_the_making_raises_comes_in_its_place(error):
    def make():
        yield 1
        raise error

    items = prefetch(make())
    assert next(items) == 1
    with pytest.raises(type(error)):
        next(items)
    assert threads() == 0
