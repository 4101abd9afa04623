"""A user's file of pairs: what it must hold, and what its errors say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from generel_etl.errors import DataError
from generel_graph.evaluate import Benchmark, pair_benchmarks

ENDS = {"left": ["a", "b", "c", "d"], "right": ["e", "f", "g", "h"]}


def judged(scores: list[float], **columns: list[str]) -> list[Benchmark]:
    frame = pl.DataFrame(ENDS | columns)
    return pair_benchmarks("mine", frame, {"ours": np.array(scores)}, where="mine.tsv", draws=20, seed=0)


def test_labels_ask_for_auc_and_precision() -> None:
    one, two = judged([4, 3, 2, 1], label=["1", "1", "0", "0"])
    assert (one.measure, two.measure, one.n, one.groups) == ("auc", "average_precision", 2, 4)
    assert one.results[0].value == two.results[0].value == 1.0


def test_values_ask_for_spearman_and_groups_are_drawn_whole() -> None:
    (one,) = judged([1, 2, 3, 4], value=["0.1", "0.2", "0.3", "4e1"], group=["x", "x", "y", "y"])
    assert (one.measure, one.n, one.groups, one.results[0].value) == ("spearman", 4, 2, pytest.approx(1.0))


def test_what_has_no_score_is_left_out_for_all() -> None:
    one, _ = judged([4, float("nan"), 2, 1], label=["1", "1", "0", "0"])
    assert (one.n, one.groups) == (1, 3)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "missing column"),
        ({"label": ["1", "0", "yes", "0"]}, "line 4, column label"),
        ({"label": ["1", "0", "2", "0"]}, "a label is 0 or 1"),
        ({"value": ["1", "0", "", "0"]}, "line 4, column value"),
        ({"label": ["1", "1", "1", "1"]}, "nothing to compare"),
    ],
)
def test_a_file_that_is_none_says_where(columns: dict[str, list[str]], said: str) -> None:
    with pytest.raises(DataError) as caught:
        judged([4, 3, 2, 1], **columns)
    assert said in str(caught.value)


def test_json_has_null_for_what_is_not_a_number() -> None:
    told = judged([4, 3, 2, 1], label=["1", "1", "0", "0"])[0].as_json()
    assert set(told) == {"name", "measure", "negatives", "n", "groups", "results"}
    assert told["results"][0]["method"] == "ours"
