"""Make a model the one that is asked: one transaction, that refuses anything less than whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from generel_graph.embed.indexes import index_names, index_state
from generel_graph.embed.records import ModelRecord
from generel_graph.embed.slots import find_model
from generel_graph.errors import GraphError
from generel_graph.graph import Graph


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
        states = {row["name"]: index_state(row) for row in rows("embed/list_indexes", index=model.index)}
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
