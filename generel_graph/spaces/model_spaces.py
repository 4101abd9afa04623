"""The spaces of a graph's models, each opened once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from generel_graph.ask.pinned_model import pinned, stored_vectors
from generel_graph.config import Config
from generel_graph.graph import Graph
from generel_graph.spaces.imported import ImportedSpace, imported_space
from generel_graph.spaces.trained import TrainedSpace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ModelSpaces:
    """Callable that returns the space of a model by its id."""

    def __init__(self, config: Config, graph: Graph) -> None:
        self.config = config
        self.graph = graph
        self._spaces: dict[str, TrainedSpace | ImportedSpace] = {}

    def __call__(self, model_id: str) -> TrainedSpace | ImportedSpace:
        """The space of a model: a trained one if its folder is on this machine, otherwise an imported one."""
        if model_id not in self._spaces:
            imported = None if self.config.model_folder(model_id).is_dir() else imported_space(self.graph, model_id)
            self._spaces[model_id] = imported or TrainedSpace(self.config, model_id, self.graph)
        return self._spaces[model_id]

    def vectors(self, ids: Sequence[str]) -> tuple[dict[str, NDArray[np.float32]], int]:
        """The active model's stored vectors by node id, and the dimension of their learnt half."""
        model_id, vectors = pinned(self.graph, lambda model: (model.id, stored_vectors(self.graph, model, ids)))
        return {id_: vector for id_, (_, vector) in vectors.items()}, self(model_id).learnt
