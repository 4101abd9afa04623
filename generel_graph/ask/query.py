"""Somebody's own Cypher, in the server's read access mode, with vectors of texts as parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx

from generel_etl.errors import GraphError, UsageError
from generel_graph.ask.entity_linking import EntityLink, ids_of, link_or_snp
from generel_graph.ask.networks import network, plain
from generel_graph.ask.pinned_model import PinnedModel, Vectors, pinned_with, still_active, vectors_of_nodes
from generel_graph.ask.space import Space, Spaces, placed
from generel_graph.graph import Graph

Rows = list[list[Any]]


def query(
    graph: Graph,
    spaces: Spaces,
    cypher: str,
    parameters: Mapping[str, Any] | None = None,
    embed: Mapping[str, str] | None = None,
    seconds: float = 0,
) -> tuple[list[str], Rows]:
    """Run `cypher`; column names and rows of plain values (nodes are maps without their vectors).

    `embed` gives parameters that are vectors: the stored one of what a text names, else the text's own.
    If the active model moved meanwhile, all is done again with the new one. After `seconds` the server stops it
    (0: never). Raises GraphError for a statement that is wrong, that writes or that takes too long, UsageError if a
    parameter is given twice.
    """
    columns, rows = _ask(graph, spaces, cypher, parameters, embed, seconds)
    return columns, [[plain(value) for value in row] for row in rows]


def query_network(
    graph: Graph,
    spaces: Spaces,
    cypher: str,
    parameters: Mapping[str, Any] | None = None,
    embed: Mapping[str, str] | None = None,
    seconds: float = 0,
) -> nx.MultiDiGraph[str]:
    """As `query`, its nodes, relationships and paths as one graph; raises UsageError if there are none."""
    return network(graph, _ask(graph, spaces, cypher, parameters, embed, seconds)[1])


def _ask(
    graph: Graph,
    spaces: Spaces,
    cypher: str,
    parameters: Mapping[str, Any] | None,
    embed: Mapping[str, str] | None,
    seconds: float,
) -> tuple[list[str], Rows]:
    """Columns and rows as the driver gives them."""
    parameters, embed = dict(parameters or {}), dict(embed or {})
    twice = sorted(parameters.keys() & embed.keys())
    if twice:
        raise UsageError("the parameter is given twice", where="query", found=twice[0], next_step="rename one")
    if not embed:
        return graph.query(cypher, parameters, seconds)

    links = {name: link_or_snp(graph, text) for name, text in embed.items()}

    def answer(model: PinnedModel, stored: Vectors) -> tuple[list[str], Rows]:
        vectors = {name: _vector(spaces(model.id), link, stored) for name, link in links.items()}
        try:
            result = graph.query(cypher, parameters | vectors, seconds)
        except GraphError:
            still_active(graph, model)  # an index of a slot that changed hands is told apart from a wrong statement
            raise
        still_active(graph, model)
        return result

    return pinned_with(graph, ids_of(links.values()), answer)


def vector_of(graph: Graph, model: PinnedModel, spaces: Spaces, text: str) -> list[float]:
    """The vector of what `text` names, as stored or placed, else of the text itself; [dimension].

    Raises NotFoundError for a node without a vector or an SNP that cannot be placed, ActiveModelChanged.
    """
    found = link_or_snp(graph, text)
    return _vector(spaces(model.id), found, vectors_of_nodes(graph, model, ids_of([found])))


def _vector(space: Space, link: EntityLink, stored: Vectors) -> list[float]:
    if link.snp is not None:
        vector = placed(space, link.snp).vector
    elif link.id is not None:
        vector = stored[link.id][1]
    else:
        vector = space.query_vectors(space.text_vectors([link.text]), "", None)[0][0]
    return [float(number) for number in vector]
