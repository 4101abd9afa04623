"""The second part of the chain: what the graph holds → a trained model → vectors in a slot → active."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generel_graph.ahead import ahead
from generel_graph.config import Config
from generel_graph.corpus import Corpus
from generel_graph.embed import ModelRecord, Part, activate, models, update, write_parts
from generel_graph.errors import GraphError, ModelError
from generel_graph.graph import Graph
from generel_graph.load import graph_digest
from generel_graph.progress import Progress, silent
from generel_graph.recipe import recipe, recipe_digest
from generel_graph.sample import chosen, corpus_name, keep, read_corpus, read_kept, read_provenance, sampling

if TYPE_CHECKING:
    from generel_graph.encode import Encoder
    from generel_graph.learn import Model, World

WRITTEN = "written.npz"  # ids and vectors (float16) as they stand on the nodes
MOVED = 2e-3  # a number of a vector that differs by more is written again; float16 keeps 5e-4


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task of a trained model; losses are nats a pair, `chance` is that of a guess, `share` of the batches."""

    name: str
    pairs: int
    share: float
    loss: float | None
    chance: float | None
    held_out: int  # pairs that validation looked at
    auc: float | None  # of held-out pairs against degree-matched others
    auc_start: float | None  # before training: text propagation


def recipe_of(config: Config) -> str:
    """Name everything but the data that a model of this configuration depends on (32 hexadecimal digits)."""
    tasks = chosen(config.tasks)
    return recipe_digest(recipe(config.model, config.train, tasks, sampling(tasks)))


def open_encoder(config: Config) -> Encoder:
    """The configured text encoder, with its cache of vectors under the state folder."""
    from generel_graph.encode import Encoder

    return Encoder.open(config.model.encoder, config.model.max_tokens, config.encoded_folder)


def sample(graph: Graph, config: Config, digest: str, progress: Progress = silent) -> Corpus:
    """Read what is trained on, with the configured tasks and cut-off date; of one graph it is read once.

    Its provenance is what the graph says now: a licence may be put right without new data.
    `digest` is the graph's. Raises GraphError if the graph is another one when all is read.
    """
    tasks, before = chosen(config.tasks), config.train.published_before
    kept = read_kept(config.sampled_folder, corpus_name(digest, tasks, before))
    if kept is not None:
        return replace(kept, provenance=read_provenance(graph, before))
    corpus = read_corpus(graph, digest, tasks, before, progress)
    if (now := graph_digest(graph) or "") != digest:
        raise GraphError(
            "the graph changed while it was read",
            where=graph.uri,
            found=now,
            valid=[digest],
            next_step="run the command again when the other sync is done",
        )
    keep(config.sampled_folder, corpus, digest)
    return replace(corpus, provenance=read_provenance(graph, before))


def train_model(
    config: Config,
    corpus: Corpus,
    progress: Progress = silent,
    world: World | None = None,
    continues: str = "",
) -> str:
    """Train on `corpus`, or find it trained already; the model's id. A killed training is resumed.

    All processes of `world` (None: this one alone) train it together. It goes on from the model `continues`, where that
    is named. Its logs are drawn where matplotlib is installed, and written for TensorBoard where the configuration says
    so.
    """
    from generel_graph import learn

    if config.train.tensorboard:
        learn.check_tensorboard()
    encoder = open_encoder(config)
    weights = chosen(config.tasks)
    id_ = learn.model_id(corpus, encoder, config.model, config.train, weights, continues)
    folder = config.model_folder(id_)
    world = world or learn.ALONE
    start = learn.load_model(config.model_folder(continues)) if continues else None
    learn.train(corpus, encoder, config.model, config.train, weights, folder, progress, world, start)
    if not world.first:
        return id_
    if learn.can_plot() and not (folder / learn.PICTURES[0]).is_file():
        learn.plot_losses(folder)
    if config.train.tensorboard:
        learn.write_events(folder)
    return id_


def plot_model(config: Config, model_id: str | None = None, tensorboard: bool = False) -> tuple[Path, ...]:
    """Draw how a model's training went (None: the newest, or the one that is running) into its folder; the files.

    `tensorboard`: event files too. Raises ModelError where there is no such model, or what draws is not installed.
    """
    from generel_graph.learn import plot_losses, write_events
    from generel_graph.learn.loop.checkpoint import LOG

    logs = sorted(config.model_folder("any").parent.glob(f"*/{LOG}"), key=lambda log: log.stat().st_mtime)
    trained = {log.parent.name: log.parent for log in logs}
    if not trained or (model_id is not None and model_id not in trained):
        raise ModelError(
            "there is no such model here" if trained else "there is no model here",
            where=config.model_folder("any").parent,
            found=model_id,
            valid=trained,
            next_step="run `generel-graph train`",
        )
    folder = trained[model_id or logs[-1].parent.name]
    return (*plot_losses(folder), *([write_events(folder)] if tensorboard else []))


def task_lines(config: Config, model_id: str) -> tuple[TaskLine, ...]:
    """The tasks of a trained model as its folder tells them; empty where the folder is not here."""
    if not (config.model_folder(model_id) / "config.json").is_file():
        return ()
    return tuple(TaskLine(**t) for t in _said(config, model_id)["report"]["tasks"])


def embed_model(
    graph: Graph, config: Config, model_id: str, corpus: Corpus, digest: str, progress: Progress = silent
) -> int:
    """Write a trained model's vectors into a slot of their own, index them and make them active.

    Returns the number of vectors written: after a kill only those that were missing, and of a model that stands
    whole on the nodes already only those that the graph has moved since. The caller holds the lease.
    Raises ModelError if the model is not in the state folder.
    """
    there = next((m for m in models(graph) if m.id == model_id and m.complete), None)
    if there is not None:
        written = renew_vectors(graph, config, there, corpus, digest, progress)
    else:
        model = _model(config, model_id)
        vectors = np.empty((len(corpus.nodes), model.dimension), dtype=np.float32)
        identity = _said(config, model_id)["identity"]
        record = ModelRecord(
            id=model_id,
            dimension=model.dimension,
            encoder=identity["model"]["encoder"],
            trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
            graph_digest=digest,
            edges=int(graph.row("load/count_graph")["edges"]),
            recipe=recipe_digest(identity),
            published_before=identity["train"]["published_before"] or "",
        )
        parts = ahead(model.parts(corpus, open_encoder(config), progress))
        written = write_parts(graph, record, corpus.nodes.ids, _noted(parts, vectors), progress).written
        _note_written(config, model_id, corpus, vectors)
    progress("activate", 0, 1)
    activate(graph, model_id)
    progress("activate", 1, 1)
    graph.write("embed/set_embedded", id=model_id, digest=digest)
    return written


def renew_vectors(
    graph: Graph,
    config: Config,
    current: ModelRecord,
    corpus: Corpus,
    digest: str,
    progress: Progress = silent,
) -> int:
    """Write the active model's vectors of nodes that are new or whose surroundings changed; their number."""
    if current.slot is None:
        raise ModelError("the active model has no slot", where=current.id)
    vectors = _vectors(config, current.id, corpus, progress)
    places = _changed(config.model_folder(current.id) / WRITTEN, corpus, vectors)
    if len(places):
        update(graph, current.slot, [corpus.nodes.ids[i] for i in places], vectors[places], progress)
        _note_written(config, current.id, corpus, vectors)
    graph.write("embed/set_embedded", id=current.id, digest=digest)
    return len(places)


def _said(config: Config, model_id: str) -> dict[str, Any]:
    """What a model's own folder says of it."""
    text = (config.model_folder(model_id) / "config.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


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
    part = path.with_name("written.part.npz")
    np.savez(part, ids=np.array(corpus.nodes.ids), vectors=vectors.astype(np.float16))
    part.replace(path)


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
