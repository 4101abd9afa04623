"""What moved between two models that stand on the same nodes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from generel_etl.errors import GraphError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.embed.indexes import index_states
from generel_graph.embed.model_record import ModelRecord
from generel_graph.embed.models import find_model
from generel_graph.graph import Graph
from generel_graph.graph.open import open_graph
from generel_graph.model_folder import CONFIG, read_config

K = 10  # neighbours of a node
EDGES = 50  # of a sampled node
BLOCK = 100  # nodes a statement
Table = tuple[str, list[str], list[list[Any]]]


@dataclass(frozen=True, slots=True)
class KindChange:
    """The nodes of one kind under two models."""

    kind: str
    both: int  # nodes that have a vector of each
    only_left: int
    only_right: int
    sampled: int
    kept: float | None  # mean share of the 10 nearest that stay, |A ∩ B| / |A ∪ B|, 0 … 1; None: none was sampled


@dataclass(frozen=True, slots=True)
class EdgeTypeChange:
    """The edges of one type at the sampled nodes: how near their ends are, cosines of stored vectors, −1 … 1."""

    type: str
    edges: int
    left: float
    right: float

    @property
    def change(self) -> float:
        """The mean of right − left."""
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two models, `left` and `right` being their ids."""

    left: str
    right: str
    kinds: tuple[KindChange, ...]
    edges: tuple[EdgeTypeChange, ...]
    settings: tuple[tuple[str, Any, Any], ...]  # those that differ: key, of the left, of the right
    tasks: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...]  # name, and pairs, loss, AUC of each

    def as_json(self) -> dict[str, Any]:
        """Plain values in the form that scripts read."""
        return {
            "left": self.left,
            "right": self.right,
            "kinds": [asdict(kind) for kind in self.kinds],
            "edges": [asdict(edge) | {"change": edge.change} for edge in self.edges],
            "settings": [{"key": key, "left": left, "right": right} for key, left, right in self.settings],
            "tasks": [{"name": name, "left": dict(left), "right": dict(right)} for name, left, right in self.tasks],
        }

    def tables(self) -> Iterator[Table]:
        """The same as tables for a terminal: title, columns, rows."""
        columns = ["kind", "both", f"only {self.left}", f"only {self.right}", "sampled", f"kept of {K} nearest"]
        yield "Nodes", columns, [[*asdict(kind).values()] for kind in self.kinds]
        edges = [[e.type, e.edges, e.left, e.right, e.change] for e in self.edges]
        yield "Cosine of an edge's ends", ["type", "edges", self.left, self.right, "change"], edges
        if self.settings:
            yield "Settings that differ", ["key", self.left, self.right], [list(row) for row in self.settings]
        tasks = [
            [name, *(side.get(key) for key in ("pairs", "loss", "auc") for side in sides)]
            for name, *sides in self.tasks
        ]
        if tasks:
            columns = ["task", *(f"{key} {id_}" for key in ("pairs", "loss", "auc") for id_ in (self.left, self.right))]
            yield "Training and validation", columns, tasks


def compare_models(
    config: Config, left: str, right: str, sample: int = 20, seed: int = 0, progress: Progress = silent
) -> Comparison:
    """Compare two models of the graph on `sample` nodes of each kind, chosen by `seed`; nothing is changed.

    Neighbours are those that the models' indexes give. Raises NotFoundError for a model that is not on the nodes,
    GraphError for one whose vectors or indexes are not whole.
    """
    with open_graph(config, progress) as graph:
        models = [_whole(graph, name) for name in (left, right)]
        by_left, by_right = (str(model.index) for model in models)
        rows = graph.rows("embed/list_ids_of_both", left=by_left, right=by_right)
        chosen = {row["kind"]: _choose(row["both"], sample, seed) for row in rows}
        ids = [id_ for some in chosen.values() for id_ in some]
        near = [_neighbours(graph, str(model.index), ids, progress) for model in models]
        edges = graph.rows("embed/get_edge_cosines", ids=ids, left=by_left, right=by_right, limit=EDGES)
    kinds = (
        KindChange(
            row["kind"],
            len(row["both"]),
            row["only_left"],
            row["only_right"],
            len(chosen[row["kind"]]),
            fmean(_jaccard(near[0][id_], near[1][id_]) for id_ in chosen[row["kind"]]) if chosen[row["kind"]] else None,
        )
        for row in rows
    )
    said = [_said(config, model) for model in models]
    return Comparison(
        left, right, tuple(kinds), tuple(EdgeTypeChange(**row) for row in edges), _settings(*said), _tasks(*said)
    )


def _whole(graph: Graph, model_id: str) -> ModelRecord:
    model = find_model(graph, model_id)
    states = index_states(graph, model)
    if not model.complete or states.get(str(model.index)) != "ONLINE":
        raise GraphError(
            "this model is not whole",
            where=model_id,
            found=f"{model.state}, index {states.get(str(model.index), 'missing')}",
            next_step="wait until `generel-graph models` shows it complete and ONLINE, or embed it again",
        )
    return model


def _choose(ids: list[str], sample: int, seed: int) -> list[str]:
    return sorted(random.Random(seed).sample(ids, min(sample, len(ids))))


def _neighbours(graph: Graph, index: str, ids: list[str], progress: Progress) -> dict[str, set[str]]:
    """The K nearest of each node, itself left out."""
    found: dict[str, set[str]] = {}
    for begin in range(0, len(ids), BLOCK):
        for row in graph.rows("embed/search_neighbours", ids=ids[begin : begin + BLOCK], index=index, k=K + 1):
            found[row["id"]] = set([id_ for id_ in row["near"] if id_ != row["id"]][:K])
        progress(f"neighbours by {index}", min(begin + BLOCK, len(ids)), len(ids))
    return found


def _jaccard(left: set[str], right: set[str]) -> float:
    return len(left & right) / len(left | right) if left or right else 1.0


def _said(config: Config, model: ModelRecord) -> dict[str, Any]:
    """What the model's folder says of it; of vectors made elsewhere, or where the folder is not here, what the
    graph says."""
    folder = config.model_folder(model.id)
    if (folder / CONFIG).is_file():
        return read_config(folder)
    return {"identity": {"dimension": model.dimension, "made_from": model.made_from or "a folder that is not here"}}


def _settings(left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    sides = [dict(_flat(side["identity"])) for side in (left, right)]
    keys = sorted(sides[0].keys() | sides[1].keys())
    return tuple((key, sides[0].get(key), sides[1].get(key)) for key in keys if sides[0].get(key) != sides[1].get(key))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _tasks(left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[tuple[str, dict[str, Any], dict[str, Any]], ...]:
    sides = [{task["name"]: task for task in side.get("report", {}).get("tasks", ())} for side in (left, right)]
    names = sorted(sides[0].keys() | sides[1].keys())
    return tuple((name, sides[0].get(name, {}), sides[1].get(name, {})) for name in names)
