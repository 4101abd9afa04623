"""Resolve the staged tables of all sources into one graph: concepts, clusters, edges, counts."""

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
