"""The command explain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generel_graph.cli.options import configuration, quiet_option
from generel_graph.cli.output import print_json, print_table, progress_bars

if TYPE_CHECKING:
    from generel_graph.ask import Explanation
    from generel_graph.ask.explain.connections import Path as EvidencePath
    from generel_graph.ask.explain.evidence import Evidence

SHOWN = 15  # edges of the direct evidence


@click.command()
@click.argument("left")
@click.argument("right")
@click.option("-k", "k", default=5, show_default=True, type=click.IntRange(1, 100), help="Number of rows per list.")
@click.option("--hops", default=3, show_default=True, type=click.IntRange(2, 3), help="Maximum length of a path.")
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE", help="Also draw a plot, as .png or .svg.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@quiet_option
@click.pass_context
def explain(
    ctx: click.Context, left: str, right: str, k: int, hops: int, picture: Path | None, as_json: bool, quiet: bool
) -> None:
    """Explain why LEFT and RIGHT are near each other or not: rsIDs, codes, gene symbols, names, or free text.

    Prints the cosine with its percentile, whether the model was trained on the pair, and the direct evidence, then
    paths (paths through highly connected nodes are ranked last), shared neighbours, and concepts near both.

    Example:  generel-graph explain rs2476601 "type 1 diabetes mellitus" --picture why.png
    """
    from generel_graph.session import open as open_session

    if picture is not None:
        from generel_graph.plots.evidence import check_picture

        check_picture(picture)
    with progress_bars(quiet) as progress, open_session(configuration(ctx), progress) as session:
        explanation = session.explain(left, right, hops, k)
    if as_json:
        print_json(explanation.as_json())
    else:
        _print(explanation)
    if picture is not None:
        from generel_graph.plots.evidence import draw_evidence

        click.echo(f"written: {draw_evidence(explanation.graph(), picture)}", err=True)


def _print(explanation: Explanation) -> None:
    for line in _head(explanation):
        click.echo(line)
    _title(
        "Direct evidence"
        if explanation.direct or not explanation.same
        else "One concept, and nothing that joins its codes"
    )
    for line in explanation.summary or ("none: no edge joins the two",):
        click.echo(f"  {line}")
    for line in explanation.contradictions:
        click.secho(f"  but: {line}", fg="yellow")
    if explanation.direct:
        _table(
            ("type", "effect", "-log10 p", "by", "published", "source", "trained on", "flags"),
            [_row(edge) for edge in explanation.direct[:SHOWN]],
        )
        if len(explanation.direct) > SHOWN:
            click.echo(f"  and {len(explanation.direct) - SHOWN} more: --json")
    if explanation.paths:
        _title("Paths, by the degree-weighted path count of their metapath")
        for metapath in explanation.paths:
            plural = "" if metapath.count == 1 else "s"
            click.echo(f"  {metapath.metapath}  {metapath.score:.2g}, {metapath.count} path{plural}")
            for path in metapath.paths:
                click.echo(f"    {_path_words(explanation, path)}  {path.score:.2g}")
    if explanation.shared:
        _title("Shared neighbours")
        rows = [
            [s.node.kind, s.node.name, s.node.id, ", ".join(s.left.types), ", ".join(s.right.types), s.node.degree]
            for s in explanation.shared
        ]
        print_table(
            ("kind", "name", "id", f"of {explanation.left.label}", f"of {explanation.right.label}", "its edges"), rows
        )
    if explanation.nearest:
        _title("Near both")
        near = [[n.kind, n.name, n.id, n.left, n.right] for n in explanation.nearest]
        print_table(("kind", "name", "id", f"to {explanation.left.label}", f"to {explanation.right.label}"), near)
    for line in explanation.cut:
        click.secho(f"left out: {line}", err=True)


def _head(explanation: Explanation) -> list[str]:
    lines = list(explanation.sentences())
    if explanation.same:
        return [*lines, "both are one concept"]
    if explanation.cosine is None:
        lines.append("cosine: none, because an endpoint has no vector yet; `generel-graph sync` embeds new nodes")
    else:
        rank = explanation.percentile
        share = "" if rank is None else "all of" if rank.value == 100 else f"{min(rank.value, 99.99):.4g} % of"
        percentile = f", larger than that of {share} {rank.pairs:,} {rank.among}" if rank else ""
        lines.append(f"cosine {explanation.cosine:.3f}{percentile}")
    tasks = f" ({', '.join(explanation.tasks)})" if explanation.tasks else ""
    return [*lines, f"trained on: {explanation.trained_on}{tasks}"]


def _row(edge: Evidence) -> list[object]:
    return [
        edge.type,
        _effect(edge),
        edge.neg_log10_p,
        edge.reported_by if edge.reported_by != edge.source else None,
        edge.published,
        edge.source,
        edge.seen,
        list(edge.flags),
    ]


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table without its empty columns."""
    used = [i for i in range(len(columns)) if any(row[i] not in (None, "", []) for row in rows)]
    print_table([columns[i] for i in used], [[row[i] for i in used] for row in rows])


def _effect(edge: Evidence) -> str:
    """ "A raises, odds ratio 1.98 (1.71 … 2.30)"."""
    if edge.direction is None:
        return ""
    size = f"odds ratio {edge.odds_ratio:.2f}" if edge.odds_ratio is not None else f"beta {edge.beta:.3g}"
    unit = f" {edge.beta_unit}" if edge.odds_ratio is None and edge.beta_unit else ""
    between = f" ({edge.ci_low:.3g} … {edge.ci_high:.3g})" if edge.ci_low is not None and edge.ci_high else ""
    return f"{edge.allele} {edge.direction}, {size}{unit}{between}"


def _path_words(explanation: Explanation, path: EvidencePath) -> str:
    """The names along a path, and for each step the types and sources of its edges."""
    words = explanation.left.label
    for node, step in zip([*(n.name for n in path.nodes), explanation.right.label], path.steps, strict=True):
        sources = ", ".join(dict.fromkeys(edge.source for edge in step.edges))
        words += f" — {'/'.join(step.types)} [{sources}] — {node}"
    return words


def _title(text: str) -> None:
    click.secho(f"\n{text}", bold=True)
