"""Commands that ask the graph and the space: search, score, query."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from generel_graph.cli.options import configuration, output_options, quiet_option
from generel_graph.cli.terminal import print_json, print_rows, progress_bars
from generel_graph.errors import UsageError


@click.command()
@click.argument("text")
@click.option("-k", "k", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many hits.")
@click.option("--kind", metavar="KIND", help="Only hits of this kind: SNP, Disease, Gene, Drug, Phenotype, Trait …")
@output_options
@quiet_option
@click.pass_context
def search(ctx: click.Context, text: str, k: int, kind: str | None, as_json: bool, as_csv: bool, quiet: bool) -> None:
    """Find what lies near TEXT: an rsID, a code, a gene symbol, a name, or any wording.

    An rsID that is no node, and a place as GRCh38:1:1034943, are placed by what lies around them.

    Example:  generel-graph search "heart attack" --kind SNP -k 10
    """
    from generel_graph.session import open as open_session

    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        answer = session.ask(text, k=k, kind=kind)
    if as_json:
        print_json(answer.as_json())
        return
    if not as_csv:
        click.secho(answer.sentence(), err=True)
    columns = ["id", "kind", "name", "score", "linked", "place", "codes"]
    rows = [[h.id, h.kind, h.name, h.score, h.linked, h.place, list(h.codes[:4])] for h in answer.hits]
    print_rows(columns, rows, as_csv=as_csv)


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

    asked = (_statement(cypher), _parameters(parameters), _named(texts, "--embed"), timeout)
    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        if output is not None:
            click.echo(f"written: {session.run_to(output, *asked)}: {output}", err=True)
            return
        columns, rows = session.run(*asked)
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


def _statement(cypher: str) -> str:
    if not cypher.endswith(".cypher"):
        return cypher
    path = Path(cypher)
    if not path.is_file():
        raise UsageError("no such file", where=path)
    return path.read_text(encoding="utf-8")


def _parameters(given: tuple[str, ...]) -> dict[str, Any]:
    import json

    values: dict[str, Any] = {}
    for name, text in _named(given, "--param").items():
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            values[name] = text
    return values


def _named(given: tuple[str, ...], option: str) -> dict[str, str]:
    named = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError("expected NAME=VALUE", where=option, found=item)
        named[name] = text
    return named
