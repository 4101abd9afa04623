"""Features of a Neo4j server, derived from its version when connecting. Only this module compares versions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generel_etl.errors import GraphError
from generel_graph.graph.statements import NEO4J_5, NEWEST

OLDEST_VERSION = (5, 26)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The features of one server that the program uses if they exist."""

    version: str
    edition: str
    filtered_vector_search: bool  # Cypher 25's SEARCH clause, which evaluates predicates inside the vector index
    vector_values: bool  # parameters of the Bolt type Vector

    @property
    def dialect(self) -> str:
        """The entry of DIALECTS whose statements this server runs."""
        return NEWEST if self.filtered_vector_search else NEO4J_5

    @classmethod
    def from_server(cls, version: str, edition: str, bolt: tuple[int, int]) -> Capabilities:
        """Derive the capabilities from the server's version, such as "5.26.18" or "2026.08.1", and its Bolt version.

        Raises GraphError if the server is older than 5.26.
        """
        numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
        if numbers < OLDEST_VERSION:
            raise GraphError(
                "this Neo4j is too old",
                found=version,
                valid=["5.26 LTS", "2026.x"],
                next_step="upgrade the server, or leave `neo4j.uri` empty to use a private server",
            )
        return cls(
            version=version,
            edition=edition,
            filtered_vector_search=numbers >= (2026, 1),
            vector_values=numbers >= (2025, 10) and bolt >= (6, 0),
        )
