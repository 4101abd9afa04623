"""Commands that ask the graph and the space: search, score, query."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generel_etl.errors import UsageError
from generel_graph.cli.options import configuration, named_values, output_options, quiet_option, typed_values
from generel_graph.cli.output import print_json, print_rows, progress_bars

if TYPE_CHECKING:
    from generel_graph.ask import Hit, Recipe, RecipeResult, SearchResult


@click.command()
@click.argument("texts", nargs=-1, required=True, metavar="TEXT…")
@click.option("-k", "k", default=10, show_default=True, type=int, help="How many hits.")
@click.option(
    "--kind", multiple=True, metavar="KIND", help="Only hits of this kind: SNP, Disease, Gene, Drug … (again)"
)
@click.option("--minus", multiple=True, metavar="TEXT", help="Away from this, with weight −1. (again)")
@click.option("--weights", metavar="W,W…", help="How much each TEXT counts; below zero: away from it.")
@click.option("--not-linked", is_flag=True, help="Only hits that no edge joins to what is asked about.")
@click.option("--not-linked-by", multiple=True, metavar="TYPE", help="The same of one type: ASSOCIATED_WITH … (again)")
@click.option("--source", multiple=True, metavar="NAME", help="Only hits of which this source has an edge. (again)")
@click.option("--region", metavar="PLACE", help="Only SNPs there: 6, or GRCh38:6:25000000-34000000.")
@click.option(
    "--within", default=0, metavar="N", type=int, help="Only hits at most N edges (1 to 3) from what --of names."
)
@click.option("--of", default="", metavar="TEXT", help="A name or code; see --within.")
@click.option("--one-per-locus", is_flag=True, help="Of SNPs within 250 kb of a nearer one, only that.")
@click.option("--lexical", "by", flag_value="words", help="By names alone: trigrams of names and synonyms.")
@click.option("--hybrid", "by", flag_value="both", help="By names and meaning, the two orders fused.")
@click.option("--exact", is_flag=True, help="Look at every node rather than ask the index.")
@click.option("--all-codes", is_flag=True, help="Show all codes of a hit, not the first four.")
@output_options
@quiet_option
@click.pass_context
def search(
    ctx: click.Context,
    /,
    texts: tuple[str, ...],
    k: int,
    kind: tuple[str, ...],
    weights: str | None,
    not_linked: bool,
    not_linked_by: tuple[str, ...],
    by: str | None,
    all_codes: bool,
    as_json: bool,
    as_csv: bool,
    quiet: bool,
    **how: Any,
) -> None:
    """Find what lies near TEXT: an rsID, a code, a gene symbol, a name, or any wording; several are asked as one.

    An rsID that is no node, and a place as GRCh38:1:1034943, are placed by what lies around them.

    \b
    Example:
      generel-graph search "heart attack" --kind SNP --one-per-locus
      generel-graph search asthma obesity --weights 1,0.5 --minus eczema --kind Gene
      generel-graph search "rheumatoid arthritis" --kind SNP --not-linked --within 2 --of CTLA4
      generel-graph search "type 1 diabetes" --kind SNP --region GRCh38:6:25000000-34000000
      generel-graph search "MI" --hybrid
    """
    from generel_graph.session import open as open_session

    unlinked = not_linked_by or (() if not_linked else None)
    how |= {"weights": _numbers(weights), "not_linked": unlinked, "by": by or "meaning"}
    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        answer = session.ask(texts, k, kind, **how)
    if as_json:
        print_json(answer.as_json())
        return
    if not as_csv:
        click.secho(answer.sentence(), err=True)
    print_hits(answer, all_codes, as_csv)


@click.command()
@click.argument("pairs", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write. Default: stdout.")
@quiet_option
@click.pass_context
def score(ctx: click.Context, pairs: Path, output: Path | None, quiet: bool) -> None:
    """Add cosine and expected effect of each pair in a TSV with the columns left and right (ids or any text).

    Rows keep their order and all of their columns; left_id, right_id and cosine are added, empty where an end
    could not be resolved, and left_by and right_by, the way from a text to its id. An SNP and a disease, trait or
    phenotype have an effect too: the |ln odds ratio| to expect as the catalogue reports such, if they are associated,
    and its percentile among the known ones.

    Example:  generel-graph score pairs.tsv -o scored.tsv
    """
    from generel_graph.session import open as open_session

    config = configuration(ctx)
    if not pairs.is_file():
        raise UsageError("no such file", where=pairs, next_step="name a TSV with the columns left and right")
    with progress_bars(quiet) as progress, open_session(config, progress) as session:
        text = session.score_file(pairs, progress)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@click.command()
@click.argument("cypher")
@click.option("--param", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter (JSON, or text).")
@click.option("--embed", "-e", "texts", multiple=True, metavar="NAME=TEXT", help="A parameter: the vector of TEXT.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="A file: .csv .tsv .json .parquet .graphml")
@click.option("--timeout", type=click.FloatRange(0), metavar="SECONDS", help="Stop it after so long; 0: never.")
@output_options
@quiet_option
@click.pass_context
def query(
    ctx: click.Context,
    cypher: str,
    parameters: tuple[str, ...],
    texts: tuple[str, ...],
    output: Path | None,
    timeout: float | None,
    as_json: bool,
    as_csv: bool,
    quiet: bool,
) -> None:
    """Run read-only CYPHER (a statement, or a file ending in .cypher); the server refuses to write.

    It is stopped after 60 seconds, or [neo4j] query_seconds. GraphML takes the nodes, relationships and paths.

    Example:  generel-graph query 'MATCH (d:Disease) RETURN d.name LIMIT 5'

    Example:  generel-graph query 'MATCH p = (:SNP {id: "rs2476601"})--() RETURN p' -o around.graphml
    """
    from generel_graph.session import open as open_session

    asked = (_statement(cypher), typed_values(parameters, "--param"), named_values(texts, "--embed"), timeout)
    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        if output is not None:
            click.echo(f"written: {session.run_to(output, *asked)}: {output}", err=True)
            return
        columns, rows = session.run(*asked)
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


def _numbers(text: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise UsageError("not numbers", where="--weights", found=text, valid=["1,0.5"]) from error


def _statement(cypher: str) -> str:
    if not cypher.endswith(".cypher"):
        return cypher
    path = Path(cypher)
    if not path.is_file():
        raise UsageError("no such file", where=path)
    return path.read_text(encoding="utf-8")


CODES = 4  # shown of a cluster


def print_hits(answer: SearchResult, all_codes: bool = False, as_csv: bool = False) -> None:
    """Print hits, best first; "linked" names the edges that join a hit to what was asked about, or says "new"."""
    columns = ["id", "kind", "name", "score", "linked", "place", "codes"]
    kinds = list(dict.fromkeys(hit.kind for hit in answer.hits))
    if as_csv or len(kinds) < 2:
        print_rows(columns, [_row(hit, all_codes) for hit in answer.hits], as_csv=as_csv)
    else:
        for number, kind in enumerate(kinds):
            if number:
                click.echo()
            some = [_row(hit, all_codes) for hit in answer.hits if hit.kind == kind]
            print_rows([c for c in columns if c != "kind"], [row[:1] + row[2:] for row in some], title=kind)
    if not answer.hits and not as_csv:
        click.echo("nothing fits; ask for another kind, or with fewer conditions", err=True)


def _row(hit: Hit, all_codes: bool) -> list[Any]:
    linked = "" if hit.linked is None else ", ".join(hit.links) or "new"
    codes = hit.codes if all_codes else hit.codes[:CODES]
    return [hit.id, hit.kind, hit.name, hit.score, linked, hit.place, list(codes)]


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


def _tell(served: RecipeResult, brief: bool) -> None:
    """What the parameters were taken for, and what to try where nothing came."""
    if not brief:
        click.secho(served.recipe.question, err=True)
        for name, said in served.taken.items():
            click.echo(f"{name}: {said}", err=True)
    if not served.rows:
        click.echo(f"nothing came; {served.recipe.nothing}", err=True)
