"""User-supplied, read-only Cypher, with vectors of texts as parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx

from generel_etl.errors import GraphError, UsageError
from generel_graph.ask.entity_linking import EntityLink, ids_of, link_or_snp
from generel_graph.ask.networks import network, plain
from generel_graph.ask.output_files import GRAPHML, file_format, write_network, write_rows
from generel_graph.ask.pinned_model import PinnedModel, Vectors, pinned_with, still_active, vectors_of_nodes
from generel_graph.ask.space import Space, Spaces, snp_vector
from generel_graph.graph import Graph

if TYPE_CHECKING:
    import pandas as pd

Rows = list[list[Any]]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The answer of a statement: rows of plain values; nodes are maps without their vectors."""

    columns: list[str]
    rows: Rows
    driver_rows: Sequence[Sequence[Any]] = field(repr=False, compare=False)  # as the driver returned them
    graph: Graph = field(repr=False, compare=False)

    def frame(self) -> pd.DataFrame:
        """The rows as a pandas frame."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=self.columns)

    def as_json(self) -> list[dict[str, Any]]:
        """One map per row, by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def network(self) -> nx.MultiDiGraph[str]:
        """The nodes, relationships and paths among the values; needs an open session. Raises UsageError for none."""
        return network(self.graph, self.driver_rows)

    def write(self, path: Path) -> str:
        """Write a file in the format of its extension; return the number of rows, or of nodes and edges, in words.

        Extensions: .csv, .tsv, .json, .parquet, and .graphml for the nodes, relationships and paths. Raises UsageError
        for any other.
        """
        if file_format(path) == GRAPHML:
            nodes_and_edges = self.network()
            write_network(path, nodes_and_edges)
            return f"{len(nodes_and_edges):,} nodes, {nodes_and_edges.number_of_edges():,} edges"
        write_rows(path, self.columns, self.rows)
        return f"{len(self.rows):,} rows"


def query(
    graph: Graph,
    spaces: Spaces,
    cypher: str,
    parameters: Mapping[str, Any] | None = None,
    embed: Mapping[str, str] | None = None,
    seconds: float = 0,
) -> QueryResult:
    """Run `cypher` in the server's read mode.

    `embed` gives parameters that are vectors: the stored vector of what a text names, otherwise that of the text. If
    another model becomes active, the statement is run again with its vectors. The server stops it after `seconds`
    (0: never). Raises GraphError for an invalid statement, one that writes, or one that takes too long, UsageError for
    a parameter that is given twice.
    """
    parameters, embed = dict(parameters or {}), dict(embed or {})
    twice = sorted(parameters.keys() & embed.keys())
    if twice:
        raise UsageError("the parameter is given twice", where="query", found=twice[0], next_step="rename one")
    if not embed:
        return _result(graph, *graph.query(cypher, parameters, seconds))

    links = {name: link_or_snp(graph, text) for name, text in embed.items()}

    def answer(model: PinnedModel, stored: Vectors) -> tuple[list[str], Rows]:
        vectors = {name: _vector(spaces(model.id), link, stored) for name, link in links.items()}
        try:
            result = graph.query(cypher, parameters | vectors, seconds)
        except GraphError:
            still_active(graph, model)  # another model in the slot is not an invalid statement
            raise
        still_active(graph, model)
        return result

    return _result(graph, *pinned_with(graph, ids_of(links.values()), answer))


def _result(graph: Graph, columns: list[str], rows: Rows) -> QueryResult:
    return QueryResult(columns, [[plain(value) for value in row] for row in rows], rows, graph)


def vector_of(graph: Graph, model: PinnedModel, spaces: Spaces, text: str) -> list[float]:
    """The vector [dimension] of the node or SNP that `text` names, otherwise of the text itself.

    Raises NotFoundError for a node or SNP without a vector, ActiveModelChanged.
    """
    link = link_or_snp(graph, text)
    return _vector(spaces(model.id), link, vectors_of_nodes(graph, model, ids_of([link])))


def _vector(space: Space, link: EntityLink, stored: Vectors) -> list[float]:
    if link.snp is not None:
        vector = snp_vector(space, link.snp).vector
    elif link.id is not None:
        vector = stored[link.id][1]
    else:
        vector = space.query_vectors(space.text_vectors([link.text]), "", None)[0][0]
    return [float(number) for number in vector]
