"""A trained model as a space for queries; its weights are read only when they are needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import ModelError, NotFoundError
from generel_graph.config import Config
from generel_graph.graph import Graph
from generel_graph.model_folder import CONFIG, read_config

if TYPE_CHECKING:
    from generel_graph.ask.space import SnpVector, TrainingExposure
    from generel_graph.encode import Encoder
    from generel_graph.learn import EffectTable, Model


CACHED_TEXTS = 1_000  # vectors of texts that stay in memory


class TrainedSpace:
    """The space of one model folder; a query by code, rsID or name reads only its config.json.

    `graph` is needed for vectors of SNPs that are not in the graph.
    """

    def __init__(self, config: Config, model_id: str, graph: Graph | None = None) -> None:
        self.config = config
        self.model_id = model_id
        self.graph = graph
        self._texts: dict[str, NDArray[np.float32]] = {}

    @property
    def settings(self) -> dict[str, Any]:
        """The model's own settings; raises ModelError if its folder is missing."""
        return dict(self.identity["model"])

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All settings that determine the model; raises ModelError if its folder is missing."""
        folder = self.config.model_folder(self.model_id)
        try:
            return dict(read_config(folder)["identity"])
        except (OSError, ModelError) as error:
            raise ModelError(
                "the files of the active model are missing",
                where=folder / CONFIG,
                found=self.model_id,
                next_step="set state_dir to the folder it was trained in, or run `generel-graph sync`",
            ) from error

    @cached_property
    def model(self) -> Model:
        """The model with its weights."""
        from generel_graph.learn import load_model

        return load_model(self.config.model_folder(self.model_id))

    @cached_property
    def effect_table(self) -> EffectTable | None:
        """The effects of the model; None if it has none."""
        from generel_graph.learn import read_effects

        return read_effects(self.config.model_folder(self.model_id))

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder that the model was trained with, regardless of the current configuration."""
        from generel_graph.encode import Encoder

        return Encoder.open(self.settings["encoder"], self.settings["max_tokens"], self.config.encoded_folder)

    @property
    def dimension(self) -> int:
        """Numbers in a stored vector."""
        return self.model.dimension

    @property
    def learnt(self) -> int:
        """The dimension of the learnt half."""
        return int(self.settings["dimension"])

    def text_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts, [k, dimension], encoded as conditions, which is what free texts usually describe.

        The vectors of the last CACHED_TEXTS texts are cached.
        """
        new = [text for text in dict.fromkeys(texts) if text not in self._texts]
        vectors = {text: self._texts[text] for text in texts if text in self._texts}
        if new:
            vectors |= dict(zip(new, self.model.text_vectors(new, self.encoder, "Disease"), strict=True))
            self._texts = dict([*self._texts.items(), *vectors.items()][-CACHED_TEXTS:])
        return np.stack([vectors[text] for text in texts])

    def is_truncated(self, text: str) -> bool:
        """Whether a text has more tokens than the encoder reads."""
        return self.encoder.is_truncated(text)

    def snp_vectors(self, snps: Sequence[str]) -> Mapping[str, SnpVector | NotFoundError]:
        """Vectors of SNPs that are not in the graph, from the stage and from the graph around their positions."""
        from generel_graph.spaces.new_snps import new_snp_vectors

        assert self.graph is not None, "vectors of new SNPs need the graph"
        return new_snp_vectors(self.graph, self.config, lambda: (self.model, self.encoder), snps)

    def effects(
        self, pairs: Sequence[tuple[str, str]], traits: Mapping[str, NDArray[np.float32]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Expected |ln odds ratio| and percentile of pairs of SNP and trait; None if the model has no effects."""
        from generel_graph.stored_vectors import split_vectors

        if not pairs or self.effect_table is None:
            return None
        _, untrained = split_vectors(np.stack(list(traits.values())), self.learnt)
        return self.effect_table.expected(pairs, dict(zip(traits, untrained, strict=True)))

    def training_exposure(
        self, left: Collection[str], right: Collection[str], edges: Sequence[tuple[str, str]]
    ) -> TrainingExposure:
        """Whether the model was trained on a pair of clusters, and on the pair of nodes of each edge."""
        from generel_graph.spaces.training_pairs import training_exposure

        return training_exposure(self.config.model_folder(self.model_id), left, right, edges)

    def query_vectors(
        self, vectors: NDArray[np.float32], query_kind: str, hit_kind: str | None
    ) -> tuple[NDArray[np.float32], float]:
        """The query vectors [k, dimension], and the divisor of their cosines."""
        from generel_graph.stored_vectors import query_vectors

        return query_vectors(vectors, query_kind, hit_kind, float(self.settings["learnt_share"]), self.learnt)
