"""The input and output of `resolve`: staged sources; nodes, edges and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import polars as pl

from generel_etl.schema import EDGE_PROPERTIES

# How an endpoint was resolved to a node, the most reliable method first; `own`: a new node for the mention itself. An
# edge has the less reliable method of its two endpoints.
RESOLUTION_METHODS = ("id", "replacement", "cross_reference", "position", "name", "own")

NODE_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,  # a CURIE, an rsID, or a position
    "kind": pl.String,  # a Biolink class, or SNP
    "source": pl.String,  # the owner: the source that defines it, otherwise the first that mentions it
    "name": pl.String,  # the preferred name
    "description": pl.String,  # a gene: its approved name
    "synonyms": pl.List(pl.String),  # exact synonyms
    "other_synonyms": pl.List(pl.String),  # broad, narrow and related synonyms
    "xrefs": pl.List(pl.String),  # all other ids of the node, sorted
    "cluster": pl.String,  # concepts only: the id of the representative of its cluster, which is also a node
    "chromosome": pl.String,  # 1 to 22, X, Y or MT
    "position": pl.Int64,  # 1-based
    "build": pl.String,  # the genome build of the position
    "alleles": pl.List(pl.String),  # the known alleles
    "digest": pl.String,  # 32 hexadecimal digits
}
EDGE_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "source": pl.String,  # the source that states the edge
    "type": pl.String,
    "start": pl.String,
    "end": pl.String,
    "key": pl.String,  # 16 hexadecimal digits, unique within a source
    "digest": pl.String,  # 32 hexadecimal digits
    "weight": pl.Float64,  # in (0, 1]; null: never sampled in training
    "flags": pl.List(pl.String),  # marks of doubtful or special values
    "resolved_by": pl.String,  # the less reliable method of its two endpoints
    **EDGE_PROPERTIES,
}

DANGLING_COLUMNS: dict[str, type[pl.DataType]] = {
    "source": pl.String,
    "row": pl.Int64,
    "type": pl.String,
    "end": pl.String,  # "start", "end", or "both" if both are the same node
    "id": pl.String,
    "name": pl.String,
    "kind": pl.String,
    "reason": pl.String,
}


class FileDigest(Protocol):
    """A file of a source, and its digest."""

    @property
    def name(self) -> str:
        """The name of the file, relative to the data folder."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file, 64 hexadecimal digits."""


class StagedSource(Protocol):
    """The staged tables of one source."""

    @property
    def name(self) -> str:
        """The name of the source in the configuration."""

    @property
    def rows_read(self) -> int:
        """The number of data rows in its files; row numbers are 1…rows_read, unless `multiplicities` has rows."""

    @property
    def files(self) -> Sequence[FileDigest]:
        """The files that the source was read from."""

    def concepts(self) -> pl.LazyFrame:
        """The table `schema.Concepts`."""

    def snps(self) -> pl.LazyFrame:
        """The table `schema.Snps`."""

    def edges(self) -> pl.LazyFrame:
        """The table `schema.Edges`."""

    def rejects(self) -> pl.LazyFrame:
        """The table `schema.Rejects`."""

    def multiplicities(self) -> pl.LazyFrame:
        """The table `schema.RowMultiplicities`."""


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """The counts of one source: `rows_read` is the sum of the five other `rows_…`; edges are counted separately."""

    name: str  # the name in the configuration
    rows_read: int  # the data rows of its files
    rows_loaded: int  # rows with an edge or record in the graph
    rows_merged: int  # every edge or record of the row repeats an earlier one
    rows_rejected: int  # rows that could not be used
    rows_dangling: int  # every edge of the row has an unknown endpoint
    rows_staged: int  # not loaded, because of the configuration or because no other source mentions them
    nodes: int  # nodes that the source owns
    edges: int  # edges that the source states
    digest: str  # 32 hexadecimal digits: the sum modulo 2^128 of the digests of its nodes and edges
    version: str = ""  # the publisher's name of the release
    licence: str = ""  # the licence of the data
    url: str = ""  # where the files come from
    sha256: str = ""  # of its file; for several files, of their list
    resolved_by: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  # edges for each method


@dataclass(frozen=True, slots=True)
class Resolved:
    """The complete graph as tables: nodes sorted by id; edges by source, type, start, end, key.

    `dangling`: the endpoints and mentions without a node; its columns are DANGLING_COLUMNS.
    """

    nodes: pl.DataFrame
    edges: pl.DataFrame
    sources: tuple[SourceCounts, ...]
    dangling: pl.DataFrame


def empty_graph() -> Resolved:
    """The graph of no sources."""
    nodes, edges, dangling = (pl.DataFrame(schema=c) for c in (NODE_COLUMNS, EDGE_COLUMNS, DANGLING_COLUMNS))
    return Resolved(nodes, edges, (), dangling)
