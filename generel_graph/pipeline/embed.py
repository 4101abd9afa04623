"""Write a trained model's vectors to the nodes, index them and activate the model."""

from __future__ import annotations

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

MOVED = 2e-3  # a number of a vector that differs by more is written again; float16 keeps 5e-4


def embed_model(
    graph: Graph, config: Config, model_id: str, corpus: Corpus, digest: str, progress: Progress = silent
) -> int:
    """Write a trained model's vectors into a slot of their own, index them and make them active.

    Returns the number of vectors written: after a kill only those that were missing, and of a model that stands
    whole on the nodes already only those that the graph has moved since. The caller holds the lease.
    Raises ModelError if the model is not in the state folder.
    """
    there = next((m for m in list_models(graph) if m.id == model_id and m.complete), None)
    if there is not None:
        written = renew_vectors(graph, config, there, corpus, digest, progress)
    else:
        model = _model(config, model_id)
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
        written = write_parts(graph, record, corpus.nodes.ids, _noted(parts, vectors), progress).written
        _note_written(config, model_id, corpus, vectors)
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
    """Write the active model's vectors of nodes that are new or whose neighbourhoods changed; their number."""
    if current.slot is None:
        raise ModelError("the active model has no slot", where=current.id)
    vectors = _vectors(config, current.id, corpus, progress)
    places = _changed(config.model_folder(current.id) / WRITTEN, corpus, vectors)
    if len(places):
        update(graph, current.slot, [corpus.nodes.ids[i] for i in places], vectors[places], progress)
        _note_written(config, current.id, corpus, vectors)
    graph.write("graph/set_embedded_digest", id=current.id, digest=digest)
    return len(places)


def _noted(parts: Iterator[Part], vectors: NDArray[np.float32]) -> Iterator[Part]:
    """The same parts; `vectors` [n, dimension] has them all afterwards."""
    for places, some in parts:
        vectors[places] = some
        yield places, some


def _vectors(config: Config, model_id: str, corpus: Corpus, progress: Progress) -> NDArray[np.float32]:
    return _model(config, model_id).vectors(corpus, open_encoder(config), progress)


def _model(config: Config, model_id: str) -> Model:
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


def _note_written(config: Config, model_id: str, corpus: Corpus, vectors: NDArray[np.float32]) -> None:
    path = config.model_folder(model_id) / WRITTEN
    with atomic_file(path) as new, new.open("wb") as file:
        np.savez(file, ids=np.array(corpus.nodes.ids), vectors=vectors.astype(np.float16))


def _changed(path: Path, corpus: Corpus, vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Places of nodes whose vector is not the one that was written last; all if that is not known."""
    if not path.is_file():
        return np.arange(len(corpus.nodes))
    with np.load(path, allow_pickle=False) as kept:
        ids, old = kept["ids"], kept["vectors"]
    place = {id_: i for i, id_ in enumerate(ids.tolist())}
    known = np.array([place.get(id_, -1) for id_ in corpus.nodes.ids])
    moved = np.ones(len(known), dtype=bool)
    there = np.flatnonzero(known >= 0)
    moved[there] = np.abs(old[known[there]].astype(np.float32) - vectors[there]).max(axis=1) > MOVED
    return np.flatnonzero(moved)
