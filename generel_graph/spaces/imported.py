"""Imported models: vectors from another program, stored on the nodes and compared by plain cosine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import ModelError, NotFoundError
from generel_graph.ask.space import UNKNOWN, SnpVector, TrainingExposure
from generel_graph.embed import list_models
from generel_graph.graph import Graph

if TYPE_CHECKING:
    from generel_graph.encode import Encoder


class ImportedSpace:
    """The space of imported vectors; it can be queried by id, rsID or name, but not by free text."""

    def __init__(self, model_id: str, dimension: int) -> None:
        self.model_id = model_id
        self.dimension = dimension

    @property
    def learnt(self) -> int:
        """The dimension of the learnt half: all numbers, as there is no second half."""
        return self.dimension

    @property
    def encoder(self) -> Encoder:
        """Raise ModelError: an imported model has no encoder."""
        raise self._no_encoder("a text")

    def text_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Raise ModelError: a text has no vector in this space."""
        raise self._no_encoder(texts[0] if texts else "a text")

    def is_truncated(self, text: str) -> bool:
        """False: this space reads no texts."""
        return False

    def snp_vectors(self, snps: Sequence[str]) -> Mapping[str, SnpVector | NotFoundError]:
        """Return an error for each SNP: only trained models compute vectors of SNPs that are not in the graph."""
        return {
            snp: NotFoundError(
                "the graph has no such SNP, and an imported model cannot compute its vector",
                where=self.model_id,
                found=snp,
                next_step="load a source that has it, or activate a trained model",
            )
            for snp in snps
        }

    def query_vectors(
        self, vectors: NDArray[np.float32], query_kind: str, hit_kind: str | None
    ) -> tuple[NDArray[np.float32], float]:
        """The unchanged vectors and 1: the score is the plain cosine."""
        return vectors, 1.0

    def effects(
        self, pairs: Sequence[tuple[str, str]], traits: Mapping[str, NDArray[np.float32]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """None: an imported model has no effects."""
        return None

    def training_exposure(
        self, left: Collection[str], right: Collection[str], edges: Sequence[tuple[str, str]]
    ) -> TrainingExposure:
        """Return "unknown": the training data of imported vectors are unknown."""
        return TrainingExposure(UNKNOWN, (), (UNKNOWN,) * len(edges))

    def _no_encoder(self, text: str) -> ModelError:
        return ModelError(
            "an imported model has no encoder, so a free text has no vector",
            where=self.model_id,
            found=text,
            next_step="use an id, rsID, symbol or name of the graph, or activate a trained model: "
            "`generel-graph models activate ID`",
        )


def imported_space(graph: Graph, model_id: str) -> ImportedSpace | None:
    """The space of an imported model; None for any other model."""
    record = next((model for model in list_models(graph) if model.id == model_id and model.made_from), None)
    return None if record is None else ImportedSpace(record.id, record.dimension)
