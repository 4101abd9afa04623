"""The models on the nodes: list them, assign slots, activate and delete."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from generel_etl.errors import GraphError, NotFoundError
from generel_graph.embed.indexes import drop_indexes, index_names, index_state, index_states
from generel_graph.embed.model_record import ModelRecord
from generel_graph.graph import Graph
from generel_graph.graph.statements import SLOTS

logger = logging.getLogger(__name__)


def list_models(graph: Graph) -> list[ModelRecord]:
    """The models that have a slot: the active model, then the others, newest first."""
    return [ModelRecord.from_properties(row["model"]) for row in graph.rows("graph/list_models")]


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model and the state of its indexes: "ONLINE", or the indexes that are not online with their states."""

    model: ModelRecord
    index_state: str


def list_model_status(graph: Graph) -> list[ModelStatus]:
    """The models of `list_models` with the states of their indexes."""
    return [ModelStatus(model, _joined_index_state(graph, model)) for model in list_models(graph)]


def _joined_index_state(graph: Graph, model: ModelRecord) -> str:
    not_online = {name: state for name, state in index_states(graph, model).items() if state != "ONLINE"}
    return ", ".join(f"{name} {state}" for name, state in not_online.items()) or "ONLINE"


def active_model(graph: Graph) -> ModelRecord | None:
    """The model that queries use; None if no model is active."""
    return next((model for model in list_models(graph) if model.active), None)


def find_model(graph: Graph, model_id: str) -> ModelRecord:
    """One model by its id; raises NotFoundError, with the existing ids, if there is none."""
    models = {model.id: model for model in list_models(graph)}
    if model_id not in models:
        raise NotFoundError("no such model in the graph", where=graph.uri, found=model_id, valid=models)
    return models[model_id]


def claim_slot(graph: Graph, model: ModelRecord) -> tuple[ModelRecord, str | None]:
    """Return the record of `model` with its slot, and the id of the model that lost the slot, if one did.

    A model that is in the graph already keeps its slot, so that an interrupted write-back can continue. A new model
    gets a free slot, else that of a model that was never completed, else that of the oldest inactive model.
    """
    graph.command("schema/create_model_key")
    graph.command("schema/create_model_active_key")
    existing = list_models(graph)
    for other in existing:
        if other.id == model.id:
            if other.dimension != model.dimension:
                raise GraphError(
                    "the model with this id has vectors of another dimension",
                    where=other.id,
                    found=model.dimension,
                    valid=[other.dimension],
                )
            return other, None
    used = {other.slot for other in existing}
    slot = next((n for n in range(SLOTS) if n not in used), None)
    replaced = None
    if slot is None:
        inactive = [other for other in existing if not other.active]
        oldest = min(inactive, key=lambda m: (m.complete, m.activated_at, m.created_at, m.id))
        slot, replaced = oldest.slot, oldest.id
    claimed = graph.write("embed/claim_slot", id=model.id, number=slot, props=model.properties())
    if not claimed or not claimed["n"]:
        raise GraphError(
            "another process activated the model in this slot", where=f"slot {slot}", next_step="run the command again"
        )
    logger.info("Slot %s is assigned to model %s (replaced: %s)", slot, model.id, replaced)
    return find_model(graph, model.id), replaced


def delete_model(graph: Graph, model_id: str) -> int:
    """Remove a model, its indexes and its vectors; return the number of nodes that had a vector.

    The model's folder stays, so that `embed --model` can write its vectors again. An interrupted removal can be
    repeated. The caller holds the lease. Raises GraphError for the active model, NotFoundError.
    """
    model = find_model(graph, model_id)
    if model.active:
        raise GraphError(
            "the active model cannot be removed",
            where=model_id,
            next_step="activate another model first: `generel-graph models activate ID`",
        )
    graph.write("embed/set_model_state", id=model_id, state="clearing", props={})
    removed = clear_slot(graph, model)
    graph.write("embed/delete_model", id=model_id)
    logger.info("Model %s and %d vectors are removed from slot %s", model_id, removed, model.slot)
    return removed


def clear_slot(graph: Graph, model: ModelRecord) -> int:
    """Drop the indexes of a model's slot and remove its vectors; return the number of nodes that had a vector."""
    drop_indexes(graph, model)
    removed = 0
    while n := int(graph.command("embed/clear_vectors", model.slot).get("n", 0)):
        removed += n
    return removed


def activate(graph: Graph, model_id: str) -> ModelRecord:
    """Make a complete model the active one: a new model after its write-back, or an earlier model.

    One transaction checks that every node has a vector of the model and that every index is online, and then moves the
    property `active`. The caller holds the lease. Raises GraphError, with what is missing, and NotFoundError.
    """
    model = find_model(graph, model_id)

    def set_active(rows: Callable[..., list[dict[str, Any]]]) -> None:
        counts = rows("embed/count_vectors", model.slot)[0]
        required = model.vectors if model.made_from else counts["nodes"]  # a file need not contain every node
        if counts["vectors"] < required or not counts["vectors"]:
            raise GraphError(
                "not every node has a vector of this model",
                where=model_id,
                found=f"{counts['vectors']:,} of {required:,}",
                next_step=f"run `{_embed_command(model)}` to write the missing vectors",
            )
        states = {row["name"]: index_state(row) for row in rows("graph/list_indexes", index=model.index)}
        _check_online(model, index_names(graph, model, counts["kinds"]), states)
        if not rows("embed/set_active_model", id=model_id)[0]["n"]:
            raise GraphError("the model is not complete", where=model_id, found=model.state, valid=["complete"])

    graph.transaction(set_active)
    logger.info("Model %s in slot %s is active", model_id, model.slot)
    return find_model(graph, model_id)


def _check_online(model: ModelRecord, names: Collection[str], states: Mapping[str, str]) -> None:
    """Raise GraphError, with a next step for each state, unless every index in `names` is online."""
    not_online = {name: states.get(name, "missing") for name in sorted(names) if states.get(name) != "ONLINE"}
    if not not_online:
        return
    if any(state.startswith("POPULATING") for state in not_online.values()):
        next_step = "the server is building it: wait until `generel-graph models` shows ONLINE, then run this again"
    elif "FAILED" in not_online.values():
        next_step = "read the server's log (`generel-graph db logs`), remove the model and embed it again"
    else:
        next_step = f"run `{_embed_command(model)}` to build the missing indexes"
    raise GraphError("an index of this model is not online", where=model.id, found=not_online, next_step=next_step)


def _embed_command(model: ModelRecord) -> str:
    """The command that writes the model's missing vectors and builds its missing indexes."""
    if model.made_from:
        return f"generel-graph embed --from {model.made_from} --name {model.id}"
    return f"generel-graph embed --model {model.id}"
