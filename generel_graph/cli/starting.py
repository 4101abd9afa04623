"""Commands to begin with: init and demo."""

from __future__ import annotations

from pathlib import Path

import click

from generel_graph.cli.options import quiet_option
from generel_graph.cli.terminal import progress_bars


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.pass_context
def init(ctx: click.Context, folder: Path) -> None:
    """Write a commented generel.toml to FOLDER (default: here).

    Example:  generel-graph init my-project
    """
    from generel_graph.template import write_template

    path = write_template(folder)
    click.echo(f"wrote {path}; name your sources in it, then: generel-graph sync")


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("generel-demo"),
    show_default=True,
    help="Where the demo's graph, models and configuration go.",
)
@quiet_option
@click.pass_context
def demo(ctx: click.Context, folder: Path, quiet: bool) -> None:
    """Load the quick-start data, train, and ask a question that neither edges nor texts answer alone.

    Example:  generel-graph demo
    """
    from generel_graph.cli.demo import run

    with progress_bars(quiet) as progress:
        run(folder, progress)
