"""Commands that draw the space and what lies in it: map, locus."""

from __future__ import annotations

from pathlib import Path

import click

from generel_graph.cli.options import configuration, output_options, quiet_option
from generel_graph.cli.output import print_json, print_rows, progress_bars


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("map.html"), show_default=True,
              help="The page to write; the PNG lies beside it.")  # fmt: skip
@click.option("--colour", "by", default="kind", show_default=True, help="What colours tell: kind, source, chromosome.")
@click.option("--highlight", "texts", multiple=True, metavar="TEXT", help="Mark what is nearest to TEXT (repeatable).")
@click.option("-k", "k", default=10, show_default=True, type=click.IntRange(1, 1000), help="Hits to mark of each TEXT.")
@click.option("--seed", default=0, show_default=True, help="Of the layout: the same seed gives the same map.")
@quiet_option
@click.pass_context
def map(ctx: click.Context, output: Path, by: str, texts: tuple[str, ...], k: int, seed: int, quiet: bool) -> None:
    """Draw the space in two dimensions: a page to zoom, point at and filter (one file, no network), and a PNG.

    Example:  generel-graph map --highlight "heart attack" -o map.html
    """
    from generel_graph.plots.map import draw_map
    from generel_graph.session import open as open_session

    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        marks = {text: [hit.id for hit in session.ask(text, k).hits] for text in texts}
        nodes = session.map(seed, progress)
    for path in draw_map(nodes, output, by, marks, f"{len(nodes):,} nodes of the space of {nodes.attrs['model']}"):
        click.echo(path)


@click.command()
@click.argument("snp")
@click.option("--disease", required=True, metavar="TEXT", help="A disease, trait or other concept: name or code.")
@click.option("--window", default=500_000, show_default=True, metavar="BP", help="Base pairs to either side.")
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
    """Draw p-values, cosine to a disease, LD and genes around SNP; cosine is no fine-mapping.

    With --json or --csv the table behind it is printed, and drawn only if -o names a file.

    Example:  generel-graph locus rs2476601 --disease "type 1 diabetes"
    """
    from generel_graph.plots.locus import draw_locus
    from generel_graph.session import open as open_session

    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        snps = session.locus(snp, disease, window)
    path = output or (None if as_json or as_csv else Path(f"{snps.attrs['snp'].replace(':', '_')}.png"))
    drawn = draw_locus(snps, path) if path is not None else None
    if as_json:
        print_json({**snps.attrs, "snps": snps.astype(object).where(snps.notna(), None).to_dict("records")})
    elif as_csv:
        print_rows(list(snps.columns), snps.astype(object).where(snps.notna(), None).values.tolist(), as_csv=True)
    else:
        click.echo(drawn)
