"""Tests on a file of pairs: measures, groups, invalid files and the keys of the JSON."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from generel_etl.errors import DataError
from generel_graph.evaluate import Benchmark, pair_benchmarks

ENDPOINTS = {"left": ["a", "b", "c", "d"], "right": ["e", "f", "g", "h"]}


def evaluated(scores: list[float], **columns: list[str]) -> list[Benchmark]:
    frame = pl.DataFrame(ENDPOINTS | columns)
    return pair_benchmarks("mine", frame, {"ours": np.array(scores)}, where="mine.tsv", draws=20, seed=0)


def test_labels_are_measured_by_auc_and_average_precision() -> None:
    one, two = evaluated([4, 3, 2, 1], label=["1", "1", "0", "0"])
    assert (one.measure, two.measure, one.n, one.groups) == ("auc", "average_precision", 2, 4)
    assert one.results[0].value == two.results[0].value == 1.0


def test_values_are_measured_by_spearman_and_groups_are_counted() -> None:
    (one,) = evaluated([1, 2, 3, 4], value=["0.1", "0.2", "0.3", "4e1"], group=["x", "x", "y", "y"])
    assert (one.measure, one.n, one.groups, one.results[0].value) == ("spearman", 4, 2, pytest.approx(1.0))


def test_pairs_without_a_score_are_left_out() -> None:
    one, _ = evaluated([4, float("nan"), 2, 1], label=["1", "1", "0", "0"])
    assert (one.n, one.groups) == (1, 3)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "missing column"),
        ({"label": ["1", "0", "yes", "0"]}, "line 4, column label"),
        ({"label": ["1", "0", "2", "0"]}, "a label is 0 or 1"),
        ({"value": ["1", "0", "", "0"]}, "line 4, column value"),
        ({"label": ["1", "1", "1", "1"]}, "nothing to compare"),
    ],
)
def test_invalid_file_is_rejected_with_line_and_column(columns: dict[str, list[str]], message: str) -> None:
    with pytest.raises(DataError) as caught:
        evaluated([4, 3, 2, 1], **columns)
    assert message in str(caught.value)


def test_json_keys_are_stable_and_nan_is_null() -> None:
    benchmark = evaluated([4, 3, 2, 1], label=["1", "1", "0", "0"])[0]
    result = replace(benchmark.results[0], ci_low=float("nan"))
    values = replace(benchmark, results=(result,)).as_json()
    assert list(values) == ["name", "measure", "negatives", "n", "groups", "results"]
    assert list(values["results"][0]) == [
        "method",
        "value",
        "ci_low",
        "ci_high",
        "ahead",
        "ahead_low",
        "ahead_high",
    ]
    assert (values["results"][0]["method"], values["results"][0]["ci_low"]) == ("ours", None)
