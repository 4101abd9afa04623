"""The vector indexes of a slot: one filterable index, or one per kind on servers without filtered vector search."""

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
    """The indexes that the slot needs on this server, each with its kind (None: all kinds)."""
    names: dict[str, str | None] = {str(model.index): None}
    if not graph.capabilities.filtered_vector_search:
        names |= {f"{model.index}_{kind}": kind for kind in kinds}
    return names


def index_states(graph: Graph, model: ModelRecord) -> dict[str, str]:
    """The indexes that the slot needs, each with its state: "ONLINE", "FAILED", "POPULATING 40 %" or "missing"."""
    if model.index is None:
        return {}
    states = {row["name"]: index_state(row) for row in graph.rows("graph/list_indexes", index=model.index)}
    return {name: states.get(name, "missing") for name in index_names(graph, model, model.kinds)}


def index_state(row: Mapping[str, Any]) -> str:
    """The state in a row of `graph/list_indexes`, with the percentage of an index that is being built."""
    state, percent = str(row["state"]), row["percent"]
    return f"{state} {percent or 0:.0f} %" if state == "POPULATING" else state


def create_indexes(graph: Graph, model: ModelRecord, kinds: Sequence[str], progress: Progress = silent) -> None:
    """Create the slot's missing indexes and wait until all of them are online.

    Raises GraphError if the server cannot build one.
    """
    existing = {row["name"] for row in graph.rows("graph/list_indexes", index=model.index)}
    for name, kind in index_names(graph, model, kinds).items():
        if name in existing:
            continue
        if kind is None:
            graph.command("embed/create_index", model.slot, dimension=model.dimension)
        else:
            graph.command("embed/create_kind_index", model.slot, name=name, label=kind, dimension=model.dimension)
    await_indexes(graph, model, progress)


def await_indexes(graph: Graph, model: ModelRecord, progress: Progress = silent) -> None:
    """Wait until the slot's indexes are online; raises GraphError if the server cannot build one."""
    while True:
        rows = graph.rows("graph/list_indexes", index=model.index)
        failed = [row["name"] for row in rows if row["state"] == "FAILED"]
        if failed:
            raise GraphError(
                "the server could not build a vector index",
                where=graph.uri,
                found=failed,
                next_step="read the server's log (`generel-graph db logs`); removing the model drops the index",
            )
        done = sum(100.0 if row["state"] == "ONLINE" else float(row["percent"] or 0.0) for row in rows)
        progress("index vectors", done / 100, len(rows))
        if all(row["state"] == "ONLINE" for row in rows):
            return
        time.sleep(POLL_SECONDS)
