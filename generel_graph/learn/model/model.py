"""A trained model: the vectors of nodes, of texts and of SNPs that are not in the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from generel_etl.errors import ModelError
from generel_etl.progress import Progress, silent
from generel_graph.config import ModelConfig
from generel_graph.corpus.schema import Corpus
from generel_graph.encode import Encoder
from generel_graph.learn.features.blocks import BLOCKS, GROUPS, TOWERS, group_of, tower_of
from generel_graph.learn.features.features import Features, has_neighbours, node_features, text_rows
from generel_graph.learn.features.new_snps import SnpNeighbourhood
from generel_graph.learn.model.text_adapter import Adapter
from generel_graph.learn.model.towers import TowerShape, make_towers, replace_text, text_propagation
from generel_graph.model_folder import ADAPTER, CONFIG, ENCODER, NODES, WEIGHTS, read_config
from generel_graph.stored_vectors import query_vectors, to_stored

CHUNK = 2048  # nodes whose inputs are in memory at the same time


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model; `config` is the content of its config.json."""

    id: str
    folder: Path
    share: float  # of z in a stored vector
    dimension: int  # of a stored vector
    learnt_dimension: int  # of z, the first part of a stored vector
    encoder_digest: str
    corpus_digest: str
    folds: int
    same_locus: bool
    config: Mapping[str, Any] = field(repr=False)
    towers: nn.ModuleDict = field(repr=False)
    adapter: Adapter | None = field(default=None, repr=False)
    _opened: dict[str, Encoder] = field(default_factory=dict, repr=False)

    def vectors(
        self,
        corpus: Corpus,
        encoder: Encoder,
        progress: Progress = silent,
        only: NDArray[np.integer] | None = None,
    ) -> NDArray[np.float32]:
        """The stored vectors of the nodes `only` (default: all nodes of the corpus), [n, dimension].

        The inputs are computed from all edges of the corpus, in float32. Raises ModelError for another encoder.
        """
        wanted = np.arange(len(corpus.nodes)) if only is None else np.asarray(only, dtype=np.int64)
        out = np.empty((len(wanted), self.dimension), dtype=np.float32)
        done = 0
        for rows, vectors in self.iter_vectors(corpus, encoder, progress, wanted):
            out[rows] = vectors
            done += len(rows)
            progress("vectors", done, len(wanted))
        return out

    def iter_vectors(
        self, corpus: Corpus, encoder: Encoder, progress: Progress = silent, only: NDArray[np.integer] | None = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """The same vectors in chunks: row numbers of the result, [k], and vectors, [k, dimension]."""
        self._check(encoder)
        wanted = np.arange(len(corpus.nodes)) if only is None else np.asarray(only, dtype=np.int64)
        features = node_features(corpus, encoder, self.folds, progress, same_locus=self.same_locus)
        identities = self.own_rows(corpus)
        text_vectors = features.texts
        if (own_encoder := self.own_encoder(encoder)) is not encoder:
            text_vectors = torch.from_numpy(own_encoder.encode(corpus.nodes.texts, progress))
        for rows, shape, x in _chunks(features, wanted, self._shapes()):
            texts = text_vectors[torch.from_numpy(wanted[rows])]
            with_own_texts = replace_text(x, shape, texts)
            z = self._run_tower(shape, with_own_texts, identities[wanted[rows]] if shape.identities else None)
            if shape.tower == "concept" and self.adapter is not None:
                text_only = ~has_neighbours(x, shape.blocks)  # gets the same vector as the free text
                z[text_only.numpy()] = self._run_adapter(texts[text_only])
            yield rows, to_stored(z, text_propagation(x, shape).numpy(), self.share)

    def text_vectors(self, texts: Sequence[str], encoder: Encoder, kind: str = "Disease") -> NDArray[np.float32]:
        """The vectors of free texts in the layout of stored vectors, [k, dimension].

        z comes from the adapter, if the model has one, whatever the kind; otherwise from the concept tower. Raises
        ModelError for the kind SNP and for another encoder.
        """
        self._check(encoder)
        group = group_of(kind)
        if group == "snp":
            raise ModelError("an SNP has no text", where="text_vectors", found=kind, valid=GROUPS[1:])
        shape = self._shapes()["concept"]
        own_encoder = self.own_encoder(encoder)
        own_vectors = torch.from_numpy(own_encoder.encode(texts))
        frozen_vectors = own_vectors.numpy() if own_encoder is encoder else encoder.encode(texts)
        x = text_rows(frozen_vectors, np.full(len(texts), GROUPS.index(group)), shape.blocks)
        if self.adapter is None:
            z = self._run_tower(shape, replace_text(x, shape, own_vectors), None)
        else:
            z = self._run_adapter(own_vectors)
        return to_stored(z, text_propagation(x, shape).numpy(), self.share)

    def snp_vectors(
        self, local: SnpNeighbourhood, texts: Sequence[str], encoder: Encoder
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The vectors of k SNPs that are not in the graph, and whether each has any neighbour, [k].

        `local`: their neighbourhood, from which the vectors [k, dimension] are computed, in the layout of stored
        vectors. `texts`: those of the local nodes.
        """
        self._check(encoder)
        shape = self._shapes()["snp"]
        features = Features(local.corpus, local.adjacency, encoder.encode(texts))
        x = features.rows(np.arange(len(local.locus_snps)), None, shape.blocks)
        z = self._run_tower(shape, x, np.full(len(x), -1) if shape.identities else None)
        return to_stored(z, text_propagation(x, shape).numpy(), self.share), has_neighbours(x, shape.blocks).numpy()

    @property
    def is_finetuned(self) -> bool:
        """Whether training has changed the language model."""
        return (self.folder / ENCODER).is_dir()

    def own_encoder(self, encoder: Encoder) -> Encoder:
        """The encoder of nodes' own texts and of free texts: the fine-tuned one, if training has changed it."""
        if not self.is_finetuned:
            return encoder
        if "encoder" not in self._opened:
            self._opened["encoder"] = encoder.open_finetuned(self.folder / ENCODER)
        return self._opened["encoder"]

    def query_vectors(
        self, vector: NDArray[np.float32], query_kind: str, hit_kind: str | None
    ) -> tuple[NDArray[np.float32], float]:
        """Query vectors and constant for stored vectors of this model; see `stored_vectors.query_vectors`."""
        return query_vectors(vector, query_kind, hit_kind, self.share, self.learnt_dimension)

    @torch.inference_mode()
    def _run_tower(self, shape: TowerShape, x: Tensor, identities: NDArray[np.int64] | None) -> NDArray[np.float32]:
        rows = None if identities is None else torch.from_numpy(identities)
        return np.asarray(self.towers[shape.tower](x, rows).numpy(), dtype=np.float32)

    @torch.inference_mode()
    def _run_adapter(self, texts: Tensor) -> NDArray[np.float32]:
        assert self.adapter is not None
        return np.asarray(self.adapter(texts.float()).numpy(), dtype=np.float32)

    def _shapes(self) -> dict[str, TowerShape]:
        return {name: tower.shape for name, tower in self.towers.items()}  # type: ignore[misc]

    def _check(self, encoder: Encoder) -> None:
        if encoder.digest != self.encoder_digest:
            raise ModelError(
                "the model was trained with another encoder",
                where=self.folder,
                found=f"{encoder.name} ({encoder.digest})",
                valid=[f"{self.config['identity']['model']['encoder']} ({self.encoder_digest})"],
                next_step="set [model] encoder and max_tokens to those of the model, or run `generel-graph train`",
            )

    def own_rows(self, corpus: Corpus) -> NDArray[np.int64]:
        """The trainable row of each node of the corpus, [n]; −1 for a node that was not in the training corpus.

        Empty for a model without trainable rows.
        """
        path = self.folder / NODES
        if not any(shape.identities for shape in self._shapes().values()):
            return np.empty(0, dtype=np.int64)
        try:
            trained = pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ModelError("the model's nodes cannot be read", where=path, found=str(error)) from error
        snp = pl.col("kind") == "SNP"
        row = {id_: number for part in (snp, ~snp) for number, id_ in enumerate(trained.filter(part)["id"].to_list())}
        return np.array([row.get(id_, -1) for id_ in corpus.nodes.ids], dtype=np.int64)


def load_model(folder: Path) -> Model:
    """Load a finished model; raises ModelError if it is missing or unfinished, or if its files do not match."""
    config = read_config(folder)
    if "towers" not in config:
        raise ModelError("not a generel-graph model", where=folder / CONFIG, next_step="run `generel-graph train`")
    shapes = [
        TowerShape(**{**shape, "blocks": tuple(b for b in BLOCKS if b.name in shape["blocks"])})
        for shape in config["towers"]
    ]
    for shape, values in zip(shapes, config["towers"], strict=True):
        if [block.name for block in shape.blocks] != values["blocks"]:
            raise ModelError(
                "the model has blocks that this version does not support",
                where=folder,
                found=values["blocks"],
                valid=[block.name for block in BLOCKS],
                next_step="run `generel-graph train`",
            )
    identity = config["identity"]
    settings = _settings(identity["model"], folder)
    towers = make_towers(shapes, settings.dropout, 0).eval()
    try:
        towers.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(
            "the weights of the model do not match its config.json",
            where=folder / WEIGHTS,
            found=str(error).splitlines()[0],
            next_step="delete the folder and run `generel-graph train`",
        ) from error
    adapter = None
    if (folder / ADAPTER).is_file():
        adapter = Adapter(shapes[0].text_dimension, shapes[0].dimension).eval()
        adapter.load_state_dict(load_file(folder / ADAPTER))
    return Model(
        id=config["id"],
        folder=folder,
        share=settings.learnt_share,
        dimension=shapes[0].dimension + shapes[0].text_dimension,
        learnt_dimension=shapes[0].dimension,
        encoder_digest=identity["encoder"],
        corpus_digest=identity["corpus"],
        folds=identity["train"]["folds"],
        same_locus=settings.same_locus,
        config=config,
        towers=towers,
        adapter=adapter,
    )


def _settings(stored: Mapping[str, Any], folder: Path) -> ModelConfig:
    """The settings of a model; settings that its version did not have get their defaults."""
    supported = {f.name for f in fields(ModelConfig)}
    if unknown := sorted(stored.keys() - supported):
        raise ModelError(
            "the model has settings that this version does not support",
            where=folder,
            found=unknown,
            valid=sorted(supported),
            next_step="use the version that trained the model, or run `generel-graph train`",
        )
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    return ModelConfig(**values)


def _chunks(
    features: Features, wanted: NDArray[np.int64], shapes: Mapping[str, TowerShape]
) -> Iterator[tuple[NDArray[np.int64], TowerShape, Tensor]]:
    """Rows of `wanted`, tower shape and inputs, one tower and one chunk at a time."""
    tower = np.array([TOWERS.index(tower_of(group)) for group in GROUPS])
    of_node = tower[features.adjacency.groups[features.clusters[wanted]]]
    for number, name in enumerate(TOWERS):
        rows = np.flatnonzero(of_node == number)
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            yield chunk, shapes[name], features.rows(wanted[chunk], None, shapes[name].blocks)
