"""Models side by side: which stand on the nodes, which one answers, how two differ, and how one goes."""

from __future__ import annotations

from typing import Any

from generel_graph.config import Config
from generel_graph.connection import open_graph
from generel_graph.embed import ModelRecord, activate, delete_model, find_model, index_states
from generel_graph.embed import models as list_records
from generel_graph.graph import Graph
from generel_graph.load import lease
from generel_graph.progress import Progress, silent

SAID = ("id", "slot", "active", "state", "vectors", "dimension", "encoder", "trained_at", "made_from")


def list_models(config: Config, progress: Progress = silent) -> tuple[list[str], list[list[Any]]]:
    """The models in the graph as columns and rows, the active one first, with how far their indexes are."""
    with open_graph(config, progress) as graph:
        return [*SAID, "index"], [[*(getattr(m, c) for c in SAID), _index(graph, m)] for m in list_records(graph)]


def activate_model(config: Config, model_id: str, progress: Progress = silent) -> ModelRecord:
    """Make a model that stands whole on the nodes the one that answers; raises GraphError, NotFoundError."""
    with open_graph(config, progress) as graph, lease(graph, progress=progress):
        return activate(graph, model_id)


def remove_model(config: Config, model_id: str, progress: Progress = silent) -> tuple[ModelRecord, int]:
    """Free a model's slot: its indexes, its vectors and its record; what it was, and the nodes that had a vector.

    Its folder stays, so that `embed --model` can bring it back. Killed half way, it can be called again.
    Raises GraphError for the active model, NotFoundError.
    """
    with open_graph(config, progress) as graph, lease(graph, progress=progress):
        model = find_model(graph, model_id)
        return model, delete_model(graph, model_id)


def _index(graph: Graph, model: ModelRecord) -> str:
    """ "ONLINE", or which of the model's indexes is how far."""
    wanting = {name: state for name, state in index_states(graph, model).items() if state != "ONLINE"}
    return ", ".join(f"{name} {state}" for name, state in wanting.items()) or "ONLINE"
