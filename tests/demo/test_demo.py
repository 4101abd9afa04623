"""The demo's loci, hidden pairs, files and printed summaries."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from generel_graph.cli.demo import print_tasks, summary
from generel_graph.demo import prepare
from generel_graph.demo.answers import FREE_TEXT
from generel_graph.demo.data import SNP, quickstart
from generel_graph.demo.hidden_pairs import METHODS
from generel_graph.demo.loci import number_loci
from generel_graph.evaluate import Benchmark
from generel_graph.metrics import Result

MAX_BYTES = 600_000  # of the data set


def test_wide_gap_starts_a_new_locus_and_the_mhc_is_one_locus() -> None:
    snps = pl.DataFrame(
        {
            "rsid": ["a", "b", "c", "d", "m1", "m2"],
            "chromosome": ["1", "1", "1", "2", "6", "6"],
            "position": [100, 250_100, 500_101, 100, 25_000_000, 33_999_999],
        }
    )
    loci = dict(number_loci(snps).select("rsid", "locus").iter_rows())
    assert loci == {"a": "1:100", "b": "1:100", "c": "1:500101", "d": "2:100", "m1": "MHC", "m2": "MHC"}


def test_hidden_pairs_are_in_no_source(tmp_path: Path) -> None:
    project = prepare(tmp_path)
    pairs = {"shown": set(), "hidden": set()}
    for name in pairs:
        pairs[name] = set(getattr(project, name).select("locus", "disease_id").iter_rows())
    assert not pairs["shown"] & pairs["hidden"]
    assert len(pairs["hidden"]) == round(0.2 * len(pairs["shown"] | pairs["hidden"]))
    assert {locus for locus, _ in pairs["hidden"]} <= {locus for locus, _ in pairs["shown"]}
    loaded = pl.read_csv(tmp_path / "associations.tsv", separator="\t", schema_overrides={"chromosome": pl.String})
    assert loaded.join(project.hidden, on=["rsid", "disease_id"], how="semi").is_empty()
    assert len(loaded) + len(project.hidden) == len(project.shown) + len(project.hidden)
    assert SNP in set(loaded["rsid"])
    assert "hidden" not in (tmp_path / "generel.toml").read_text(encoding="utf-8")


def test_hiding_is_reproducible_and_files_are_written_once(tmp_path: Path) -> None:
    first = prepare(tmp_path)
    times = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert prepare(tmp_path).hidden.equals(first.hidden)
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == times
    assert not prepare(tmp_path / "other", seed=1).hidden.equals(first.hidden)


def test_data_set_is_small_and_has_no_gene_disease_edge() -> None:
    folder = quickstart()
    assert sum(p.stat().st_size for p in folder.iterdir()) <= MAX_BYTES
    links = pl.read_csv(folder / "links.tsv", separator="\t", quote_char=None)
    endpoints = links.select("subject", "object").rows()
    assert not any({a.split(":")[0], b.split(":")[0]} == {"HGNC", "MONDO"} for a, b in endpoints)


def test_free_text_is_in_no_vocabulary() -> None:
    text = "".join(p.read_text(encoding="utf-8").lower() for p in quickstart().glob("*.obo"))
    assert FREE_TEXT not in text


def results(**intervals: tuple[float, float]) -> tuple[Result, ...]:
    """The space with an AUC of .7, and other methods with intervals of their difference to it."""
    space = Result("the space", 0.7, 0.6, 0.8, 0.0, 0.0, 0.0)
    others = [
        Result(name.replace("_", " "), 0.7 - sum(d) / 2, 0.5, 0.9, sum(d) / 2, *d) for name, d in intervals.items()
    ]
    return (space, *others)


def test_summary_names_what_the_intervals_separate() -> None:
    printed = summary(results(text_propagation=(-0.1, 0.1), degree=(0.1, 0.3), oracle=(-0.3, -0.1)))
    assert printed == (
        "The space is above chance level;\n  better than degree;\n  worse than oracle;\n"
        "  not distinguishable from text propagation."
    )
    at_chance = (replace(results()[0], ci_low=0.5), *results(degree=(0.1, 0.3))[1:])
    assert summary(at_chance).startswith("The space is not shown to be above chance level;")


def test_every_task_is_printed_with_all_methods_and_the_difference(capsys: pytest.CaptureFixture[str]) -> None:
    methods = {"frozen_text": (0.1, 0.3), "degree_product": (0.1, 0.3)}
    better = results(**methods, text_propagation=(0.05, 0.15))
    similar = results(**methods, text_propagation=(-0.05, 0.15))
    tests = [
        Benchmark(name, "auc", "degree-matched", 40, 30, r) for name, r in (("gwas", better), ("synonym", similar))
    ]
    print_tasks(tests)
    printed = capsys.readouterr().out
    heading = next(line for line in printed.splitlines() if line.startswith("task"))
    for name in ("held-out pairs", "the space", "untrained text", "degree", "the space minus text propagation"):
        assert name in heading
    row = next(line for line in printed.splitlines() if line.startswith("gwas"))
    assert re.search(r"gwas\s+40\s+0\.700 \[0\.60, 0\.80\]", row)
    assert "+0.100 [+0.050, +0.150]" in row
    assert "better than text propagation on 1 of 2 tasks;\n  not distinguishable from it on synonym." in printed


def test_no_task_with_enough_pairs_is_printed_as_an_empty_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_tasks([])
    assert "on 0 of 0 tasks" in capsys.readouterr().out


def columns(line: str) -> list[str]:
    """The cells of a printed line."""
    return re.split(r"\s{2,}", line.strip())


def test_readme_shows_every_row_of_the_evaluation(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    first, second = readme.partition("(d) Evaluation, part 1")[2].split("(d) Evaluation, part 2")
    rows = [columns(line) for line in first.splitlines()]
    begin = rows.index(["method", "AUC [95 %]", "the space minus method [95 %]"]) + 1
    assert [row[0] for row in rows[begin : begin + len(METHODS)]] == list(METHODS)
    methods = {"frozen_text": (0.1, 0.3), "text_propagation": (0.05, 0.15), "degree_product": (0.1, 0.3)}
    print_tasks([Benchmark("gwas", "auc", "degree-matched", 40, 30, results(**methods))])
    heading = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("task"))
    table = [columns(line) for line in second.splitlines()]
    begin = table.index(columns(heading)) + 1
    tasks = [row for row in table[begin:] if len(row) == len(columns(heading))]
    assert {"gwas", "synonym", "hierarchy"} <= {row[0] for row in tasks}
    assert f"of {len(tasks)} tasks;" in second
