"""Commands of the pipeline: init, demo, sync, and the single steps load, train and embed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generel_etl.errors import UsageError
from generel_graph.cli.options import command_with_progress, quiet_option
from generel_graph.cli.output import CommandProgress, print_json, print_report, print_rows, progress_bars
from generel_graph.config import Config

if TYPE_CHECKING:
    from generel_graph.embed.import_vectors import ImportedVectorsReport

SHOWN_IDS = 10  # unknown ids that the report of an import lists
report_as_json = click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Show which steps are out of date; change nothing.")
@report_as_json
@command_with_progress
def sync(config: Config, progress: CommandProgress, dry_run: bool, as_json: bool) -> None:
    """Update graph, model and vectors from the source files.

    Reads the files that changed, loads the differences, trains a model if many edges changed, writes its vectors and
    activates it. A second sync does nothing. After an interruption, the next sync continues.

    Example:  generel-graph sync
    """
    from generel_graph.pipeline.sync import plan
    from generel_graph.pipeline.sync import sync as run

    if dry_run:
        with progress:
            rows = [[step.step, step.stale, step.why] for step in plan(config, progress)]
        print_rows(["step", "stale", "why"], rows, as_json=as_json)
        return
    with progress:
        report = run(config, progress)
    print_report(report, as_json)


@click.command()
@report_as_json
@command_with_progress
def load(config: Config, progress: CommandProgress, as_json: bool) -> None:
    """Read the sources and load the differences into the graph, without training.

    Example:  generel-graph load
    """
    from generel_graph.pipeline.sync import load as run

    with progress:
        report = run(config, progress)
    print_report(report, as_json)


@click.command()
@report_as_json
@click.option(
    "--continue", "from_active", is_flag=True, help="Continue from the active model, for example on new data."
)
@command_with_progress
def train(config: Config, progress: CommandProgress, as_json: bool, from_active: bool) -> None:
    """Train a new model on the current graph; `embed` makes it available to queries.

    Under torchrun, several processes or GPUs train one model. [train] batch_size is the global batch size: the number
    of processes affects only the run time.

    Example:  GENEREL_TRAIN_STEPS=2000 generel-graph train

    Example:  torchrun --nproc-per-node 2 -m generel_graph train
    """
    from generel_graph.pipeline.sync import train as run

    is_first_process = os.environ.get("RANK", "0") == "0"
    with progress if is_first_process else CommandProgress(quiet=True) as shown_progress:
        report = run(config, shown_progress, from_active=from_active)
    if is_first_process:
        print_report(report, as_json)


@click.command()
@report_as_json
@click.option("--model", "model_id", metavar="ID", help="The trained model. Default: that of the current graph.")
@click.option("--from", "path", type=click.Path(path_type=Path), metavar="FILE", help="Parquet with id and vector.")
@click.option("--name", metavar="NAME", help="The id of the model that --from creates.")
@command_with_progress
def embed(
    config: Config, progress: CommandProgress, model_id: str | None, path: Path | None, name: str | None, as_json: bool
) -> None:
    """Write a trained model's vectors, or the vectors of a file, to the nodes; index and activate them.

    Imported models can be queried by id, rsID or name, but not by free text.

    Example:  generel-graph embed

    Example:  generel-graph embed --from vectors.parquet --name node2vec
    """
    if (model_id and path) or (name and not path):
        raise UsageError("--name needs --from, and --model excludes it", where="embed")
    if path is None:
        from generel_graph.pipeline.sync import embed as run

        with progress:
            report = run(config, model_id, progress)
        print_report(report, as_json)
        return
    from generel_graph.embed.import_vectors import import_vectors, read_vectors
    from generel_graph.graph.lease import lease
    from generel_graph.graph.open import open_graph

    file = read_vectors(path)
    with progress, open_graph(config, progress) as graph, lease(graph, progress=progress):
        imported = import_vectors(graph, config, file, name, progress)
    if as_json:
        print_json(imported.as_json())
    else:
        _print_import(imported)


def _print_import(report: ImportedVectorsReport) -> None:
    click.echo(
        f"model: {report.model} in slot {report.slot}, {report.vectors:,} vectors of dimension {report.dimension}, "
        f"active; {report.written:,} vectors written"
    )
    click.echo(f"nodes without a vector: {report.nodes_without_vector:,}")
    if report.unknown_ids:
        more = " …" if len(report.unknown_ids) > SHOWN_IDS else ""
        examples = ", ".join(report.unknown_ids[:SHOWN_IDS])
        click.echo(f"ids that are not in the graph: {len(report.unknown_ids):,} ({examples}{more})")
    if report.replaced:
        click.echo(f"the slot belonged to model {report.replaced}, which was removed")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
def init(folder: Path) -> None:
    """Write a commented generel.toml to FOLDER (default: the working folder).

    Example:  generel-graph init my-project
    """
    from generel_graph.config.template import write_template

    path = write_template(folder)
    click.echo(f"wrote {path}; add your sources to it, then run: generel-graph sync")


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("generel-demo"),
    show_default=True,
    help="Folder for the demo's graph, models and configuration.",
)
@quiet_option
def demo(folder: Path, quiet: bool) -> None:
    """Load the quick-start data, train a model, show queries that combine edges and similarity, and evaluate it.

    Example:  generel-graph demo
    """
    from generel_graph.cli.demo import run

    with progress_bars(quiet) as progress:
        run(folder, progress)
