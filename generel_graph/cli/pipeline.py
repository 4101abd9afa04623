"""Commands that move data forwards: sync, and its steps by themselves."""

from __future__ import annotations

import os
from pathlib import Path

import click

from generel_etl.errors import UsageError
from generel_graph.cli.options import configuration, quiet_option
from generel_graph.cli.output import print_json, print_report, print_table, progress_bars


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what is stale and would be done; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@quiet_option
@click.pass_context
def sync(ctx: click.Context, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Bring graph, model and vectors up to date with the files.

    Reads what changed, loads the difference, trains if much changed, writes vectors, switches to them.
    A second sync does nothing. A killed sync goes on where it was.

    Example:  generel-graph sync
    """
    from generel_graph.pipeline.sync import plan
    from generel_graph.pipeline.sync import sync as run

    config = configuration(ctx)
    with progress_bars(quiet) as progress:
        if dry_run:
            steps = plan(config, progress)
            print_json(steps) if as_json else print_table(["step", "stale", "why"], [list(s.values()) for s in steps])
            return
        report = run(config, progress)
    print_report(report, as_json)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@quiet_option
@click.pass_context
def load(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """Read the sources and load the difference into the graph; no training.

    Example:  generel-graph load
    """
    from generel_graph.pipeline.sync import load as run

    with progress_bars(quiet) as progress:
        report = run(configuration(ctx), progress)
    print_report(report, as_json)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--continue", "go_on", is_flag=True, help="Go on from the active model after new data, not anew.")
@quiet_option
@click.pass_context
def train(ctx: click.Context, as_json: bool, go_on: bool, quiet: bool) -> None:
    """Train a new model on what the graph holds now; it is used after `embed`.

    Several processes, or several GPUs, train one model together under torchrun; [train] batch_size is that of all
    together, so that their number changes nothing but the time.

    Example:  GENEREL_TRAIN_STEPS=2000 generel-graph train

    Example:  torchrun --nproc-per-node 2 -m generel_graph train
    """
    from generel_graph.pipeline.sync import train as run

    first = os.environ.get("RANK", "0") == "0"
    with progress_bars(quiet or not first) as progress:
        report = run(configuration(ctx), progress, go_on=go_on)
    if first:
        print_report(report, as_json)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--model", "model_id", metavar="ID", help="The model to use. Default: the newest that was trained.")
@click.option("--from", "given", type=click.Path(path_type=Path), metavar="FILE", help="Parquet with id and vector.")
@click.option("--name", metavar="NAME", help="The id of the model that --from makes.")
@quiet_option
@click.pass_context
def embed(
    ctx: click.Context, model_id: str | None, given: Path | None, name: str | None, as_json: bool, quiet: bool
) -> None:
    """Write a trained model's vectors to the nodes, index them, and switch to them; or vectors made elsewhere.

    A model of vectors made elsewhere is asked by ids, rsIDs and names: a wording has no vector there.

    Example:  generel-graph embed

    Example:  generel-graph embed --from vectors.parquet --name node2vec
    """
    from generel_graph.embed.import_vectors import import_vectors
    from generel_graph.pipeline.sync import embed as run

    if (model_id and given) or (name and not given):
        raise UsageError("--name goes with --from, and --model without it", where="embed")
    with progress_bars(quiet) as progress:
        if given is None:
            print_report(run(configuration(ctx), model_id, progress), as_json)
            return
        report = import_vectors(configuration(ctx), given, name, progress)
    print_json(report.as_json()) if as_json else click.echo("\n".join(report.lines()))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.pass_context
def init(ctx: click.Context, folder: Path) -> None:
    """Write a commented generel.toml to FOLDER (default: here).

    Example:  generel-graph init my-project
    """
    from generel_graph.config.template import write_template

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
