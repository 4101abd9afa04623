"""From all staged tables to one graph: concepts defined and mentioned, clusters, edges, counts."""

from generel_etl.resolve.resolve import resolve
from generel_etl.resolve.result import (
    EDGE_COLUMNS,
    NODE_COLUMNS,
    RESOLUTION_METHODS,
    FileDigest,
    Resolved,
    SourceCounts,
    StagedSource,
)

__all__ = [
    "EDGE_COLUMNS",
    "NODE_COLUMNS",
    "RESOLUTION_METHODS",
    "FileDigest",
    "Resolved",
    "SourceCounts",
    "StagedSource",
    "resolve",
]
