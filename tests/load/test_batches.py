"""The difference of stored and resolved edges: writing it makes the stored edges equal to the resolved ones."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from generel_graph.load.batches import EDGE_KEY, edge_difference

SCHEMA = dict.fromkeys([*EDGE_KEY, "digest"], pl.String)
KEYS = st.tuples(
    st.sampled_from(["one", "two"]),
    st.just("TREATS"),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["k", "l"]),
)
STORED = st.lists(st.tuples(KEYS, st.sampled_from(["", "0", "1", "2", "old"])), max_size=10)


def after(stored: pl.DataFrame, edges: pl.DataFrame) -> list[tuple[str, ...]]:
    """The stored edges after the difference is written, by key as in the statements."""
    difference = edge_difference(edges, stored)
    deleted = set(difference.deleted.select(EDGE_KEY).rows())
    changed = {row[:-1]: row for row in difference.changed.rows()}
    remaining = [changed.get(row[:-1], row) for row in stored.rows() if row[:-1] not in deleted]
    return sorted([*remaining, *difference.created.rows()])


@given(st.lists(KEYS, unique=True, max_size=8), STORED)
def test_difference_leads_from_any_stored_edges_to_the_resolved_ones(keys: list, stored: list) -> None:
    edges = pl.DataFrame([(*key, str(n)) for n, key in enumerate(keys)], schema=SCHEMA, orient="row")
    before = pl.DataFrame([(*key, digest) for key, digest in stored], schema=SCHEMA, orient="row")
    assert after(before, edges) == sorted(edges.rows())


def test_equal_edges_have_no_difference() -> None:
    edges = pl.DataFrame([("one", "TREATS", "a", "b", str(n), f"d{n}") for n in range(5)], schema=SCHEMA, orient="row")
    difference = edge_difference(edges, edges.reverse())
    assert difference.deleted.is_empty()
    assert difference.created.is_empty()
    assert difference.changed.is_empty()
