"""The command that judges what was learnt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generel_etl.errors import UsageError
from generel_graph.cli.options import configuration, output_options, quiet_option
from generel_graph.cli.output import print_json, print_rows, print_table, progress_bars

if TYPE_CHECKING:
    from generel_etl.progress import Progress
    from generel_graph.config import Config
    from generel_graph.evaluate import Benchmark

COLUMNS = ("test", "measure", "negatives", "pairs", "groups", "method", "value", "ci_low", "ci_high")
AHEAD = ("ahead", "ahead_low", "ahead_high")


@click.command()
@click.argument("pairs", required=False, type=click.Path(path_type=Path))
@click.option("--years", metavar="FROM-TO", help="Papers to test on. Default: the last six years with reports.")
@click.option("--draws", default=200, show_default=True, type=click.IntRange(20), help="Resamples of an interval.")
@output_options
@quiet_option
@click.pass_context
def evaluate(
    ctx: click.Context, pairs: Path | None, years: str | None, draws: int, as_json: bool, as_csv: bool, quiet: bool
) -> None:
    """Compare the space with what there is without it, on pairs that it was not trained on.

    Without PAIRS: for each year a model is trained on what was published before, and asked for what that year's
    papers report; the years are pooled. With PAIRS, a TSV with the columns left, right and label (1 or 0) or value,
    perhaps group: the active model on that file.

    Example:  generel-graph evaluate --years 2010-2012
    """
    from generel_graph.evaluate.run import evaluate_later, evaluate_pairs

    config = configuration(ctx)
    if pairs is not None and not pairs.is_file():
        raise UsageError("no such file", where=pairs, next_step="name a TSV with left, right, and label or value")
    with progress_bars(quiet) as progress:
        if pairs is not None:
            made = evaluate_pairs(config, pairs, draws, progress)
        else:
            made = evaluate_later(config, _years(years) or _latest(config, progress), draws, progress)
    if as_json:
        print_json({"benchmarks": [b.as_json() for b in made]})
    elif as_csv:
        print_rows((*COLUMNS, *AHEAD), [row for b in made for row in _rows(b)], as_csv=True)
    else:
        _print(made)


def _latest(config: Config, progress: Progress) -> list[int]:
    from generel_graph.evaluate.run import years_of
    from generel_graph.graph.open import open_graph

    with open_graph(config, progress) as graph:
        return years_of(graph)


def _years(text: str | None) -> list[int]:
    if not text:
        return []
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal() and int(first) <= int(last or first)):
        raise UsageError("not a year, nor a range of years", where="--years", found=text, valid=("2010-2012", "2013"))
    return list(range(int(first), int(last or first) + 1))


def _rows(benchmark: Benchmark) -> list[list[Any]]:
    head = [benchmark.name, benchmark.measure, benchmark.negatives, benchmark.n, benchmark.groups]
    return [[*head, *(getattr(r, name) for name in ("method", *COLUMNS[6:], *AHEAD))] for r in benchmark.results]


def _print(made: list[Benchmark]) -> None:
    """A table a measure: a line a test, a column a method; then how far the first method is ahead of each."""
    for measure in dict.fromkeys(b.measure for b in made):
        some = [b for b in made if b.measure == measure]
        names = [r.method for r in some[0].results]
        values = [
            [
                b.name,
                b.negatives,
                b.n,
                b.groups,
                *(f"{r.value:.3f} [{r.ci_low:.2f}, {r.ci_high:.2f}]" for r in b.results),
            ]
            for b in some
        ]
        print_table(("test", "negatives", "pairs", "papers", *names), values, title=f"{measure} [95 %]")
        click.echo()
        leads = [
            [
                b.name,
                b.negatives,
                *(f"{r.ahead:+.3f} [{r.ahead_low:+.3f}, {r.ahead_high:+.3f}]" for r in b.results[1:]),
            ]
            for b in some
        ]
        print_table(("test", "negatives", *names[1:]), leads, title=f"{measure}: {names[0]} minus … [95 %]")
        click.echo()
