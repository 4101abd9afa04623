"""The slots that models stand in: which are there, which one a new model gets, and how one is given up."""

from __future__ import annotations

from generel_graph.embed.indexes import drop_indexes
from generel_graph.embed.records import ModelRecord
from generel_graph.errors import GraphError, NotFoundError
from generel_graph.graph import Graph
from generel_graph.graph.cypher import SLOTS


def models(graph: Graph) -> list[ModelRecord]:
    """The models that have a slot, the active one first, then the newest."""
    return [ModelRecord.of(row["model"]) for row in graph.rows("embed/list_models")]


def active_model(graph: Graph) -> ModelRecord | None:
    """The model that questions are answered with."""
    return next((model for model in models(graph) if model.active), None)


def find_model(graph: Graph, model_id: str) -> ModelRecord:
    """One model by its id; raises NotFoundError with the ids that there are."""
    known = {model.id: model for model in models(graph)}
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
    there = models(graph)
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
    claimed = graph.write("embed/claim_slot", id=model.id, number=slot, props=model.said())
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
