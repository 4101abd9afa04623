"""Which Neo4j may open a store: the version written beside it decides, before a JVM is started."""

from __future__ import annotations

from generel_graph.errors import ServerError
from generel_graph.server.home import Home, version_key


def check_store(home: Home, version: str) -> str:
    """The older version whose store `version` will upgrade, "" if there is nothing to upgrade.

    Raises ServerError if a newer Neo4j has opened the store: Neo4j cannot go back.
    """
    stored = home.store_version()
    if not stored or not home.has_store() or stored == version:
        return ""
    if version_key(stored) < version_key(version):
        return stored
    raise ServerError(
        f"this store was last opened by Neo4j {stored}, which is newer than {version}; Neo4j cannot go back",
        where=home.data,
        next_step=f'set neo4j.version = "{stored}" (GENEREL_NEO4J_VERSION), or start anew with'
        " `generel-graph db reset`, then `sync`",
    )
