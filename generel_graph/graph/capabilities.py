"""What a server can do, read once at connect: the only place that looks at versions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generel_etl.errors import GraphError
from generel_graph.graph.statements import NEO4J_5, NEWEST

OLDEST = (5, 26)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the rest of the program may ask of this server."""

    version: str
    edition: str
    filtered_vector_search: bool  # Cypher 25's SEARCH clause with predicates inside the index
    vector_values: bool  # the Bolt type Vector as a parameter

    @property
    def dialect(self) -> str:
        """The one of DIALECTS whose statements this server takes."""
        return NEWEST if self.filtered_vector_search else NEO4J_5

    @classmethod
    def of(cls, version: str, edition: str, bolt: tuple[int, int]) -> Capabilities:
        """Derive them from the server's version text, as "5.26.18" or "2026.08.1", and the Bolt version.

        Raises GraphError if the server is older than 5.26.
        """
        numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
        if numbers < OLDEST:
            raise GraphError(
                "this Neo4j is too old",
                found=version,
                valid=["5.26 LTS", "2026.x"],
                next_step="upgrade the server, or leave `neo4j.uri` empty to run a private one",
            )
        return cls(
            version=version,
            edition=edition,
            filtered_vector_search=numbers >= (2026, 1),
            vector_values=numbers >= (2025, 10) and bolt >= (6, 0),
        )
