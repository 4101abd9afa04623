"""Commands about models side by side: models list, activate, compare, remove."""

from __future__ import annotations

import click

from generel_graph.cli.options import configuration, output_options, quiet_option
from generel_graph.cli.output import print_json, print_rows, print_table, progress_bars


@click.group(invoke_without_command=True)
@output_options
@quiet_option
@click.pass_context
def models(ctx: click.Context, as_json: bool, as_csv: bool, quiet: bool) -> None:
    """List the models whose vectors stand on the nodes; switch between them, compare and remove them.

    Example:  generel-graph models compare m-1f0c2a m-77b0e1
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, as_json=as_json, as_csv=as_csv, quiet=quiet)


@models.command(name="list")
@output_options
@quiet_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool, as_csv: bool, quiet: bool) -> None:
    """List the models with slot, vectors and state of the index; the active one first.

    Example:  generel-graph models list
    """
    from generel_graph.embed.models import model_rows

    with progress_bars(quiet) as progress:
        columns, rows = model_rows(configuration(ctx), progress)
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


@models.command()
@click.argument("model_id", metavar="ID")
@quiet_option
@click.pass_context
def activate(ctx: click.Context, model_id: str, quiet: bool) -> None:
    """Answer with model ID from now on: in one transaction, if every vector is there and every index online.

    Example:  generel-graph models activate m-1f0c2a
    """
    from generel_graph.embed.models import activate_model

    with progress_bars(quiet) as progress:
        model = activate_model(configuration(ctx), model_id, progress)
    click.echo(f"{model.id} is active: slot {model.slot}, {model.vectors:,} vectors of {model.dimension}")


@models.command()
@click.argument("model_id", metavar="ID")
@quiet_option
@click.pass_context
def remove(ctx: click.Context, model_id: str, quiet: bool) -> None:
    """Take model ID, which is not active, off the nodes: its slot and indexes are free; its folder stays.

    Example:  generel-graph models remove m-1f0c2a
    """
    from generel_graph.embed.models import remove_model

    with progress_bars(quiet) as progress:
        model, vectors = remove_model(configuration(ctx), model_id, progress)
    click.echo(f"{model.id} is removed: slot {model.slot} is free, {vectors:,} vectors are gone")


@models.command()
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@click.option("-n", "sample", default=20, show_default=True, type=click.IntRange(1, 500), help="Nodes of each kind.")
@click.option("--seed", default=0, show_default=True, help="Of the choice of nodes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@quiet_option
@click.pass_context
def compare(ctx: click.Context, left: str, right: str, sample: int, seed: int, as_json: bool, quiet: bool) -> None:
    """Tell what moved from model A to model B: neighbours kept, cosines of edges, settings and validation.

    Example:  generel-graph models compare m-1f0c2a m-77b0e1 -n 50
    """
    from generel_graph.embed.compare import compare_models

    with progress_bars(quiet) as progress:
        found = compare_models(configuration(ctx), left, right, sample, seed, progress)
    if as_json:
        print_json(found.as_json())
        return
    for title, columns, rows in found.tables():
        print_table(columns, rows, title)
        click.echo()
