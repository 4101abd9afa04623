"""Translate the Neo4j driver's exceptions to GraphError, once, at the boundary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from neo4j import exceptions

from generel_etl.errors import GraphError


@contextmanager
def translated_errors(where: str) -> Iterator[None]:
    """Raise a GraphError with `where` and a next step in place of an exception of the driver."""
    try:
        yield
    except exceptions.AuthError as error:
        raise GraphError(
            "Neo4j rejected the user name or password",
            where=where,
            next_step="set NEO4J_USERNAME and NEO4J_PASSWORD in the environment",
        ) from error
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired) as error:
        raise GraphError(
            f"Neo4j cannot be reached: {str(error).splitlines()[0]}",
            where=where,
            next_step="check the address (`neo4j.uri`, NEO4J_URI), or leave it empty to use a private server",
        ) from error
    except (exceptions.Neo4jError, exceptions.DriverError) as error:
        message = getattr(error, "message", None) or str(error)
        raise GraphError(
            str(message), where=where, next_step="run with --debug to see the driver's own error"
        ) from error
