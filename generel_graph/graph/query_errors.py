"""What the server has against somebody's own Cypher, as an error that says where and what to do."""

from __future__ import annotations

import re

from neo4j import exceptions

from generel_etl.errors import GraphError

WRITES = "Neo.ClientError.Statement.AccessMode"
TOO_LONG = "Neo.ClientError.Transaction.TransactionTimedOut"  # and …ClientConfiguration
PARAMETER = "Neo.ClientError.Statement.ParameterMissing"
LIMIT = "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration"
_PLACE = re.compile(r" ?\(line (\d+), column (\d+)[^)]*\)+")
_LENGTHS = re.compile(r"Vector index '\S+' has a configured dimensionality|Index query vector has \d+ dimensions")
_CAUSE = re.compile(r"^Failed to invoke procedure `[^`]+`: Caused by: [\w.]+: ")
_NO_INDEX = re.compile(r"no such vector schema index|IndexNotFound|is not online|still populating", re.IGNORECASE)
SHOWN = 100  # characters of an offending line, around the place


def refusal(error: exceptions.Neo4jError, cypher: str, seconds: float) -> GraphError | None:
    """The error for what the server said of `cypher`; None if it is nothing that the statement can be blamed for.

    `seconds`: the time that it was given.
    """
    code, words = error.code or "", _CAUSE.sub("", str(error.message or error))
    if code == WRITES:
        return GraphError(
            "this statement would write, and the server refuses: it was opened for reading only",
            where="query",
            next_step="change the graph by its sources and `generel-graph sync`; read with MATCH … RETURN",
        )
    if code.startswith(TOO_LONG):
        limit = f"{seconds:g} s" if code == LIMIT else "the server's own limit"
        return GraphError(
            f"the statement took longer than {limit} and was stopped by the server",
            where="query",
            next_step="ask for less (a label, an id, LIMIT), or give it more time: --timeout SECONDS, "
            "[neo4j] query_seconds (0: no limit)",
        )
    if code == PARAMETER:
        return GraphError(words, where="query", next_step="give it: --param NAME=VALUE, or --embed NAME=TEXT")
    if _LENGTHS.search(words):
        return GraphError(
            f"the vector is not as long as those of the index: {words}",
            where="query",
            next_step='let the active model make it: --embed NAME="a text", with the index that its :Model names',
        )
    if _NO_INDEX.search(words):
        return GraphError(
            words, where="query", next_step="`generel-graph models` shows which indexes there are, and how far they are"
        )
    if code.startswith("Neo.ClientError.Statement.") or code.startswith("Neo.ClientError.Procedure."):
        return GraphError(_shown(words, cypher), where="query", next_step="mend the statement")
    return None


def _shown(words: str, cypher: str) -> str:
    """The server's sentence with line and column, and under it the line with a mark at the place."""
    found = _PLACE.search(words)
    lines = cypher.splitlines()
    if found is None or not 0 < int(found[1]) <= len(lines):
        return words.splitlines()[0]
    line, column = int(found[1]), int(found[2])
    begin = max(0, column - SHOWN)
    text = lines[line - 1].replace("\t", " ")[begin : begin + 2 * SHOWN]
    sentence = _PLACE.sub("", words[: found.start()] or words.splitlines()[0])
    return f"{sentence} (line {line}, column {column})\n  {text}\n  {' ' * (column - 1 - begin)}^"
