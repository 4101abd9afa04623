"""The commands search, score, query and recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generel_etl.errors import UsageError
from generel_graph.cli.options import configuration, named_values, output_options, quiet_option, typed_values
from generel_graph.cli.output import print_json, print_rows, progress_bars

if TYPE_CHECKING:
    from generel_graph.ask import RecipeResult, SearchResult
    from generel_graph.ask.search.search import Hit


@click.command()
@click.argument("texts", nargs=-1, required=True, metavar="TEXT…")
@click.option("-k", "k", default=10, show_default=True, type=int, help="Number of hits.")
@click.option(
    "--kind", multiple=True, metavar="KIND", help="Only hits of this kind: SNP, Disease, Gene, Drug … Repeatable."
)
@click.option("--minus", multiple=True, metavar="TEXT", help="Subtract this text (weight −1). Repeatable.")
@click.option("--weights", metavar="W,W…", help="Weight of each TEXT; a negative weight moves the query away from it.")
@click.option("--not-linked", is_flag=True, help="Only hits that no edge joins to the queried node.")
@click.option(
    "--not-linked-by", multiple=True, metavar="TYPE", help="Only hits without an edge of this type. Repeatable."
)
@click.option("--source", multiple=True, metavar="NAME", help="Only hits with an edge from this source. Repeatable.")
@click.option("--region", metavar="REGION", help="Only SNPs in this region: 6, or GRCh38:6:25000000-34000000.")
@click.option(
    "--within", default=0, metavar="N", type=int, help="Only hits at most N edges (1 to 3) from the node of --of."
)
@click.option("--of", default="", metavar="TEXT", help="A name or code; see --within.")
@click.option("--one-per-locus", is_flag=True, help="Show only the best SNP per locus (within 250 kb).")
@click.option("--lexical", is_flag=True, help="Rank by names and synonyms only (trigrams).")
@click.option("--hybrid", is_flag=True, help="Rank by names and by meaning, fused by reciprocal rank.")
@click.option("--exact", is_flag=True, help="Compare every node; do not use the vector index.")
@click.option("--all-codes", is_flag=True, help="Show all codes of a hit, not only the first four.")
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
    all_codes: bool,
    as_json: bool,
    as_csv: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Find what is near TEXT: an rsID, a code, a gene symbol, a name, or free text. Several texts form one query.

    An rsID or a position (GRCh38:1:1034943) that is not in the graph gets a vector from its locus.

    \b
    Example:
      generel-graph search "heart attack" --kind SNP --one-per-locus
      generel-graph search asthma obesity --weights 1,0.5 --minus eczema --kind Gene
      generel-graph search "rheumatoid arthritis" --kind SNP --not-linked --within 2 --of CTLA4
      generel-graph search "type 1 diabetes" --kind SNP --region GRCh38:6:25000000-34000000
      generel-graph search "MI" --hybrid
    """
    from generel_graph.session import open as open_session

    options["weights"] = _numbers(weights)
    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        result = session.search(texts, k, kind, **options)
    if as_json:
        print_json(result.as_json())
        return
    if not as_csv:
        click.secho(result.sentence(), err=True)
    print_hits(result, all_codes, as_csv)


@click.command()
@click.argument("pairs", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Output file. Default: stdout.")
@quiet_option
@click.pass_context
def score(ctx: click.Context, pairs: Path, output: Path | None, quiet: bool) -> None:
    """Add cosine and expected effect to each pair of a TSV with the columns left and right (ids or any text).

    Rows keep their order and their columns. Added are left_id, right_id and cosine (empty if an endpoint has no
    vector), and left_by and right_by, which state how the text was resolved. A pair of an SNP and a disease, trait or
    phenotype also gets an effect, the expected |ln odds ratio| as the catalogue reports it if the two are associated,
    and its percentile among the known effects.

    Example:  generel-graph score pairs.tsv -o scored.tsv
    """
    from generel_graph.session import open as open_session

    config = configuration(ctx)
    if not pairs.is_file():
        raise UsageError("no such file", where=pairs, next_step="name a TSV with the columns left and right")
    with progress_bars(quiet) as progress, open_session(config, progress) as session:
        text = session.score(pairs, progress).tsv()
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@click.command()
@click.argument("cypher")
@click.option("--param", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter (JSON, or text).")
@click.option("--embed", "-e", "texts", multiple=True, metavar="NAME=TEXT", help="A parameter: the vector of TEXT.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="A file: .csv .tsv .json .parquet .graphml")
@click.option("--timeout", type=click.FloatRange(0), metavar="SECONDS", help="Time limit; 0: none.")
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
    """Run read-only CYPHER (a statement, or a file with the extension .cypher); the server refuses to write.

    The server stops it after 60 seconds, or [neo4j] query_seconds. GraphML contains nodes, relationships and paths.

    Example:  generel-graph query 'MATCH (d:Disease) RETURN d.name LIMIT 5'

    Example:  generel-graph query 'MATCH p = (:SNP {id: "rs2476601"})--() RETURN p' -o around.graphml
    """
    from generel_graph.ask.output_files import file_format
    from generel_graph.session import open as open_session

    if output is not None:
        file_format(output)
    statement = _statement(cypher)
    values, embed = typed_values(parameters, "--param"), named_values(texts, "--embed")
    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        result = session.query(statement, values, embed, timeout)
        if output is not None:
            click.echo(f"written: {result.write(output)}: {output}", err=True)
            return
    print_rows(result.columns, result.rows, as_json=as_json, as_csv=as_csv)


def _numbers(text: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise UsageError("expected numbers", where="--weights", found=text, valid=["1,0.5"]) from error


def _statement(cypher: str) -> str:
    if not cypher.endswith(".cypher"):
        return cypher
    path = Path(cypher)
    if not path.is_file():
        raise UsageError("no such file", where=path)
    return path.read_text(encoding="utf-8")


CODES = 4  # shown per hit


def print_hits(result: SearchResult, all_codes: bool = False, as_csv: bool = False) -> None:
    """Print hits, best first; "linked" lists the types of the edges to the queried nodes, or is "new"."""
    columns = ["id", "kind", "name", "score", "linked", "place", "codes"]
    kinds = list(dict.fromkeys(hit.kind for hit in result.hits))
    if as_csv or len(kinds) < 2:
        print_rows(columns, [_row(hit, all_codes) for hit in result.hits], as_csv=as_csv)
    else:
        for number, kind in enumerate(kinds):
            if number:
                click.echo()
            rows = [_row(hit, all_codes) for hit in result.hits if hit.kind == kind]
            print_rows([c for c in columns if c != "kind"], [row[:1] + row[2:] for row in rows], title=kind)
    if not result.hits and not as_csv:
        click.echo("no hits; try another kind, or fewer filters", err=True)


def _row(hit: Hit, all_codes: bool) -> list[Any]:
    linked = "" if hit.linked is None else ", ".join(hit.links) or "new"
    codes = hit.codes if all_codes else hit.codes[:CODES]
    return [hit.id, hit.kind, hit.name, hit.score, linked, hit.genes_and_position, list(codes)]


@click.command()
@click.argument("name", required=False)
@click.option("--param", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter (JSON, or text).")
@click.option("--embed", "-e", "texts", multiple=True, metavar="NAME=TEXT", help="A parameter: the vector of TEXT.")
@click.option("--show", is_flag=True, help="Describe the parameters and print the statement for Neo4j Browser.")
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
    """Run the recipe NAME, a prepared query; without NAME, list all recipes.

    A disease, SNP, gene, drug, phenotype or concept can be given by name, symbol, synonym, rsID or any code, and a list
    as JSON. `generel-graph recipe NAME --show` describes the parameters, with their defaults, and the columns.

    \b
    generel-graph recipe
    generel-graph recipe drugs_for_disease --show
    generel-graph recipe genes_near_phenotypes -p phenotypes='["arthralgia", "dry eyes"]' -p limit=5 --csv

    Example:  generel-graph recipe variants_at_locus -p disease=asthma -p snp=rs7216389
    """
    from generel_graph.ask.recipes.recipe import check_recipe, list_recipes
    from generel_graph.session import open as open_session

    if name is None:
        print_rows(["recipe", "question"], list_recipes(), as_json=as_json, as_csv=as_csv)
        return
    check_recipe(name)
    values, embed = typed_values(parameters, "--param"), named_values(texts, "--embed")
    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        result = session.recipe(name, values, embed=embed, show=show)
    if show:
        _print_statement(result)
        return
    _print_notes(result, quiet or as_json or as_csv)
    print_rows(result.columns, result.rows, as_json=as_json, as_csv=as_csv)


def _print_statement(result: RecipeResult) -> None:
    """Print the description of a recipe to stderr, and the statement alone to stdout, so that it can be pasted."""
    click.secho(result.recipe.question, bold=True, err=True)
    click.echo(result.recipe.notes, err=True)
    for parameter in result.recipe.parameters:
        click.echo(f"  -p {parameter.name}={parameter.default!r}  {parameter.type_name}: {parameter.meaning}", err=True)
    click.echo(f"columns: {result.recipe.returns}\n", err=True)
    click.echo(result.cypher)


def _print_notes(result: RecipeResult, brief: bool) -> None:
    """Print what the parameters were resolved to, and what to try if there are no rows, to stderr."""
    if not brief:
        click.secho(result.recipe.question, err=True)
        for name, resolution in result.resolved.items():
            click.echo(f"{name}: {resolution}", err=True)
    if not result.rows:
        click.echo(f"no rows; {result.recipe.nothing}", err=True)
