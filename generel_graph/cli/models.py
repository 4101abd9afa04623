"""Commands for the models on the nodes: models list, activate, compare, remove."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from generel_graph.cli.options import command_with_progress, output_options, quiet_option
from generel_graph.cli.output import CommandProgress, print_json, print_rows, print_table
from generel_graph.config import Config

if TYPE_CHECKING:
    from generel_graph.embed.compare import Comparison

# Columns and JSON keys: attributes of ModelRecord, then the state of the indexes.
MODEL_COLUMNS = (
    "id",
    "slot",
    "active",
    "state",
    "vectors",
    "dimension",
    "encoder",
    "trained_at",
    "made_from",
    "index",
)


@click.group(invoke_without_command=True)
@output_options
@quiet_option
@click.pass_context
def models(ctx: click.Context, as_json: bool, as_csv: bool, quiet: bool) -> None:
    """List the models whose vectors are on the nodes; activate, compare and remove them.

    Example:  generel-graph models compare m-1f0c2a m-77b0e1
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, as_json=as_json, as_csv=as_csv, quiet=quiet)


@models.command(name="list")
@output_options
@command_with_progress
def list_(config: Config, progress: CommandProgress, as_json: bool, as_csv: bool) -> None:
    """List the models with their slot, vectors and index state, the active model first.

    Example:  generel-graph models list
    """
    from generel_graph.embed.models import list_model_status
    from generel_graph.graph.open import open_graph

    with progress, open_graph(config, progress) as graph:
        statuses = list_model_status(graph)
    rows = [[*(getattr(s.model, name) for name in MODEL_COLUMNS[:-1]), s.index_state] for s in statuses]
    print_rows(MODEL_COLUMNS, rows, as_json=as_json, as_csv=as_csv)


@models.command()
@click.argument("model_id", metavar="ID")
@command_with_progress
def activate(config: Config, progress: CommandProgress, model_id: str) -> None:
    """Use model ID for queries. It needs a vector on every node and complete indexes.

    Example:  generel-graph models activate m-1f0c2a
    """
    from generel_graph.embed.models import activate as activate_model
    from generel_graph.graph.lease import lease
    from generel_graph.graph.open import open_graph

    with progress, open_graph(config, progress) as graph, lease(graph, progress=progress):
        model = activate_model(graph, model_id)
    click.echo(f"{model.id} is active: slot {model.slot}, {model.vectors:,} vectors of dimension {model.dimension}")


@models.command()
@click.argument("model_id", metavar="ID")
@command_with_progress
def remove(config: Config, progress: CommandProgress, model_id: str) -> None:
    """Remove the vectors and indexes of model ID, which must not be active. The model's folder stays.

    Example:  generel-graph models remove m-1f0c2a
    """
    from generel_graph.embed.models import delete_model, find_model
    from generel_graph.graph.lease import lease
    from generel_graph.graph.open import open_graph

    with progress, open_graph(config, progress) as graph, lease(graph, progress=progress):
        model = find_model(graph, model_id)
        vectors = delete_model(graph, model_id)
    click.echo(f"removed {model.id} with {vectors:,} vectors; slot {model.slot} is free")


@models.command()
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@click.option("-n", "sample", default=20, show_default=True, type=click.IntRange(1, 500), help="Nodes of each kind.")
@click.option("--seed", default=0, show_default=True, help="Seed of the sample of nodes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command_with_progress
def compare(
    config: Config, progress: CommandProgress, left: str, right: str, sample: int, seed: int, as_json: bool
) -> None:
    """Compare models A and B: overlap of nearest neighbours, cosines of edges, settings and validation.

    Example:  generel-graph models compare m-1f0c2a m-77b0e1 -n 50
    """
    from generel_graph.embed.compare import compare_models
    from generel_graph.graph.open import open_graph

    with progress, open_graph(config, progress) as graph:
        comparison = compare_models(graph, config, left, right, sample, seed, progress)
    if as_json:
        print_json(comparison.as_json())
        return
    for title, columns, rows in _comparison_tables(comparison):
        print_table(columns, rows, title)
        click.echo()


def _comparison_tables(comparison: Comparison) -> Iterator[tuple[str, list[str], list[list[Any]]]]:
    """The tables of a comparison: title, columns, rows."""
    from generel_graph.embed.compare import NEIGHBOURS

    left, right = comparison.left, comparison.right
    columns = ["kind", "both", f"only {left}", f"only {right}", "sampled", f"overlap of {NEIGHBOURS} nearest"]
    kinds = [[k.kind, k.both, k.only_left, k.only_right, k.sampled, k.overlap] for k in comparison.kinds]
    yield "Nodes", columns, kinds
    edges = [[e.type, e.edges, e.left, e.right, e.change] for e in comparison.edges]
    yield "Cosine of an edge's endpoints", ["type", "edges", left, right, "change"], edges
    if comparison.settings:
        yield "Settings that differ", ["key", left, right], [list(row) for row in comparison.settings]
    metrics = ("pairs", "loss", "auc")
    tasks = [[name, *(side.get(m) for m in metrics for side in sides)] for name, *sides in comparison.tasks]
    if tasks:
        columns = ["task", *(f"{metric} {id_}" for metric in metrics for id_ in (left, right))]
        yield "Training and validation", columns, tasks
