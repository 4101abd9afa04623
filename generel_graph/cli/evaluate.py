"""The command evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generel_etl.errors import UsageError
from generel_graph.cli.options import configuration, output_options, quiet_option
from generel_graph.cli.output import format_difference, format_value, print_json, print_rows, print_table, progress_bars

if TYPE_CHECKING:
    from generel_etl.progress import Progress
    from generel_graph.config import Config
    from generel_graph.evaluate import Benchmark

COLUMNS = ("test", "measure", "negatives", "pairs", "groups", "method", "value", "ci_low", "ci_high")
DIFFERENCE = ("ahead", "ahead_low", "ahead_high")  # of the first method to this one


@click.command()
@click.argument("pairs", required=False, type=click.Path(path_type=Path))
@click.option(
    "--years", metavar="FROM-TO", help="Years of the papers to test on. Default: the last six years with 100 reports."
)
@click.option(
    "--draws", default=200, show_default=True, type=click.IntRange(20), help="Bootstrap resamples per interval."
)
@output_options
@quiet_option
@click.pass_context
def evaluate(
    ctx: click.Context, pairs: Path | None, years: str | None, draws: int, as_json: bool, as_csv: bool, quiet: bool
) -> None:
    """Compare the model with untrained baselines on held-out pairs.

    Without PAIRS: for each year, train a model on earlier papers and rank the pairs that the papers of the year
    report; the results of all years are pooled. With PAIRS, a TSV file: test the active model on its pairs. The columns
    are left, right, label (1 or 0) or value, and optionally group (the unit that the bootstrap draws).

    Example:  generel-graph evaluate --years 2010-2012
    """
    from generel_graph.evaluate.run import evaluate_later, evaluate_pairs

    config = configuration(ctx)
    if pairs is not None and not pairs.is_file():
        raise UsageError(
            "no such file", where=pairs, next_step="name a TSV file with the columns left, right, and label or value"
        )
    with progress_bars(quiet) as progress:
        if pairs is not None:
            benchmarks = evaluate_pairs(config, pairs, draws, progress)
        else:
            benchmarks = evaluate_later(config, _years(years) or _default_years(config, progress), draws, progress)
    if as_json:
        print_json({"benchmarks": [b.as_json() for b in benchmarks]})
    elif as_csv:
        print_rows((*COLUMNS, *DIFFERENCE), [row for b in benchmarks for row in _rows(b)], as_csv=True)
    else:
        _print(benchmarks)


def _default_years(config: Config, progress: Progress) -> list[int]:
    from generel_graph.evaluate.run import years_of
    from generel_graph.graph.open import open_graph

    with open_graph(config, progress) as graph:
        return years_of(graph)


def _years(text: str | None) -> list[int]:
    if not text:
        return []
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal() and int(first) <= int(last or first)):
        raise UsageError(
            "expected a year or a range of years", where="--years", found=text, valid=("2010-2012", "2013")
        )
    return list(range(int(first), int(last or first) + 1))


def _rows(benchmark: Benchmark) -> list[list[Any]]:
    test = [benchmark.name, benchmark.measure, benchmark.negatives, benchmark.n, benchmark.groups]
    return [[*test, *(getattr(r, name) for name in ("method", *COLUMNS[6:], *DIFFERENCE))] for r in benchmark.results]


def _print(benchmarks: list[Benchmark]) -> None:
    """Print two tables per measure, one row per test: each method's value, and the first method's difference to it."""
    for measure in dict.fromkeys(b.measure for b in benchmarks):
        tests = [b for b in benchmarks if b.measure == measure]
        names = [r.method for r in tests[0].results]
        values = [[b.name, b.negatives, b.n, b.groups, *map(format_value, b.results)] for b in tests]
        print_table(("test", "negatives", "pairs", "papers", *names), values, title=f"{measure} [95 % interval]")
        click.echo()
        differences = [[b.name, b.negatives, *map(format_difference, b.results[1:])] for b in tests]
        print_table(
            ("test", "negatives", *names[1:]), differences, title=f"{measure}: {names[0]} minus … [95 % interval]"
        )
        click.echo()
