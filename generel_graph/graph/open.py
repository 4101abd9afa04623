"""Open the graph that a configuration names: the private server, or the configured address."""

from __future__ import annotations

import os

from generel_etl.errors import GraphError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.graph.connect import Graph


def open_graph(config: Config, progress: Progress = silent) -> Graph:
    """Connect to the configured Neo4j; without an address, to the private server, which is started if necessary.

    User name and password of a configured address come from NEO4J_USERNAME (default "neo4j") and NEO4J_PASSWORD.
    Raises ServerError if the private server cannot be started, GraphError if the connection fails.
    """
    if not config.neo4j.uri:
        from generel_graph.server import ensure

        server = ensure(config, progress)
        return Graph.connect(server.uri, server.user, server.password, config.neo4j.database)
    password = os.environ.get("NEO4J_PASSWORD")
    if password is None:
        raise GraphError(
            "no password is set for this Neo4j",
            where=config.neo4j.uri,
            next_step="set NEO4J_PASSWORD (and NEO4J_USERNAME) in the environment",
        )
    user = os.environ.get("NEO4J_USERNAME", "neo4j")
    return Graph.connect(config.neo4j.uri, user, password, config.neo4j.database)


def is_local(config: Config) -> bool:
    """Whether the graph is the project's own private server."""
    return not config.neo4j.uri
