"""A reader's edges and SNPs as canonical tables: one call instead of a list of aliases in each reader."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.parsing.rejects import ROW
from generel_etl.schema import Edges, Snps, conform


@dataclass(frozen=True, slots=True)
class EdgeEndpoint:
    """The expressions that give one endpoint of an edge; at least one of `id` and `name` is not null."""

    id: pl.Expr
    kind: pl.Expr
    name: pl.Expr

    def columns(self, side: str) -> dict[str, pl.Expr]:
        """The columns of the table `Edges` for this endpoint; `side`: "start" or "end"."""
        return {f"{side}_id": self.id, f"{side}_kind": self.kind, f"{side}_name": self.name}


def endpoint(identifier: str | pl.Expr | None, kind: str | pl.Expr, name: str | pl.Expr | None = None) -> EdgeEndpoint:
    """An endpoint. `identifier`, `name`: a column's name, an expression, or None; `kind`: a kind, or an expression."""
    return EdgeEndpoint(_column(identifier), pl.lit(kind) if isinstance(kind, str) else kind, _column(name))


def swap_endpoints(start: EdgeEndpoint, end: EdgeEndpoint, swapped: str | pl.Expr) -> tuple[EdgeEndpoint, EdgeEndpoint]:
    """Start and end, exchanged in the rows where `swapped` is true."""

    def choose(one: EdgeEndpoint, other: EdgeEndpoint) -> EdgeEndpoint:
        pairs = ((one.id, other.id), (one.kind, other.kind), (one.name, other.name))
        return EdgeEndpoint(*(pl.when(swapped).then(second).otherwise(first) for first, second in pairs))

    return choose(start, end), choose(end, start)


def edge_table(
    frame: pl.DataFrame, type_: str | pl.Expr, start: EdgeEndpoint, end: EdgeEndpoint, **columns: str | pl.Expr
) -> pl.DataFrame:
    """One edge for each row of `frame`, as the table `Edges`. `frame` has the column ROW.

    `type_`: a relationship type, or an expression. `columns`: further columns of `Edges`, each a column's name in
    `frame` or an expression; columns that are not named get their empty value.
    """
    relationship = pl.lit(type_) if isinstance(type_, str) else type_
    return conform(
        frame.select(row=ROW, type=relationship, **start.columns("start"), **end.columns("end"), **columns), Edges
    )


def snp_table(frame: pl.DataFrame, identifier: str, **columns: str | pl.Expr) -> pl.DataFrame:
    """The SNPs of `frame` that have a position, as the table `Snps`: each once, from the first row that has one.

    `frame` has the columns ROW, `identifier`, `chromosome`, `position` and `build`. `columns`: further columns of
    `Snps`, each a column's name in `frame` or an expression.
    """
    positioned = frame.filter(pl.col("position") > 0).unique(identifier, keep="first", maintain_order=True)
    return conform(positioned.select("chromosome", "position", "build", row=ROW, id=identifier, **columns), Snps)


def _column(value: str | pl.Expr | None) -> pl.Expr:
    if value is None:
        return pl.lit(None, dtype=pl.String)
    return pl.col(value) if isinstance(value, str) else value
