"""Import vectors from a Parquet file as a model: they are written and indexed like those of a trained model."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generel_etl.errors import DataError, NotFoundError, UsageError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.embed.model_record import ModelRecord
from generel_graph.embed.models import activate, list_models
from generel_graph.embed.write_back import write_model
from generel_graph.graph import Graph

COLUMNS = ("id", "vector")
MAX_DIMENSION = 4_096  # of Neo4j's vector index
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class ImportedVectorsReport:
    """What the import of a file of vectors did."""

    model: str
    slot: int
    dimension: int
    vectors: int  # nodes with a vector now
    written: int
    nodes_without_vector: int
    unknown_ids: tuple[str, ...]  # ids of the file that are not in the graph
    replaced: str | None  # id of the older model that lost its slot

    def as_json(self) -> dict[str, Any]:
        """The report with the keys that scripts read."""
        return {
            "model": self.model,
            "slot": self.slot,
            "dimension": self.dimension,
            "vectors": self.vectors,
            "written": self.written,
            "without": self.nodes_without_vector,
            "unknown": list(self.unknown_ids),
            "replaced": self.replaced,
        }


def import_vectors(
    graph: Graph, config: Config, file: VectorFile, name: str | None = None, progress: Progress = silent
) -> ImportedVectorsReport:
    """Write the vectors of a file to the nodes as a new model, index them and activate the model.

    Queries use the old model until then. After an interruption, the same call continues. `name` is the model's id
    (None: the file's name and six digits of its digest). The caller holds the lease. Raises NotFoundError if none of
    the file's ids is in the graph, UsageError if another model has the name.
    """
    name = name or f"{re.sub(r'[^A-Za-z0-9._-]+', '-', file.path.stem).strip('-._') or 'given'}-{file.digest[:6]}"
    _check_name(config, graph, name, file)
    existing = {id_ for row in graph.rows("embed/list_existing_ids", ids=list(file.ids)) for id_ in row["id"]}
    rows = [i for i, id_ in enumerate(file.ids) if id_ in existing]
    if not rows:
        raise NotFoundError(
            "none of the file's ids is in the graph",
            where=file.path,
            found=list(file.ids[:3]),
            next_step="use the ids of the nodes; `generel-graph export nodes` writes them",
        )
    record = ModelRecord(name, file.dimension, recipe=file.digest, made_from=file.path.name)
    result = write_model(graph, record, [file.ids[i] for i in rows], file.vectors[rows], progress)
    activate(graph, name)
    nodes = int(graph.row("graph/count_graph")["nodes"])
    return ImportedVectorsReport(
        model=name,
        slot=result.slot,
        dimension=file.dimension,
        vectors=result.vectors,
        written=result.written,
        nodes_without_vector=nodes - result.vectors,
        unknown_ids=tuple(id_ for id_ in file.ids if id_ not in existing),
        replaced=result.replaced,
    )


def _check_name(config: Config, graph: Graph, name: str, file: VectorFile) -> None:
    """Raise UsageError for an invalid name, or for the name of a model with other vectors."""
    if not _NAME.fullmatch(name):
        raise UsageError("invalid name of a model", where="--name", found=name, valid=["letters, digits, . _ -"])
    existing = next((model for model in list_models(graph) if model.id == name), None)
    is_trained = config.model_folder(name).exists() or (existing is not None and not existing.made_from)
    if is_trained or (existing is not None and existing.recipe != file.digest):
        raise UsageError(
            "a model with this name has other vectors",
            where="--name",
            found=name,
            next_step=f"use another name, or run `generel-graph models remove {name}` first",
        )


@dataclass(frozen=True, slots=True)
class VectorFile:
    """The content of a file: one id and vector per row, ids unique, no zero vectors."""

    path: Path
    ids: tuple[str, ...]  # [n]
    vectors: NDArray[np.float32]  # [n, dimension]
    digest: str  # of ids and vectors (32 hexadecimal digits)

    @property
    def dimension(self) -> int:
        """The dimension of the vectors."""
        return int(self.vectors.shape[1])


def read_vectors(path: Path) -> VectorFile:
    """Read the columns `id` (text) and `vector` (list of numbers, all of one length); other columns are ignored.

    Raises DataError, with the row (the first is 1), for a missing column or value, a wrong type, a duplicate id, a
    vector of another length, a number that is not finite, or a vector of zeros.
    """
    frame = _read(path)
    frame = frame.with_row_index("row", offset=1)
    _reject(frame.filter(pl.col("id").is_null() | (pl.col("id") == "")), path, "id", "the id is missing")
    _reject(frame.filter(pl.col("vector").is_null()), path, "vector", "the vector is missing")
    _reject(frame.filter(~pl.col("id").is_first_distinct()), path, "id", "duplicate id")
    lengths = frame["vector"].list.len()
    dimension = int(lengths[0])
    if not 0 < dimension <= MAX_DIMENSION:
        raise DataError(
            "a vector index does not support this dimension",
            where=f"{path}, row 1, column vector",
            found=dimension,
            valid=[f"1 to {MAX_DIMENSION}"],
        )
    other_length = frame.filter(lengths != dimension)
    if other_length.height:
        length = other_length["vector"].list.len()[0]
        _reject(other_length, path, "vector", f"{length} numbers, but row 1 has {dimension}")
    incomplete = frame.filter(pl.col("vector").list.eval(pl.element().is_null()).list.any())
    _reject(incomplete, path, "vector", "a number is missing")
    vectors = frame["vector"].explode().to_numpy().astype(np.float32).reshape(frame.height, dimension)
    squared_norms = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    _reject(frame.filter(pl.Series(~np.isfinite(squared_norms))), path, "vector", "a number is not finite")
    _reject(frame.filter(pl.Series(squared_norms == 0)), path, "vector", "a vector of zeros has no direction")
    ids = tuple(frame["id"].to_list())
    digest = hashlib.blake2b("\n".join(ids).encode(), digest_size=16)
    digest.update(vectors.tobytes())
    return VectorFile(path, ids, vectors, digest.hexdigest())


def _read(path: Path) -> pl.DataFrame:
    """Read the two columns, with the vectors as lists of 32-bit floats."""
    if not path.is_file():
        raise DataError("no such file", where=path, next_step="pass a Parquet file with the columns id and vector")
    try:
        schema = pl.read_parquet_schema(path)
        missing = [name for name in COLUMNS if name not in schema]
        if missing:
            raise DataError(
                "missing column", where=path, found=missing[0], valid=schema, next_step="name the columns id and vector"
            )
        vector_type = schema["vector"]
        inner = vector_type.inner if isinstance(vector_type, pl.List | pl.Array) else None
        if schema["id"] != pl.String or inner is None or not inner.is_numeric():
            raise DataError(
                "the columns have other types",
                where=path,
                found=f"id {schema['id']}, vector {vector_type}",
                valid=["id text, vector list of float"],
            )
        frame = pl.read_parquet(path, columns=list(COLUMNS)).select(*COLUMNS)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"not a Parquet file: {str(error).splitlines()[0]}", where=path) from error
    if frame.is_empty():
        raise DataError("the file has no rows", where=path)
    return frame.with_columns(pl.col("vector").cast(pl.List(pl.Float32), strict=False))


def _reject(rows: pl.DataFrame, path: Path, column: str, reason: str) -> None:
    """Raise DataError for the first of the invalid rows, if there are any."""
    if rows.height:
        others = f"; {rows.height - 1:,} more rows" if rows.height > 1 else ""
        raise DataError(
            f"{reason}{others}", where=f"{path}, row {rows['row'][0]}, column {column}", found=rows["id"][0]
        )
