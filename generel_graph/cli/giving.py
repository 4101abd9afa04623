"""Commands that give what was learnt to other programs: export."""

from __future__ import annotations

from pathlib import Path

import click

from generel_graph.cli.options import configuration, quiet_option
from generel_graph.cli.terminal import progress_bars


@click.group()
def export() -> None:
    """Write what was learnt in forms that other programs read.

    Example:  generel-graph export encoder my-encoder
    """


@export.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", "model_id", metavar="ID", help="The model to use. Default: the active one.")
@quiet_option
@click.pass_context
def encoder(ctx: click.Context, folder: Path, model_id: str | None, quiet: bool) -> None:
    """Write the text encoder with its adapter to FOLDER, for sentence_transformers.SentenceTransformer(FOLDER).

    Example:  generel-graph export encoder my-encoder
    """
    from generel_graph.export import export_encoder

    with progress_bars(quiet) as progress:
        written = export_encoder(configuration(ctx), folder, model_id, progress)
    click.echo(f"written: {written}; load it by SentenceTransformer({str(folder)!r})")
