"""Write a trained model's vectors to the nodes, index them and activate the model."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from generel_etl.atomic import atomic_file
from generel_etl.errors import ModelError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.config.fingerprint import recipe_digest
from generel_graph.corpus.schema import Corpus
from generel_graph.embed import ModelRecord, Part, activate, list_models, update, write_parts
from generel_graph.graph import Graph
from generel_graph.model_folder import WRITTEN, read_config
from generel_graph.pipeline.train import open_encoder
from generel_graph.prefetch import prefetch

if TYPE_CHECKING:
    from generel_graph.learn import Model

VECTOR_TOLERANCE = 2e-3  # a vector is written again if one of its numbers differs by more; float16 resolves 5e-4

logger = logging.getLogger(__name__)


def embed_model(
    graph: Graph, config: Config, model_id: str, corpus: Corpus, digest: str, progress: Progress = silent
) -> int:
    """Write a trained model's vectors into a slot, index them, activate the model; return the vectors written.

    After an interruption, only the missing vectors are written; for a model that is complete in the graph, only the
    vectors that have changed since. The caller holds the lease. Raises ModelError if the model is not in the state
    folder.
    """
    complete = next((m for m in list_models(graph) if m.id == model_id and m.complete), None)
    if complete is not None:
        written = renew_vectors(graph, config, complete, corpus, digest, progress)
    else:
        model = _load_model(config, model_id)
        vectors = np.empty((len(corpus.nodes), model.dimension), dtype=np.float32)
        identity = read_config(config.model_folder(model_id))["identity"]
        record = ModelRecord(
            id=model_id,
            dimension=model.dimension,
            encoder=identity["model"]["encoder"],
            trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
            graph_digest=digest,
            edges=int(graph.row("graph/count_graph")["edges"]),
            recipe=recipe_digest(identity),
            published_before=identity["train"]["published_before"] or "",
        )
        parts = prefetch(model.iter_vectors(corpus, open_encoder(config), progress))
        written = write_parts(graph, record, corpus.nodes.ids, _collected(parts, vectors), progress).written
        _save_written(config, model_id, corpus, vectors)
    progress("activate", 0, 1)
    activate(graph, model_id)
    progress("activate", 1, 1)
    graph.write("graph/set_embedded_digest", id=model_id, digest=digest)
    return written


def renew_vectors(
    graph: Graph,
    config: Config,
    current: ModelRecord,
    corpus: Corpus,
    digest: str,
    progress: Progress = silent,
) -> int:
    """Write a model's vectors of nodes that are new or whose neighbourhood changed; return their number."""
    if current.slot is None:
        raise ModelError("the active model has no slot", where=current.id)
    vectors = _load_model(config, current.id).vectors(corpus, open_encoder(config), progress)
    changed = _changed(config.model_folder(current.id) / WRITTEN, corpus, vectors)
    if len(changed):
        update(graph, current.slot, [corpus.nodes.ids[i] for i in changed], vectors[changed], progress)
        _save_written(config, current.id, corpus, vectors)
    graph.write("graph/set_embedded_digest", id=current.id, digest=digest)
    return len(changed)


def _collected(parts: Iterator[Part], vectors: NDArray[np.float32]) -> Iterator[Part]:
    """Yield the same parts and copy each into `vectors` [n, dimension]."""
    for indices, part in parts:
        vectors[indices] = part
        yield indices, part


def _load_model(config: Config, model_id: str) -> Model:
    from generel_graph.learn import load_model

    folder = config.model_folder(model_id)
    if not folder.is_dir():
        raise ModelError(
            "this model is not in the state folder",
            where=folder,
            found=model_id,
            valid=[p.name for p in sorted(folder.parent.glob("*"))] if folder.parent.is_dir() else (),
            next_step="run `generel-graph train`",
        )
    return load_model(folder)


def _save_written(config: Config, model_id: str, corpus: Corpus, vectors: NDArray[np.float32]) -> None:
    """Save the vectors [n, dimension] as float16 in the model's folder, to find changed vectors later."""
    path = config.model_folder(model_id) / WRITTEN
    with atomic_file(path) as new, new.open("wb") as file:
        np.savez(file, ids=np.array(corpus.nodes.ids), vectors=vectors.astype(np.float16))


def _changed(path: Path, corpus: Corpus, vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Indices of the nodes whose vector differs from the one written last; all nodes if no file records those."""
    if not path.is_file():
        logger.warning("%s is missing: all vectors are written again", path)
        return np.arange(len(corpus.nodes))
    with np.load(path, allow_pickle=False) as saved:
        ids, old = saved["ids"], saved["vectors"]
    row_of = {id_: i for i, id_ in enumerate(ids.tolist())}
    rows = np.array([row_of.get(id_, -1) for id_ in corpus.nodes.ids])
    changed = np.ones(len(rows), dtype=bool)
    known = np.flatnonzero(rows >= 0)
    difference = np.abs(old[rows[known]].astype(np.float32) - vectors[known]).max(axis=1)
    changed[known] = difference > VECTOR_TOLERANCE
    return np.flatnonzero(changed)
