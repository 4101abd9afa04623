"""The commands of export."""

from __future__ import annotations

from pathlib import Path

import click

from generel_graph.cli.options import configuration, quiet_option
from generel_graph.cli.output import progress_bars


@click.group()
def export() -> None:
    """Export the graph, its vectors or the text encoder as files for other programs.

    Example:  generel-graph export kgx my-graph
    """


@export.command()
@click.argument("file", type=click.Path(path_type=Path))
@quiet_option
@click.pass_context
def nodes(ctx: click.Context, file: Path, quiet: bool) -> None:
    """Write all nodes with their properties to FILE as Parquet.

    Example:  generel-graph export nodes nodes.parquet
    """
    from generel_graph.export import export_nodes

    with progress_bars(quiet) as progress:
        n = export_nodes(configuration(ctx), file, progress)
    click.echo(f"written: {n:,} nodes: {file}")


@export.command()
@click.argument("file", type=click.Path(path_type=Path))
@quiet_option
@click.pass_context
def edges(ctx: click.Context, file: Path, quiet: bool) -> None:
    """Write all edges with their properties to FILE as Parquet.

    Example:  generel-graph export edges edges.parquet
    """
    from generel_graph.export import export_edges

    with progress_bars(quiet) as progress:
        n = export_edges(configuration(ctx), file, progress)
    click.echo(f"written: {n:,} edges: {file}")


@export.command()
@click.argument("folder", type=click.Path(path_type=Path))
@quiet_option
@click.pass_context
def kgx(ctx: click.Context, folder: Path, quiet: bool) -> None:
    """Write the graph to FOLDER as KGX tables, nodes.tsv and edges.tsv, with Biolink terms.

    Example:  generel-graph export kgx my-graph
    """
    from generel_graph.export import export_kgx

    with progress_bars(quiet) as progress:
        n, m = export_kgx(configuration(ctx), folder, progress)
    click.echo(f"written: {n:,} nodes, {m:,} edges: {folder / 'nodes.tsv'}, {folder / 'edges.tsv'}")


@export.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", "model_id", metavar="ID", help="Model to export. Default: the active one.")
@quiet_option
@click.pass_context
def vectors(ctx: click.Context, folder: Path, model_id: str | None, quiet: bool) -> None:
    """Write a model's vectors to FOLDER: vectors.safetensors with ids.txt, and vectors.parquet.

    Example:  generel-graph export vectors my-vectors
    """
    from generel_graph.export import export_vectors

    with progress_bars(quiet) as progress:
        model, n, dimension = export_vectors(configuration(ctx), folder, model_id, progress)
    click.echo(f"written: {n:,} vectors of {dimension} of model {model}: {folder}")


@export.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", "model_id", metavar="ID", help="Model to export. Default: the active one.")
@quiet_option
@click.pass_context
def encoder(ctx: click.Context, folder: Path, model_id: str | None, quiet: bool) -> None:
    """Write the text encoder with its adapter to FOLDER, for sentence_transformers.SentenceTransformer(FOLDER).

    Example:  generel-graph export encoder my-encoder
    """
    from generel_graph.export.encoder import export_encoder

    with progress_bars(quiet) as progress:
        written = export_encoder(configuration(ctx), folder, model_id, progress)
    click.echo(f"written: {written}; load it with SentenceTransformer({str(folder)!r})")
