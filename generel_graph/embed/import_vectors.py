"""A model whose vectors were made elsewhere: put onto the nodes like our own, and asked by plain cosine."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generel_etl.errors import DataError, NotFoundError, UsageError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.embed.model_record import ModelRecord
from generel_graph.embed.models import activate, list_models
from generel_graph.embed.write_back import write_back
from generel_graph.graph import Graph
from generel_graph.graph.lease import lease
from generel_graph.graph.open import open_graph

if TYPE_CHECKING:
    pass

SHOWN = 10  # unknown ids in a sentence
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class ImportedVectorsReport:
    """What became of a file of vectors."""

    model: str
    slot: int
    dimension: int
    vectors: int  # nodes that have one now
    written: int
    without: int  # nodes of the graph that the file does not name
    unknown: tuple[str, ...]  # ids of the file that the graph does not have
    replaced: str | None  # the id of the model that gave up its slot

    def as_json(self) -> dict[str, Any]:
        """Plain values in the form that scripts read."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The same in words, a line a fact."""
        lines = [
            f"model: {self.model} in slot {self.slot}, {self.vectors:,} vectors of {self.dimension}, active; "
            f"{self.written:,} written now",
            f"nodes without a vector: {self.without:,}",
        ]
        if self.unknown:
            more = " …" if len(self.unknown) > SHOWN else ""
            lines.append(
                f"ids that the graph does not have: {len(self.unknown):,} ({', '.join(self.unknown[:SHOWN])}{more})"
            )
        if self.replaced:
            lines.append(f"its slot was that of {self.replaced}, which is gone")
        return lines


def import_vectors(
    config: Config, path: Path, name: str | None = None, progress: Progress = silent
) -> ImportedVectorsReport:
    """Write the vectors of a Parquet file onto the nodes as a model of its own, index them and make it active.

    What answers meanwhile stays as it is; killed half way, the same call goes on. `name` is its id (None: the file's
    name with six digits of its digest). Raises DataError for a file that is wrong, NotFoundError if the graph has none
    of its ids, UsageError for a name that another model has.
    """
    given = read_vectors(path)
    name = name or f"{re.sub(r'[^A-Za-z0-9._-]+', '-', path.stem).strip('-._') or 'given'}-{given.digest[:6]}"
    with open_graph(config, progress) as graph, lease(graph, progress=progress):
        _check_name(config, graph, name, given)
        known = {id_ for row in graph.rows("embed/list_known_ids", ids=list(given.ids)) for id_ in row["id"]}
        rows = [i for i, id_ in enumerate(given.ids) if id_ in known]
        if not rows:
            raise NotFoundError(
                "the graph has none of the file's ids",
                where=path,
                found=list(given.ids[:3]),
                next_step="ids are those of the nodes, as `generel-graph export nodes` writes them",
            )
        record = ModelRecord(name, given.dimension, recipe=given.digest, made_from=path.name)
        ids = [given.ids[i] for i in rows]
        done = write_back(graph, record, ids, given.vectors[rows], progress)
        activate(graph, name)
        nodes = int(graph.row("graph/count_graph")["nodes"])
    unknown = tuple(id_ for id_ in given.ids if id_ not in known)
    return ImportedVectorsReport(
        name, done.slot, given.dimension, done.vectors, done.written, nodes - done.vectors, unknown, done.replaced
    )


def _check_name(config: Config, graph: Graph, name: str, given: VectorFile) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError("not a model's name", where="--name", found=name, valid=["letters, digits, . _ -"])
    there = next((model for model in list_models(graph) if model.id == name), None)
    trained = config.model_folder(name).exists() or (there is not None and not there.made_from)
    if trained or (there is not None and there.recipe != given.digest):
        raise UsageError(
            "a model of this name has other vectors",
            where="--name",
            found=name,
            next_step=f"take another name, or `generel-graph models remove {name}` first",
        )


COLUMNS = ("id", "vector")
LONGEST = 4_096  # numbers in a vector, of Neo4j's index


@dataclass(frozen=True, slots=True)
class VectorFile:
    """What a file holds: an id and a vector a row, none twice, none zero."""

    ids: tuple[str, ...]  # [n]
    vectors: NDArray[np.float32]  # [n, dimension]
    digest: str  # of both (32 hexadecimal digits)

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return int(self.vectors.shape[1])


def read_vectors(path: Path) -> VectorFile:
    """Read the columns `id` (text) and `vector` (list of numbers, all equally long); others are passed over.

    Raises DataError, with the row (the first is 1), for a column or value that is missing or of another type, an id
    that comes twice, a vector of another length, with a number that is not finite, or of zeros.
    """
    frame = _read(path)
    frame = frame.with_row_index("row", offset=1)
    _refuse(frame.filter(pl.col("id").is_null() | (pl.col("id") == "")), path, "id", "the id is missing")
    _refuse(frame.filter(pl.col("vector").is_null()), path, "vector", "the vector is missing")
    _refuse(frame.filter(~pl.col("id").is_first_distinct()), path, "id", "the id comes twice")
    lengths = frame["vector"].list.len()
    dimension = int(lengths[0])
    if not 0 < dimension <= LONGEST:
        raise DataError(
            "no index takes vectors of this length",
            where=f"{path}, row 1, column vector",
            found=dimension,
            valid=[f"1 to {LONGEST}"],
        )
    wrong = frame.filter(lengths != dimension)
    if wrong.height:
        _refuse(wrong, path, "vector", f"{wrong['vector'].list.len()[0]} numbers, where row 1 has {dimension}")
    holes = frame.filter(pl.col("vector").list.eval(pl.element().is_null()).list.any())
    _refuse(holes, path, "vector", "a number is missing")
    vectors = frame["vector"].explode().to_numpy().astype(np.float32).reshape(frame.height, dimension)
    squares = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    _refuse(frame.filter(pl.Series(~np.isfinite(squares))), path, "vector", "a number is not finite")
    _refuse(frame.filter(pl.Series(squares == 0)), path, "vector", "a vector of zeros has no direction")
    ids = tuple(frame["id"].to_list())
    told = hashlib.blake2b("\n".join(ids).encode(), digest_size=16)
    told.update(vectors.tobytes())
    return VectorFile(ids, vectors, told.hexdigest())


def _read(path: Path) -> pl.DataFrame:
    """The two columns, the vector as a list of 32-bit floats."""
    if not path.is_file():
        raise DataError("no such file", where=path, next_step="name a Parquet file with the columns id and vector")
    try:
        schema = pl.read_parquet_schema(path)
        missing = [name for name in COLUMNS if name not in schema]
        if missing:
            raise DataError("missing column", where=path, found=missing[0], valid=schema, next_step="name it id/vector")
        kind = schema["vector"]
        inner = kind.inner if isinstance(kind, pl.List | pl.Array) else None
        if schema["id"] != pl.String or inner is None or not inner.is_numeric():
            raise DataError(
                "the columns are of other types",
                where=path,
                found=f"id {schema['id']}, vector {kind}",
                valid=["id text, vector list of float"],
            )
        frame = pl.read_parquet(path, columns=list(COLUMNS)).select(*COLUMNS)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"not a Parquet file: {str(error).splitlines()[0]}", where=path) from error
    if frame.is_empty():
        raise DataError("the file has no rows", where=path)
    return frame.with_columns(pl.col("vector").cast(pl.List(pl.Float32), strict=False))


def _refuse(wrong: pl.DataFrame, path: Path, column: str, why: str) -> None:
    """Raise DataError for the first of the rows that are wrong."""
    if wrong.height:
        more = f"; {wrong.height - 1:,} rows more" if wrong.height > 1 else ""
        raise DataError(f"{why}{more}", where=f"{path}, row {wrong['row'][0]}, column {column}", found=wrong["id"][0])
