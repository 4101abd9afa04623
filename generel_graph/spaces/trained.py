"""A trained model as asking needs it: its weights are read when the first text comes, not before."""

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
    from generel_graph.ask import SnpVector, TrainingExposure
    from generel_graph.encode import Encoder
    from generel_graph.learn import EffectTable, Model


KEPT = 1_000  # vectors of texts that were asked


class TrainedSpace:
    """The space of one model's folder; a question by code, rsID or name reads nothing but its config.json.

    Without `graph` it places no SNPs that are no nodes.
    """

    def __init__(self, config: Config, model_id: str, graph: Graph | None = None) -> None:
        self.config = config
        self.model_id = model_id
        self.graph = graph
        self._texts: dict[str, NDArray[np.float32]] = {}

    @property
    def settings(self) -> dict[str, Any]:
        """The model's own settings; raises ModelError if its folder is not here."""
        return dict(self.identity["model"])

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that the model was made by; raises ModelError if its folder is not here."""
        folder = self.config.model_folder(self.model_id)
        try:
            return dict(read_config(folder)["identity"])
        except (OSError, ModelError) as error:
            raise ModelError(
                "the active model's files are not here",
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
        """What the model knows of effects."""
        from generel_graph.learn import read_effects

        return read_effects(self.config.model_folder(self.model_id))

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder that the model was trained with, whatever is configured now."""
        from generel_graph.encode import Encoder

        return Encoder.open(self.settings["encoder"], self.settings["max_tokens"], self.config.encoded_folder)

    @property
    def dimension(self) -> int:
        """Numbers in a stored vector."""
        return self.model.dimension

    @property
    def learnt(self) -> int:
        """How many of them are the learnt half."""
        return int(self.settings["dimension"])

    def text_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Place texts in the space, [k, dimension], as conditions: that is what is asked in words as a rule.

        A text is encoded once; the last KEPT are remembered.
        """
        new = [text for text in dict.fromkeys(texts) if text not in self._texts]
        found = {text: self._texts[text] for text in texts if text in self._texts}
        if new:
            found |= dict(zip(new, self.model.text_vectors(new, self.encoder, "Disease"), strict=True))
            self._texts = dict([*self._texts.items(), *found.items()][-KEPT:])
        return np.stack([found[text] for text in texts])

    def is_truncated(self, text: str) -> bool:
        """Whether a text has more tokens than the encoder reads."""
        return self.encoder.is_truncated(text)

    def snp_vectors(self, snps: Sequence[str]) -> Mapping[str, SnpVector | NotFoundError]:
        """Place SNPs that are no nodes, by what the stage knows of them and the graph of their loci."""
        from generel_graph.spaces.new_snps import new_snp_vectors

        assert self.graph is not None, "a space without a graph places no SNPs"
        return new_snp_vectors(self.graph, self.config, lambda: (self.model, self.encoder), snps)

    def effects(
        self, pairs: Sequence[tuple[str, str]], traits: Mapping[str, NDArray[np.float32]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Expected |ln odds ratio| and percentile of pairs of SNP and trait; None for a model that knows none."""
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
        self, vectors: NDArray[np.float32], asked_kind: str, wanted_kind: str | None
    ) -> tuple[NDArray[np.float32], float]:
        """The vectors [k, dimension] to search with, and what the cosine is divided by."""
        from generel_graph.stored_vectors import query_vectors

        return query_vectors(vectors, asked_kind, wanted_kind, float(self.settings["learnt_share"]), self.learnt)
