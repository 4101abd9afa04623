"""Make a model the one that is asked: one transaction, that refuses anything less than whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generel_graph.embed.indexes import index_names
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
        if counts["vectors"] < counts["nodes"] or not counts["nodes"]:
            raise GraphError(
                "not every node has this model's vector",
                where=model_id,
                found=f"{counts['vectors']:,} of {counts['nodes']:,}",
                next_step="run `generel-graph embed`: it writes what is missing",
            )
        online = {row["name"] for row in rows("embed/list_indexes", index=model.index) if row["state"] == "ONLINE"}
        lacking = sorted(index_names(graph, model, counts["kinds"]).keys() - online)
        if lacking:
            raise GraphError(
                "an index of this model is not online",
                where=model_id,
                found=lacking,
                next_step="run `generel-graph embed`: it builds what is missing",
            )
        if not rows("embed/move_active", id=model_id)[0]["n"]:
            raise GraphError("the model is not complete", where=model_id, found=model.state, valid=["complete"])

    graph.transaction(move)
    return find_model(graph, model_id)
