"""A model whose vectors were made elsewhere: put onto the nodes like our own, and asked by plain cosine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import ModelError, NotFoundError
from generel_graph.ask import SnpVector, TrainingExposure
from generel_graph.ask.space import UNKNOWN
from generel_graph.embed import list_models
from generel_graph.graph import Graph

if TYPE_CHECKING:
    from generel_graph.encode import Encoder


class ImportedSpace:
    """The space of vectors that were made elsewhere: ids, rsIDs and names are asked, a wording cannot be."""

    def __init__(self, model_id: str, dimension: int) -> None:
        self.model_id = model_id
        self.dimension = dimension

    @property
    def learnt(self) -> int:
        """Numbers of the learnt half: all, since there is no other."""
        return self.dimension

    @property
    def encoder(self) -> Encoder:
        """There is none: raises ModelError."""
        raise self._no_encoder("a text")

    def text_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Raise ModelError: nobody knows where a text lies in this space."""
        raise self._no_encoder(texts[0] if texts else "a text")

    def is_truncated(self, text: str) -> bool:
        """No text is read here, hence none cut short."""
        return False

    def snp_vectors(self, snps: Sequence[str]) -> Mapping[str, SnpVector | NotFoundError]:
        """Say of each SNP that is no node that it has no place here."""
        return {
            snp: NotFoundError(
                "the graph has no such SNP, and a model whose vectors were made elsewhere places none",
                where=self.model_id,
                found=snp,
                next_step="load a source that has it, or make a model active that was trained here",
            )
            for snp in snps
        }

    def query_vectors(
        self, vectors: NDArray[np.float32], asked_kind: str, wanted_kind: str | None
    ) -> tuple[NDArray[np.float32], float]:
        """The vectors as they are, and 1: the score is their plain cosine."""
        return vectors, 1.0

    def effects(
        self, pairs: Sequence[tuple[str, str]], traits: Mapping[str, NDArray[np.float32]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """None: nothing is known of effects."""
        return None

    def training_exposure(
        self, left: Collection[str], right: Collection[str], edges: Sequence[tuple[str, str]]
    ) -> TrainingExposure:
        """Return "unknown": the training data of imported vectors are unknown."""
        return TrainingExposure(UNKNOWN, (), (UNKNOWN,) * len(edges))

    def _no_encoder(self, text: str) -> ModelError:
        return ModelError(
            "this model has no encoder: its vectors were made elsewhere, and a wording has none",
            where=self.model_id,
            found=text,
            next_step="ask by an id, rsID, symbol or name of the graph; or make a model active that was trained here: "
            "`generel-graph models activate ID`",
        )


def imported_space(graph: Graph, model_id: str) -> ImportedSpace | None:
    """The space of a model whose vectors were made elsewhere; None for any other."""
    record = next((model for model in list_models(graph) if model.id == model_id and model.made_from), None)
    return None if record is None else ImportedSpace(record.id, record.dimension)
