"""The commands map and locus, which draw plots."""

from __future__ import annotations

from pathlib import Path

import click

from generel_graph.cli.options import configuration, output_options, quiet_option
from generel_graph.cli.output import print_json, print_rows, progress_bars


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("map.html"), show_default=True,
              help="HTML page to write; a PNG is written beside it.")  # fmt: skip
@click.option("--colour", "by", default="kind", show_default=True, help="What colours show: kind, source, chromosome.")
@click.option("--highlight", "texts", multiple=True, metavar="TEXT", help="Mark the hits nearest to TEXT. Repeatable.")
@click.option("-k", "k", default=10, show_default=True, type=click.IntRange(1, 1000), help="Hits to mark per TEXT.")
@click.option("--seed", default=0, show_default=True, help="Seed of the layout.")
@quiet_option
@click.pass_context
def map(ctx: click.Context, output: Path, by: str, texts: tuple[str, ...], k: int, seed: int, quiet: bool) -> None:
    """Draw the space in two dimensions: an interactive page (one file that needs no network) and a PNG.

    Example:  generel-graph map --highlight "heart attack" -o map.html
    """
    from generel_graph.plots.map import draw_map
    from generel_graph.session import open as open_session

    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        marks = {text: [hit.id for hit in session.search(text, k).hits] for text in texts}
        nodes = session.map(seed, progress).frame()
    for path in draw_map(nodes, output, by, marks, f"{len(nodes):,} nodes of the space of {nodes.attrs['model']}"):
        click.echo(path)


@click.command()
@click.argument("snp")
@click.option("--disease", required=True, metavar="TEXT", help="A disease, trait or other concept: name or code.")
@click.option("--window", default=500_000, show_default=True, metavar="BP", help="Base pairs to each side.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A .png, .pdf or .svg. Default: SNP.png.")
@output_options
@quiet_option
@click.pass_context
def locus(
    ctx: click.Context,
    snp: str,
    disease: str,
    window: int,
    output: Path | None,
    as_json: bool,
    as_csv: bool,
    quiet: bool,
) -> None:
    """Draw p-values, cosine to a disease, LD and genes around SNP; the cosine is not fine-mapping.

    --json and --csv print the table; the plot is then drawn only with -o.

    Example:  generel-graph locus rs2476601 --disease "type 1 diabetes"
    """
    from generel_graph.plots.locus import draw_locus
    from generel_graph.session import open as open_session

    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        result = session.locus(snp, disease, window)
    snps = result.frame()
    path = output or (None if as_json or as_csv else Path(f"{result.snp.replace(':', '_')}.png"))
    picture = draw_locus(snps, path) if path is not None else None
    if as_json:
        print_json({**result.facts(), "snps": snps.astype(object).where(snps.notna(), None).to_dict("records")})
    elif as_csv:
        print_rows(list(snps.columns), snps.astype(object).where(snps.notna(), None).values.tolist(), as_csv=True)
    else:
        click.echo(picture)
