"""Output: tables, JSON and CSV on stdout, progress on stderr."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

import click

from generel_etl.progress import Progress, silent

if TYPE_CHECKING:
    from generel_graph.metrics import Result
    from generel_graph.pipeline.report import SyncReport

LINE_SECONDS = 5.0  # between two progress lines of one stage, if stderr is not a terminal


def print_json(value: Any) -> None:
    """Print `value` as JSON: dates in ISO format, other types that JSON lacks as text."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_serialisable))


def print_rows(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    as_json: bool = False,
    as_csv: bool = False,
    title: str = "",
) -> None:
    """Print rows as a table, as JSON (a list of objects) or as CSV."""
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif as_csv:
        from generel_graph.ask.output_files import cell

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[cell(v) for v in row] for row in rows])
    else:
        print_table(columns, rows, title)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print a table; columns of numbers are aligned right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float | None) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    console.print(table)


def format_value(result: Result) -> str:
    """A method's value with its 95 % interval, as "0.593 [0.53, 0.65]"."""
    return f"{result.value:.3f} [{result.ci_low:.2f}, {result.ci_high:.2f}]"


def format_difference(result: Result) -> str:
    """The first method's value minus this one's, with its 95 % interval, as "+0.142 [+0.043, +0.237]"."""
    return f"{result.ahead:+.3f} [{result.ahead_low:+.3f}, {result.ahead_high:+.3f}]"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list | tuple):
        return ", ".join(_cell(v) for v in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=_serialisable)
    return str(_serialisable(value))


def _serialisable(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if hasattr(value, "iso_format"):
        return value.iso_format()
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


@contextmanager
def progress_bars(quiet: bool = False) -> Iterator[Progress]:
    """A `Progress` that shows bars with rate and remaining time on a terminal, and lines otherwise."""
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        yield from _bars()
    else:
        yield _Lines()


class CommandProgress:
    """A Progress that is shown while its `with` block runs; printing to stdout belongs after the block."""

    def __init__(self, quiet: bool = False) -> None:
        self._bars = progress_bars(quiet)
        self._report: Progress = silent

    def __enter__(self) -> Self:
        self._report = self._bars.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._report = silent
        self._bars.__exit__(*error)

    def __call__(self, stage: str, done: float, total: float | None, note: str = "") -> None:
        """Show the progress of a stage; without effect outside the `with` block."""
        self._report(stage, done, total, note)


def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    tasks: dict[str, Any] = {}
    with Bars(*columns, console=Console(stderr=True), transient=False) as bars:

        def show(stage: str, done: float, total: float | None, note: str = "") -> None:
            if stage not in tasks:
                tasks[stage] = (bars.add_task(stage, total=total, rate="", note=note), time.monotonic())
            task, began = tasks[stage]
            seconds = time.monotonic() - began
            rate = f"{done / seconds:,.0f}/s" if seconds > 1 and done else ""
            bars.update(task, completed=done, total=total, note=note, rate=rate)

        yield show


class _Lines:
    """Progress as lines, at most one per LINE_SECONDS and stage."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.reported: dict[str, float] = {}

    def __call__(self, stage: str, done: float, total: float | None, note: str = "") -> None:
        now = time.monotonic()
        began = self.began.setdefault(stage, now)
        finished = total is not None and done >= total
        if stage in self.reported and now - self.reported[stage] < LINE_SECONDS and not (finished and now - began > 1):
            return
        self.reported[stage] = now
        count = f" {done:,.0f}" + (f" of {total:,.0f}" if total else "") if done or total else ""
        rate, left = "", ""
        if done and now - began > 1:
            rate = f", {done / (now - began):,.0f}/s"
            if total and not finished:
                left = f", {(total - done) * (now - began) / done:,.0f} s left"
        click.echo(f"{stage}{count}{rate}{left}{'  ' + note if note else ''}", err=True)


COLUMNS = ("source", "read", "loaded", "merged", "rejected", "dangling", "staged", "nodes", "edges")


def print_report(report: SyncReport, as_json: bool) -> None:
    """Print a report as tables and text lines, or as JSON."""
    from generel_graph.pipeline.report import ROWS

    if as_json:
        print_json(report.as_json())
        return
    if report.sources:
        print_table(COLUMNS, [[getattr(s, k) for k in ("name", *ROWS, "nodes", "edges")] for s in report.sources])
        click.echo()
    if report.tasks:
        losses = [[t.name, t.pairs, t.loss, t.chance] for t in report.tasks]
        print_table(("task", "pairs", "loss", "chance level"), losses)
        click.echo()
    for line in report.lines():
        click.echo(line)
