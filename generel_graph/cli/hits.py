"""The hits of a search as tables: one of all, or one a kind where kinds are mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from generel_graph.cli.terminal import print_rows

if TYPE_CHECKING:
    from generel_graph.ask import Answer, Hit

CODES = 4  # shown of a cluster


def print_hits(answer: Answer, all_codes: bool = False, as_csv: bool = False) -> None:
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
