"""Digests depend only on the values of a row, and their sums do not depend on the order."""

from __future__ import annotations

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from generel_etl.digest import row_digests, sum_digests

ROW = {"name": "x", "weight": 0.5, "count": 3, "when": dt.date(2020, 1, 2), "flags": ["a", "b"], "yes": True}


def digest(row: dict[str, object], **overrides: object) -> str:
    return row_digests(pl.DataFrame([{**row, **overrides}]))[0]


def test_a_digest_is_32_hexadecimal_digits() -> None:
    assert len(digest(ROW)) == 32
    int(digest(ROW), 16)


def test_digest_of_a_row_never_changes() -> None:
    # Stored graphs contain this digest: if it changes, every graph is loaded again.
    assert digest({"id": "rs1", "flags": ["a"], "weight": 0.1}) == "203944fd543fbe688bcd67e300498af5"


def test_every_kind_of_empty_value_is_ignored() -> None:
    frame = pl.DataFrame(
        {"id": ["a"] * 5, "text": [None, "", None, None, None], "list": [None, [], [""], [None], None]},
        schema={"id": pl.String, "text": pl.String, "list": pl.List(pl.String)},
    )
    assert row_digests(frame).n_unique() == 1
    assert row_digests(frame)[0] == row_digests(frame.select("id"))[0]
    assert digest({"id": "a", "x": float("nan")}) == digest({"id": "a"})
    assert digest({"id": "a", "x": -0.0}) == digest({"id": "a", "x": 0.0})


def test_digest_ignores_column_order_but_not_list_order() -> None:
    frame = pl.DataFrame([ROW])
    assert row_digests(frame)[0] == row_digests(frame.select(reversed(frame.columns)))[0]
    assert digest(ROW, flags=["b", "a"]) != digest(ROW)
    assert row_digests(frame, ["name"])[0] == row_digests(frame.select("name"))[0]


def test_values_shifted_between_columns_change_the_digest() -> None:
    assert digest({"a": "1;b=1:2", "b": ""}) != digest({"a": "1", "b": "2"})
    assert digest({"a": ["x", "y"]}) != digest({"a": ["x1:y"]})
    assert digest({"a": ["1:x"]}) != digest({"a": "1:x"}) or digest({"a": ["x"]}) != digest({"a": "x"})


@settings(deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({"a": st.none() | st.text(max_size=5), "b": st.none() | st.floats()}),
        max_size=9,
    )
)
def test_digest_of_a_row_is_independent_of_other_rows(rows: list[dict[str, object]]) -> None:
    schema = {"a": pl.String, "b": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema)
    alone = [row_digests(pl.DataFrame([row], schema=schema))[0] for row in rows]
    assert row_digests(frame).to_list() == alone


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**128 - 1), max_size=20), st.randoms())
def test_sum_of_digests_ignores_order(values: list[int], random: object) -> None:
    digests = [f"{v:032x}" for v in values]
    total = sum_digests(pl.Series(digests, dtype=pl.String))
    assert int(total, 16) == sum(values) % 2**128
    random.shuffle(digests)  # type: ignore[attr-defined]
    assert sum_digests(pl.Series(digests, dtype=pl.String)) == total
