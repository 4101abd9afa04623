"""The private Neo4j Community server: download, start, find, stop, bulk import."""

from __future__ import annotations

from generel_graph.server.browser import browser_files
from generel_graph.server.bulk_import import ARRAY_DELIMITER, ImportReport, bulk_import
from generel_graph.server.lifecycle import Server, ServerStatus, StopReport, ensure, find, logs, reset, status, stop

__all__ = [
    "ARRAY_DELIMITER",
    "ImportReport",
    "Server",
    "ServerStatus",
    "StopReport",
    "browser_files",
    "bulk_import",
    "ensure",
    "find",
    "logs",
    "reset",
    "status",
    "stop",
]
