"""What `resolve` takes and gives: staged sources in, nodes, edges and counts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import polars as pl

from generel_etl.schema import EDGE_PROPERTIES

# How an end of an edge found its node, the surest way first; an edge carries the worse of its two ends' ways.
RESOLUTION_METHODS = ("id", "replacement", "cross_reference", "position", "name", "own")

NODE_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "kind": pl.String,
    "source": pl.String,  # the owner: who defines it, else the first in the configuration that names it
    "name": pl.String,
    "description": pl.String,
    "synonyms": pl.List(pl.String),
    "other_synonyms": pl.List(pl.String),
    "xrefs": pl.List(pl.String),  # every other id that is known to mean the node, sorted
    "cluster": pl.String,  # concepts only: the id of the cluster's representative, a node itself
    "chromosome": pl.String,
    "position": pl.Int64,
    "build": pl.String,
    "alleles": pl.List(pl.String),
    "digest": pl.String,  # 32 hexadecimal digits
}
EDGE_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "source": pl.String,
    "type": pl.String,
    "start": pl.String,
    "end": pl.String,
    "key": pl.String,  # 16 hexadecimal digits, unique within a source
    "digest": pl.String,
    "weight": pl.Float64,
    "flags": pl.List(pl.String),
    "resolved_by": pl.String,
    **EDGE_PROPERTIES,
}

DANGLING_COLUMNS: dict[str, type[pl.DataType]] = {
    "source": pl.String,
    "row": pl.Int64,
    "type": pl.String,
    "end": pl.String,  # "start", "end", or "both" where both lead to one node
    "id": pl.String,
    "name": pl.String,
    "kind": pl.String,
    "reason": pl.String,
}
LEFT_OUT_COLUMNS = ("start", "end", "strength", "clash_start", "clash_end")
REDEFINED_COLUMNS = ("id", "source", "other")


class FileDigest(Protocol):
    """One file that a source was read from."""

    @property
    def name(self) -> str:
        """Its name, relative to the data folder."""

    @property
    def sha256(self) -> str:
        """Its digest, 64 hexadecimal digits."""


class StagedSource(Protocol):
    """One source's canonical tables, as they lie in the stage."""

    @property
    def name(self) -> str:
        """The source's name in the configuration."""

    @property
    def rows_read(self) -> int:
        """The number of data rows in its files; row numbers are 1…rows_read, unless `multiplicities` has rows."""

    @property
    def files(self) -> Sequence[FileDigest]:
        """What it was read from."""

    def concepts(self) -> pl.LazyFrame:
        """`schema.Concepts`."""

    def snps(self) -> pl.LazyFrame:
        """`schema.Snps`."""

    def edges(self) -> pl.LazyFrame:
        """`schema.Edges`."""

    def rejects(self) -> pl.LazyFrame:
        """`schema.Rejects`."""

    def multiplicities(self) -> pl.LazyFrame:
        """`schema.RowMultiplicities`."""


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """One source in numbers: `rows_read` is the sum of the five other `rows_…`; edges are counted apart."""

    name: str
    rows_read: int
    rows_loaded: int
    rows_merged: int  # every edge or record of the row was there already
    rows_rejected: int
    rows_dangling: int  # of every edge an end is unknown
    rows_staged: int  # kept in the stage by configuration
    nodes: int  # that it owns
    edges: int
    digest: str  # 32 hexadecimal digits: sum modulo 2^128 over its nodes and edges
    version: str = ""
    licence: str = ""
    url: str = ""
    sha256: str = ""  # of its file; of several, of their list
    resolved_by: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  # edges by way


@dataclass(frozen=True, slots=True)
class Resolved:
    """The whole graph as tables: nodes sorted by id; edges by source, type, start, end, key.

    `clusters_left_out`: equivalences that would have put two ids of one vocabulary into one cluster (start,
    end, strength, clash_start, clash_end). `dangling`: source, row, type, end, id, name, kind, reason.
    `redefined`: id, source (that counts), other (that defines it as well).
    """

    nodes: pl.DataFrame
    edges: pl.DataFrame
    sources: tuple[SourceCounts, ...]
    clusters_left_out: pl.DataFrame
    dangling: pl.DataFrame
    redefined: pl.DataFrame


def nothing() -> Resolved:
    """The graph of no sources."""
    nodes, edges, dangling = (pl.DataFrame(schema=c) for c in (NODE_COLUMNS, EDGE_COLUMNS, DANGLING_COLUMNS))
    left_out, redefined = (
        pl.DataFrame(schema=dict.fromkeys(columns, pl.String)) for columns in (LEFT_OUT_COLUMNS, REDEFINED_COLUMNS)
    )
    return Resolved(nodes, edges, (), left_out, dangling, redefined)
