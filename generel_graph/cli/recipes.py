"""The command for named questions: recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from generel_graph.cli.options import configuration, named_values, output_options, quiet_option, typed_values
from generel_graph.cli.terminal import print_rows, progress_bars

if TYPE_CHECKING:
    from generel_graph.ask import Recipe, Served


@click.command()
@click.argument("name", required=False)
@click.option("--param", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter (JSON, or text).")
@click.option("--embed", "-e", "texts", multiple=True, metavar="NAME=TEXT", help="A parameter: the vector of TEXT.")
@click.option("--show", is_flag=True, help="Tell its parameters and print the statement, to paste into the Browser.")
@output_options
@quiet_option
@click.pass_context
def recipe(
    ctx: click.Context,
    name: str | None,
    parameters: tuple[str, ...],
    texts: tuple[str, ...],
    show: bool,
    as_json: bool,
    as_csv: bool,
    quiet: bool,
) -> None:
    """Answer a named question: NAME is one of the recipes that `generel-graph recipe` lists.

    A disease, SNP, gene, drug, phenotype or concept can be given by name, symbol, synonym, rsID or any code; a list as
    JSON. `generel-graph recipe NAME --show` tells the parameters with their defaults, and the columns.

    \b
    generel-graph recipe
    generel-graph recipe drugs_for_disease --show
    generel-graph recipe genes_near_phenotypes -p phenotypes='["arthralgia", "dry eyes"]' -p limit=5 --csv

    Example:  generel-graph recipe variants_at_locus -p disease=asthma -p snp=rs7216389
    """
    from generel_graph.ask import check_recipe, list_recipes
    from generel_graph.session import open as open_session

    if name is None:
        print_rows(["recipe", "question"], list_recipes(), as_json=as_json, as_csv=as_csv)
        return
    check_recipe(name)
    given = typed_values(parameters, "--param")
    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        if show:
            _show(*session.pasteable(name, given))
            return
        served = session.cook(name, given, named_values(texts, "--embed"))
    _tell(served, quiet or as_json or as_csv)
    print_rows(served.columns, served.rows, as_json=as_json, as_csv=as_csv)


def _show(found: Recipe, statement: str) -> None:
    """What there is to know of a recipe on stderr, so that stdout is what can be pasted."""
    click.secho(found.question, bold=True, err=True)
    click.echo(found.notes, err=True)
    for parameter in found.parameters:
        click.echo(f"  -p {parameter.name}={parameter.default!r}  {parameter.meaning}", err=True)
    click.echo(f"columns: {found.returns}\n", err=True)
    click.echo(statement)


def _tell(served: Served, brief: bool) -> None:
    """What the parameters were taken for, and what to try where nothing came."""
    if not brief:
        click.secho(served.recipe.question, err=True)
        for name, said in served.taken.items():
            click.echo(f"{name}: {said}", err=True)
    if not served.rows:
        click.echo(f"nothing came; {served.recipe.nothing}", err=True)
