"""Compare two models whose vectors are on the same nodes: neighbours, edges, settings and validation."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from generel_etl.errors import GraphError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.embed.indexes import index_states
from generel_graph.embed.model_record import ModelRecord
from generel_graph.embed.models import find_model
from generel_graph.graph import Graph
from generel_graph.model_folder import CONFIG, read_config

NEIGHBOURS = 10  # nearest neighbours of a node that are compared
EDGES_PER_NODE = 50  # edges of a sampled node that are compared
NODES_PER_STATEMENT = 100


@dataclass(frozen=True, slots=True)
class KindChange:
    """The nodes of one kind under two models."""

    kind: str
    both: int  # nodes with a vector of each model
    only_left: int
    only_right: int
    sampled: int
    overlap: float | None  # mean Jaccard index of the 10 nearest neighbours, 0 … 1; None if no node was sampled

    def as_json(self) -> dict[str, Any]:
        """The values with the keys that scripts read."""
        return {
            "kind": self.kind,
            "both": self.both,
            "only_left": self.only_left,
            "only_right": self.only_right,
            "sampled": self.sampled,
            "kept": self.overlap,
        }


@dataclass(frozen=True, slots=True)
class EdgeTypeChange:
    """The edges of one type at the sampled nodes: mean cosine of their endpoints' stored vectors, −1 … 1."""

    type: str
    edges: int
    left: float
    right: float

    @property
    def change(self) -> float:
        """The mean cosine of the right model minus that of the left one."""
        return self.right - self.left

    def as_json(self) -> dict[str, Any]:
        """The values with the keys that scripts read."""
        return {"type": self.type, "edges": self.edges, "left": self.left, "right": self.right, "change": self.change}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between two models; `left` and `right` are their ids."""

    left: str
    right: str
    kinds: tuple[KindChange, ...]
    edges: tuple[EdgeTypeChange, ...]
    settings: tuple[tuple[str, Any, Any], ...]  # settings that differ: key, left value, right value
    tasks: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...]  # name, and the left and right training report

    def as_json(self) -> dict[str, Any]:
        """The comparison with the keys that scripts read."""
        return {
            "left": self.left,
            "right": self.right,
            "kinds": [kind.as_json() for kind in self.kinds],
            "edges": [edge.as_json() for edge in self.edges],
            "settings": [{"key": key, "left": left, "right": right} for key, left, right in self.settings],
            "tasks": [{"name": name, "left": dict(left), "right": dict(right)} for name, left, right in self.tasks],
        }


def compare_models(
    graph: Graph,
    config: Config,
    left: str,
    right: str,
    sample: int = 20,
    seed: int = 0,
    progress: Progress = silent,
) -> Comparison:
    """Compare two models on `sample` nodes of each kind, drawn with `seed`; nothing is written.

    Neighbours come from the models' vector indexes. Raises NotFoundError for a model that is not in the graph,
    GraphError for a model whose vectors or indexes are incomplete.
    """
    models = [_find_complete(graph, name) for name in (left, right)]
    left_index, right_index = (str(model.index) for model in models)
    rows = graph.rows("embed/list_ids_with_both_vectors", left=left_index, right=right_index)
    samples = {row["kind"]: _draw(row["both"], sample, seed) for row in rows}
    ids = [id_ for sampled in samples.values() for id_ in sampled]
    near_left, near_right = (_neighbours(graph, str(model.index), ids, progress) for model in models)
    edges = graph.rows("embed/get_edge_cosines", ids=ids, left=left_index, right=right_index, limit=EDGES_PER_NODE)
    kinds = []
    for row in rows:
        sampled = samples[row["kind"]]
        overlap = fmean(_jaccard(near_left[id_], near_right[id_]) for id_ in sampled) if sampled else None
        kinds.append(
            KindChange(row["kind"], len(row["both"]), row["only_left"], row["only_right"], len(sampled), overlap)
        )
    configs = [_model_config(config, model) for model in models]
    return Comparison(
        left,
        right,
        tuple(kinds),
        tuple(EdgeTypeChange(**row) for row in edges),
        _different_settings(*configs),
        _task_reports(*configs),
    )


def _find_complete(graph: Graph, model_id: str) -> ModelRecord:
    model = find_model(graph, model_id)
    states = index_states(graph, model)
    if not model.complete or states.get(str(model.index)) != "ONLINE":
        raise GraphError(
            "this model is not complete",
            where=model_id,
            found=f"{model.state}, index {states.get(str(model.index), 'missing')}",
            next_step="wait until `generel-graph models` shows complete and ONLINE, or embed the model again",
        )
    return model


def _draw(ids: list[str], sample: int, seed: int) -> list[str]:
    return sorted(random.Random(seed).sample(ids, min(sample, len(ids))))


def _neighbours(graph: Graph, index: str, ids: list[str], progress: Progress) -> dict[str, set[str]]:
    """The nearest neighbours of each node, without the node itself."""
    neighbours: dict[str, set[str]] = {}
    for start in range(0, len(ids), NODES_PER_STATEMENT):
        block = ids[start : start + NODES_PER_STATEMENT]
        for row in graph.rows("embed/search_neighbours", ids=block, index=index, k=NEIGHBOURS + 1):
            neighbours[row["id"]] = set([id_ for id_ in row["near"] if id_ != row["id"]][:NEIGHBOURS])
        progress(f"neighbours in {index}", start + len(block), len(ids))
    return neighbours


def _jaccard(left: set[str], right: set[str]) -> float:
    return len(left & right) / len(left | right) if left or right else 1.0


def _model_config(config: Config, model: ModelRecord) -> dict[str, Any]:
    """The configuration in the model's folder; without a folder (imported vectors), what the graph records."""
    folder = config.model_folder(model.id)
    if (folder / CONFIG).is_file():
        return read_config(folder)
    return {"identity": {"dimension": model.dimension, "made_from": model.made_from or "a folder that is missing"}}


def _different_settings(left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    sides = [dict(_flatten(side["identity"])) for side in (left, right)]
    keys = sorted(sides[0].keys() | sides[1].keys())
    return tuple((key, sides[0].get(key), sides[1].get(key)) for key in keys if sides[0].get(key) != sides[1].get(key))


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings as pairs of a dotted key and a value."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _task_reports(
    left: Mapping[str, Any], right: Mapping[str, Any]
) -> tuple[tuple[str, dict[str, Any], dict[str, Any]], ...]:
    sides = [{task["name"]: task for task in side.get("report", {}).get("tasks", ())} for side in (left, right)]
    names = sorted(sides[0].keys() | sides[1].keys())
    return tuple((name, sides[0].get(name, {}), sides[1].get(name, {})) for name in names)
