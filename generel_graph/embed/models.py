"""The slots that models stand in: which are there, which one a new model gets, and how one is given up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from generel_etl.errors import GraphError, NotFoundError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.embed.indexes import drop_indexes, index_names, index_state, index_states
from generel_graph.embed.model_record import ModelRecord
from generel_graph.graph import Graph
from generel_graph.graph.lease import lease
from generel_graph.graph.open import open_graph
from generel_graph.graph.statements import SLOTS


def list_models(graph: Graph) -> list[ModelRecord]:
    """The models that have a slot, the active one first, then the newest."""
    return [ModelRecord.of(row["model"]) for row in graph.rows("graph/list_models")]


def active_model(graph: Graph) -> ModelRecord | None:
    """The model that questions are answered with."""
    return next((model for model in list_models(graph) if model.active), None)


def find_model(graph: Graph, model_id: str) -> ModelRecord:
    """One model by its id; raises NotFoundError with the ids that there are."""
    known = {model.id: model for model in list_models(graph)}
    if model_id not in known:
        raise NotFoundError("no such model in the graph", where=graph.uri, found=model_id, valid=known)
    return known[model_id]


def claim_slot(graph: Graph, model: ModelRecord) -> tuple[ModelRecord, str | None]:
    """Find or take the slot of `model`; also the id of the model that lost it.

    A model that is there already keeps its slot, so that a killed write back goes on where it was.
    A new one takes a free slot, else that of a model which was never completed, else of the oldest inactive.
    """
    graph.command("schema/create_model_key")
    graph.command("schema/create_model_active_key")
    there = list_models(graph)
    for other in there:
        if other.id == model.id:
            if other.dimension != model.dimension:
                raise GraphError(
                    "the model of this id has vectors of another length",
                    where=other.id,
                    found=model.dimension,
                    valid=[other.dimension],
                )
            return other, None
    taken = {other.slot: other for other in there}
    slot = next((n for n in range(SLOTS) if n not in taken), None)
    replaced = None
    if slot is None:
        idle = [other for other in there if not other.active]
        oldest = min(idle, key=lambda m: (m.complete, m.activated_at, m.created_at, m.id))
        slot, replaced = oldest.slot, oldest.id
    claimed = graph.write("embed/claim_slot", id=model.id, number=slot, props=model.properties())
    if not claimed or not claimed["n"]:
        raise GraphError("the slot became active meanwhile", where=f"slot {slot}", next_step="run the command again")
    return find_model(graph, model.id), replaced


def delete_model(graph: Graph, model_id: str) -> int:
    """Remove a model, its indexes and its vectors; the number of nodes that had one.

    Killed half way, it can be called again. Raises GraphError for the active model, NotFoundError.
    """
    model = find_model(graph, model_id)
    if model.active:
        raise GraphError(
            "the active model cannot be removed",
            where=model_id,
            next_step="make another one active first: `generel-graph models activate ID`",
        )
    graph.write("embed/set_model_state", id=model_id, state="clearing", props={})
    removed = clear_slot(graph, model)
    graph.write("embed/delete_model", id=model_id)
    return removed


def clear_slot(graph: Graph, model: ModelRecord) -> int:
    """Drop a slot's indexes, then remove its vectors; the number of nodes that had one."""
    drop_indexes(graph, model)
    removed = 0
    while n := int(graph.command("embed/clear_vectors", model.slot).get("n", 0)):
        removed += n
    return removed


def activate(graph: Graph, model_id: str) -> ModelRecord:
    """Move `active` to a model: a new one after its write back, or an older complete one to go back to.

    In one transaction every node is found to have the model's vector and every index to be online, and
    only then is the mark moved. Raises GraphError that says what is missing, NotFoundError.
    """
    model = find_model(graph, model_id)

    def move(rows: Callable[..., list[dict[str, Any]]]) -> None:
        counts = rows("embed/count_vectors", model.slot)[0]
        wanted = model.vectors if model.made_from else counts["nodes"]  # a file need not know every node
        if counts["vectors"] < wanted or not counts["vectors"]:
            raise GraphError(
                "not every node has this model's vector",
                where=model_id,
                found=f"{counts['vectors']:,} of {wanted:,}",
                next_step=f"run `{_command(model)}`: it writes what is missing",
            )
        states = {row["name"]: index_state(row) for row in rows("graph/list_indexes", index=model.index)}
        _check_online(model, index_names(graph, model, counts["kinds"]), states)
        if not rows("embed/move_active", id=model_id)[0]["n"]:
            raise GraphError("the model is not complete", where=model_id, found=model.state, valid=["complete"])

    graph.transaction(move)
    return find_model(graph, model_id)


def _check_online(model: ModelRecord, names: Collection[str], states: Mapping[str, str]) -> None:
    """Raise GraphError, with what to wait for, unless every index that is needed is online."""
    lacking = {name: states.get(name, "missing") for name in sorted(names) if states.get(name) != "ONLINE"}
    if not lacking:
        return
    if any(state.startswith("POPULATING") for state in lacking.values()):
        next_step = (
            "the server is still building it: wait until `generel-graph models` shows ONLINE, then run this again"
        )
    elif "FAILED" in lacking.values():
        next_step = "read the server's log (`generel-graph db logs`), remove the model and embed it again"
    else:
        next_step = f"run `{_command(model)}`: it builds what is missing"
    raise GraphError("an index of this model is not online", where=model.id, found=lacking, next_step=next_step)


def _command(model: ModelRecord) -> str:
    if model.made_from:
        return f"generel-graph embed --from {model.made_from} --name {model.id}"
    return f"generel-graph embed --model {model.id}"


SAID = ("id", "slot", "active", "state", "vectors", "dimension", "encoder", "trained_at", "made_from")


def model_rows(config: Config, progress: Progress = silent) -> tuple[list[str], list[list[Any]]]:
    """The models in the graph as columns and rows, the active one first, with how far their indexes are."""
    with open_graph(config, progress) as graph:
        return [*SAID, "index"], [[*(getattr(m, c) for c in SAID), _index(graph, m)] for m in list_models(graph)]


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
