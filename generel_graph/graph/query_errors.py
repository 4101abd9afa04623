"""Errors of user-supplied Cypher, with the position in the statement and a next step."""

from __future__ import annotations

import re

from neo4j import exceptions

from generel_etl.errors import GraphError

WRITES = "Neo.ClientError.Statement.AccessMode"
TOO_LONG = "Neo.ClientError.Transaction.TransactionTimedOut"  # and …ClientConfiguration
PARAMETER = "Neo.ClientError.Statement.ParameterMissing"
LIMIT = "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration"
_POSITION = re.compile(r" ?\(line (\d+), column (\d+)[^)]*\)+")
_WRONG_DIMENSION = re.compile(
    r"Vector index '\S+' has a configured dimensionality|Index query vector has \d+ dimensions"
)
_CAUSE = re.compile(r"^Failed to invoke procedure `[^`]+`: Caused by: [\w.]+: ")
_NO_INDEX = re.compile(r"no such vector schema index|IndexNotFound|is not online|still populating", re.IGNORECASE)
CONTEXT_CHARACTERS = 100  # shown of the invalid line, on either side of the position


def query_error(error: exceptions.Neo4jError, cypher: str, seconds: float) -> GraphError | None:
    """The GraphError for a server error that `cypher` caused; None if the statement is not the cause.

    `seconds` is the time limit of the statement.
    """
    code, message = error.code or "", _CAUSE.sub("", str(error.message or error))
    if code == WRITES:
        return GraphError(
            "this statement would write, and queries are read-only",
            where="query",
            next_step="change the sources and run `generel-graph sync`; use MATCH … RETURN to read",
        )
    if code.startswith(TOO_LONG):
        limit = f"{seconds:g} s" if code == LIMIT else "the server's own limit"
        return GraphError(
            f"the statement took longer than {limit} and was stopped by the server",
            where="query",
            next_step="read less (add a label, an id or LIMIT), or raise the time limit: --timeout SECONDS, "
            "[neo4j] query_seconds (0: no limit)",
        )
    if code == PARAMETER:
        return GraphError(message, where="query", next_step="set it: --param NAME=VALUE, or --embed NAME=TEXT")
    if _WRONG_DIMENSION.search(message):
        return GraphError(
            f"the vector's dimension differs from that of the index: {message}",
            where="query",
            next_step='encode a text with the active model: --embed NAME="a text", and use the index of its :Model',
        )
    if _NO_INDEX.search(message):
        return GraphError(message, where="query", next_step="`generel-graph models` lists the indexes and their states")
    if code.startswith(("Neo.ClientError.Statement.", "Neo.ClientError.Procedure.")):
        return GraphError(_with_position(message, cypher), where="query", next_step="fix the Cypher statement")
    return None


def _with_position(message: str, cypher: str) -> str:
    """The server's message with line and column, followed by that line with a caret below the position."""
    match = _POSITION.search(message)
    lines = cypher.splitlines()
    if match is None or not 0 < int(match[1]) <= len(lines):
        return message.splitlines()[0]
    line, column = int(match[1]), int(match[2])
    start = max(0, column - CONTEXT_CHARACTERS)
    text = lines[line - 1].replace("\t", " ")[start : start + 2 * CONTEXT_CHARACTERS]
    sentence = _POSITION.sub("", message[: match.start()] or message.splitlines()[0])
    return f"{sentence} (line {line}, column {column})\n  {text}\n  {' ' * (column - 1 - start)}^"
