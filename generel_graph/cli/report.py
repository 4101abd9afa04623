"""What `sync` and its kin report: sources, tasks, and the rest in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from generel_graph.cli.terminal import print_json, print_table

if TYPE_CHECKING:
    from generel_graph.sync import SyncReport

COLUMNS = ("source", "read", "loaded", "merged", "rejected", "dangling", "staged", "nodes", "edges")


def print_report(report: SyncReport, as_json: bool) -> None:
    """Print a report as tables and lines, or as JSON."""
    from generel_graph.sync import ROWS

    if as_json:
        print_json(report.as_json())
        return
    if report.sources:
        print_table(COLUMNS, [[getattr(s, k) for k in ("name", *ROWS, "nodes", "edges")] for s in report.sources])
        click.echo()
    if report.tasks:
        print_table(("task", "pairs", "loss", "chance"), [[t.name, t.pairs, t.loss, t.chance] for t in report.tasks])
        click.echo()
    for line in report.lines():
        click.echo(line)
