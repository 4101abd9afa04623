"""The vector indexes of a slot, in the form that the server has: one with filters inside, or one a kind."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from generel_etl.errors import GraphError
from generel_etl.progress import Progress, silent
from generel_graph.embed.model_record import ModelRecord
from generel_graph.graph import Graph

POLL_SECONDS = 0.1


def drop_indexes(graph: Graph, model: ModelRecord) -> None:
    """Drop every vector index of the model's slot."""
    for row in graph.rows("graph/list_indexes", index=model.index):
        graph.command("embed/drop_index", name=row["name"])


def index_names(graph: Graph, model: ModelRecord, kinds: Sequence[str]) -> dict[str, str | None]:
    """The indexes that the slot needs on this server, and the kind that each is for (None: all)."""
    names: dict[str, str | None] = {str(model.index): None}
    if not graph.capabilities.filtered_vector_search:
        names |= {f"{model.index}_{kind}": kind for kind in kinds}
    return names


def index_states(graph: Graph, model: ModelRecord) -> dict[str, str]:
    """The indexes that the slot needs, and how far each is: "ONLINE", "FAILED", "POPULATING 40 %", "missing"."""
    if model.index is None:
        return {}
    found = {row["name"]: index_state(row) for row in graph.rows("graph/list_indexes", index=model.index)}
    return {name: found.get(name, "missing") for name in index_names(graph, model, model.kinds)}


def index_state(row: Mapping[str, Any]) -> str:
    """The state of one row of `graph/list_indexes` in words."""
    state, percent = str(row["state"]), row["percent"]
    return f"{state} {percent or 0:.0f} %" if state == "POPULATING" else state


def create_indexes(graph: Graph, model: ModelRecord, kinds: Sequence[str], progress: Progress = silent) -> None:
    """Create the slot's missing indexes and wait until all are online.

    Raises GraphError if one fails to build.
    """
    there = {row["name"] for row in graph.rows("graph/list_indexes", index=model.index)}
    for name, kind in index_names(graph, model, kinds).items():
        if name in there:
            continue
        if kind is None:
            graph.command("embed/create_index", model.slot, dimension=model.dimension)
        else:
            graph.command("embed/create_kind_index", model.slot, name=name, label=kind, dimension=model.dimension)
    await_indexes(graph, model, progress)


def await_indexes(graph: Graph, model: ModelRecord, progress: Progress = silent) -> None:
    """Wait until the slot's indexes are online; raises GraphError if one failed."""
    while True:
        rows = graph.rows("graph/list_indexes", index=model.index)
        failed = [row["name"] for row in rows if row["state"] == "FAILED"]
        if failed:
            raise GraphError(
                "a vector index could not be built",
                where=graph.uri,
                found=failed,
                next_step="read the server's log (`generel-graph db logs`); deleting the model drops the index",
            )
        done = sum(100.0 if row["state"] == "ONLINE" else float(row["percent"] or 0.0) for row in rows)
        progress("index vectors", done / 100, len(rows))
        if all(row["state"] == "ONLINE" for row in rows):
            return
        time.sleep(POLL_SECONDS)
