"""Export a model's vectors as safetensors with a list of ids, and as Parquet, which `embed --from` reads."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from generel_etl.errors import GraphError, NotFoundError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.embed import ModelRecord, active_model, find_model
from generel_graph.export.pages import PAGE, new_folder
from generel_graph.export.tables import write_parquet
from generel_graph.graph import Graph
from generel_graph.graph.open import open_graph

HEADER = 1024  # bytes, written last, when the number of vectors is known
COLUMNS = {"id": pl.String, "kind": pl.String, "vector": pl.List(pl.Float32)}


def export_vectors(
    config: Config, folder: Path, model_id: str | None = None, progress: Progress = silent
) -> tuple[str, int, int]:
    """Write a model's vectors (None: the active one) to a new folder; returns model id, number and dimension.

    `vectors.safetensors`: the tensor `vectors`, [n, dimension] float32; `ids.txt`: the id of each row, one per line;
    `vectors.parquet`: id, kind, vector. All are in the order of ids. Raises NotFoundError without such a model,
    UsageError for a folder that is not empty, GraphError if the vectors change meanwhile.
    """
    with open_graph(config, progress) as graph, new_folder(folder) as new:
        model = _model(graph, model_id)
        with (new / "vectors.safetensors").open("wb") as tensor, (new / "ids.txt").open("w", encoding="utf-8") as ids:
            tensor.write(bytes(8 + HEADER))

            def written_pages() -> Iterator[pl.DataFrame]:
                for page in graph.pages(
                    "export/list_vectors", graph.key_ranges(PAGE), COLUMNS, progress, "vectors", model.slot
                ):
                    tensor.write(page["vector"].explode().to_numpy().astype("<f4").tobytes() if page.height else b"")
                    ids.writelines(f"{id_}\n" for id_ in page["id"])
                    yield page

            n = write_parquet(new / "vectors.parquet", COLUMNS, written_pages())
            tensor.seek(0)
            tensor.write(_header(model, n))
        _check(graph, model, new / "vectors.safetensors", n)
    return model.id, n, model.dimension


def _header(model: ModelRecord, n: int) -> bytes:
    """The header of a safetensors file, padded with spaces as the format allows."""
    tensor = {"dtype": "F32", "shape": [n, model.dimension], "data_offsets": [0, 4 * n * model.dimension]}
    metadata = {"model": model.id, "encoder": model.encoder, "made_from": model.made_from, "ids": "ids.txt"}
    text = json.dumps({"__metadata__": metadata, "vectors": tensor}).encode()
    return struct.pack("<Q", HEADER) + text.ljust(HEADER)


def _model(graph: Graph, model_id: str | None) -> ModelRecord:
    model = find_model(graph, model_id) if model_id else active_model(graph)
    if model is None:
        raise NotFoundError("no model is active", where=graph.uri, next_step="run `generel-graph sync` first")
    if not model.complete:
        raise GraphError("the model is incomplete", where=model.id, found=model.state, valid=["complete"])
    return model


def _check(graph: Graph, model: ModelRecord, path: Path, n: int) -> None:
    """Raise GraphError if another model has the slot now, or a vector has another dimension than the model."""
    size = 8 + HEADER + 4 * n * model.dimension
    now = find_model(graph, model.id)
    if (now.slot, now.created_at, now.complete) != (model.slot, model.created_at, True) or path.stat().st_size != size:
        raise GraphError(
            "the model's vectors changed while they were read",
            where=model.id,
            next_step="run the command again when the sync has finished",
        )
