"""From all staged tables to one graph: concepts defined and mentioned, clusters, edges, counts."""

from generel_etl.resolve.memory import MemoryStage
from generel_etl.resolve.resolve import resolve
from generel_etl.resolve.result import EDGE_COLUMNS, NODE_COLUMNS, WAYS, Resolved, SourceCounts, Staged, StagedFile

__all__ = [
    "EDGE_COLUMNS",
    "NODE_COLUMNS",
    "WAYS",
    "MemoryStage",
    "Resolved",
    "SourceCounts",
    "Staged",
    "StagedFile",
    "resolve",
]
