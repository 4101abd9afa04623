"""The command evaluate: the keys of its JSON, the columns of its CSV, its tables and its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from generel_etl.errors import UsageError
from generel_graph.cli import cli
from generel_graph.evaluate import Benchmark
from generel_graph.metrics import Result

RESULTS = (
    Result("the space", 0.7, 0.6, 0.8, 0.0, 0.0, 0.0),
    Result("text propagation", 0.6, 0.5, 0.7, 0.1, -0.05, 0.25),
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a file of pairs, whose evaluation is known."""
    benchmark = Benchmark("mine", "auc", "as in the file", 30, 20, RESULTS)
    monkeypatch.setattr("generel_graph.evaluate.run.evaluate_pairs", lambda *_: [benchmark])
    (tmp_path / "generel.toml").write_text('data_dir = "."\n', encoding="utf-8")
    (tmp_path / "mine.tsv").write_text("left\tright\tlabel\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def output(*options: str) -> str:
    """What `evaluate mine.tsv` prints."""
    done = CliRunner().invoke(cli, ["evaluate", "mine.tsv", "-q", *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_json_has_the_promised_keys(project: Path) -> None:
    printed = json.loads(output("--json"))
    assert list(printed) == ["benchmarks"]
    (benchmark,) = printed["benchmarks"]
    assert list(benchmark) == ["name", "measure", "negatives", "n", "groups", "results"]
    keys = ["method", "value", "ci_low", "ci_high", "ahead", "ahead_low", "ahead_high"]
    assert [list(result) for result in benchmark["results"]] == [keys, keys]
    assert [result["method"] for result in benchmark["results"]] == ["the space", "text propagation"]


def test_csv_has_one_row_per_method(project: Path) -> None:
    header, *rows = output("--csv").splitlines()
    assert header == ("test,measure,negatives,pairs,groups,method,value,ci_low,ci_high,ahead,ahead_low,ahead_high")
    assert [row.split(",")[5] for row in rows] == ["the space", "text propagation"]


def test_tables_show_values_and_differences_with_intervals(project: Path) -> None:
    printed = output()
    assert "auc [95 % interval]" in printed
    assert "auc: the space minus … [95 % interval]" in printed
    assert "0.700 [0.60, 0.80]" in printed
    assert "+0.100 [-0.050, +0.250]" in printed


@pytest.mark.parametrize("years", ["2012-2010", "soon"])
def test_invalid_years_are_rejected(project: Path, years: str) -> None:
    done = CliRunner().invoke(cli, ["evaluate", "--years", years, "-q"], standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    assert "expected a year" in done.exception.message


def test_missing_file_of_pairs_is_rejected(project: Path) -> None:
    done = CliRunner().invoke(cli, ["evaluate", "none.tsv"], standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    assert "none.tsv" in done.exception.message
