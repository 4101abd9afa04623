"""A new model is written beside the active one; after an interruption at any point, the next call completes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from generel_etl.errors import GraphError, ModelError, NotFoundError
from generel_graph.embed import ModelRecord, activate, active_model, delete_model, update, write_back, write_model
from generel_graph.embed.models import list_models
from generel_graph.graph import Graph
from generel_graph.load.schema import create_indexes, create_keys

DIMENSION = 8
KINDS = ("SNP", "Disease", "Gene")


def fill(graph: Graph, n: int = 60) -> list[str]:
    create_keys(graph)
    create_indexes(graph)
    rows = []
    for i in range(n):
        kind = KINDS[i % 3]
        labels = ["SNP", "Entity"] if kind == "SNP" else ["Concept", "Entity", kind]
        rows.append({"id": f"X:{i:03}", "labels": labels, "remove": [], "props": {"kind": kind}})
    graph.batches("load/merge_nodes", rows)
    return [row["id"] for row in rows]


def random_vectors(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)


def stored(graph: Graph, slot: int) -> dict[str, list[float]]:
    _, rows = graph.query("MATCH (n:Entity) RETURN n.id, n[$p] ORDER BY n.id", {"p": f"embedding_{slot}"})
    return {id_: vector for id_, vector in rows if vector is not None}


def record(name: str) -> ModelRecord:
    return ModelRecord(name, DIMENSION, encoder="toy", graph_digest="d" * 32, edges=7)


def embed(graph: Graph, name: str, ids: list[str], seed: int = 0) -> ModelRecord:
    write_model(graph, record(name), ids, random_vectors(len(ids), seed))
    return activate(graph, name)


def test_written_model_is_complete_and_active_only_after_activation(graph: Graph) -> None:
    ids = fill(graph)
    values = random_vectors(len(ids), 1)
    result = write_model(graph, record("one"), ids, values)
    assert (result.slot, result.written, result.vectors, result.replaced) == (0, 60, 60, None)
    assert active_model(graph) is None
    np.testing.assert_allclose([stored(graph, 0)[i] for i in ids], values, rtol=1e-6)

    model = activate(graph, "one")
    assert model.active
    assert model.complete
    assert (model.dimension, model.encoder, model.edges, model.vectors) == (DIMENSION, "toy", 7, 60)
    assert model.kinds == ("Disease", "Gene", "SNP")
    states = {row["name"]: row["state"] for row in graph.rows("graph/list_indexes", index="embedding_0")}
    assert set(states.values()) == {"ONLINE"}
    expected = {"embedding_0"}
    if not graph.capabilities.filtered_vector_search:
        expected |= {f"embedding_0_{kind}" for kind in KINDS}
    assert states.keys() == expected


def test_fifth_model_replaces_the_oldest_inactive_one_and_reports_it(graph: Graph) -> None:
    ids = fill(graph)
    for seed, name in enumerate(("one", "two", "three", "four")):
        embed(graph, name, ids, seed)
    activate(graph, "one")
    result = write_model(graph, record("five"), ids, random_vectors(60, 9))
    assert result.replaced == "two"
    assert active_model(graph).id == "one"
    assert {m.id for m in list_models(graph)} == {"one", "three", "four", "five"}
    np.testing.assert_allclose([stored(graph, result.slot)[i] for i in ids], random_vectors(60, 9), rtol=1e-6)


def test_incomplete_model_loses_its_slot_first(graph: Graph, monkeypatch) -> None:
    ids = fill(graph)
    for seed, name in enumerate(("one", "two", "three")):
        embed(graph, name, ids, seed)
    _interrupt(graph, monkeypatch, "broken", ids)
    assert write_model(graph, record("five"), ids, random_vectors(60, 9)).replaced == "broken"


def _interrupt(graph: Graph, monkeypatch, name: str, ids: list[str]) -> None:
    monkeypatch.setattr(write_back, "BATCH_ROWS", 10)

    def stop(stage: str, done: float, total: float | None, note: str = "") -> None:
        if stage == "write vectors" and done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_model(graph, record(name), ids, random_vectors(len(ids), 5), stop)


def test_interrupted_write_back_continues(graph: Graph, monkeypatch) -> None:
    ids = fill(graph)
    embed(graph, "old", ids)
    _interrupt(graph, monkeypatch, "new", ids)
    assert active_model(graph).id == "old"
    with pytest.raises(GraphError, match="20 of 60"):
        activate(graph, "new")
    assert active_model(graph).id == "old"

    assert write_model(graph, record("new"), ids, random_vectors(60, 5)).written == 40
    activate(graph, "new")
    np.testing.assert_allclose([stored(graph, 1)[i] for i in ids], random_vectors(60, 5), rtol=1e-6)
    assert write_model(graph, record("new"), ids, random_vectors(60, 5)).written == 0


def test_vectors_of_an_older_model_in_the_slot_are_removed(graph: Graph) -> None:
    ids = fill(graph)
    with graph.driver.session() as session:
        session.run("MATCH (n:Entity) SET n.embedding_0 = [1.0, 2.0]").consume()
    assert write_model(graph, record("one"), ids, random_vectors(60, 1)).written == 60
    np.testing.assert_allclose([stored(graph, 0)[i] for i in ids], random_vectors(60, 1), rtol=1e-6)


KILLED = """
import os, signal, sys
sys.path[:0] = {path!r}
import numpy as np
from generel_graph.embed import ModelRecord, activate, write_back, write_model
from generel_graph.graph import Graph
write_back.BATCH_ROWS = 10
stage, threshold = sys.argv[1], float(sys.argv[2])
def progress(name, done, total, note=""):
    if name == stage and done >= threshold:
        os.kill(os.getpid(), signal.SIGKILL)
graph = Graph.connect(os.environ["URI"], "neo4j", os.environ["PASSWORD"])
ids = [f"X:{{i:03}}" for i in range(60)]
values = np.random.default_rng(5).normal(size=(60, 8)).astype(np.float32)
write_model(graph, ModelRecord("new", 8), ids, values, progress)
progress("before activation", 1, 1)
activate(graph, "new")
"""


@pytest.mark.parametrize(
    ("stage", "threshold"),
    [("write vectors", 10), ("write vectors", 60), ("index vectors", 0), ("before activation", 1)],
)
def test_after_sigkill_the_old_model_is_unchanged_and_the_next_call_completes_the_new_one(
    graph: Graph, request: pytest.FixtureRequest, servers, stage: str, threshold: int
) -> None:
    ids = fill(graph)
    embed(graph, "old", ids)
    before = stored(graph, 0)
    server = servers[request.node.callspec.params["graph"]]
    code = KILLED.format(path=[p for p in sys.path if p])
    killed = subprocess.run(
        [sys.executable, "-c", code, stage, str(threshold)],
        env={**os.environ, "URI": server.uri, "PASSWORD": server.password},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert active_model(graph).id == "old"
    assert stored(graph, 0) == before

    write_model(graph, record("new"), ids, random_vectors(60, 5))
    assert activate(graph, "new").active
    np.testing.assert_allclose([stored(graph, 1)[i] for i in ids], random_vectors(60, 5), rtol=1e-6)


def test_incomplete_model_cannot_be_activated(graph: Graph) -> None:
    ids = fill(graph)
    embed(graph, "old", ids)
    write_model(graph, record("new"), ids, random_vectors(60, 2))
    graph.command("embed/drop_index", name="embedding_1")
    with pytest.raises(GraphError, match="index"):
        activate(graph, "new")
    assert active_model(graph).id == "old"
    write_model(graph, record("new"), ids, random_vectors(60, 2))
    graph.batches(
        "load/merge_nodes",
        [{"id": "X:new", "labels": ["SNP", "Entity"], "remove": [], "props": {"kind": "SNP"}}],
    )
    with pytest.raises(GraphError, match="60 of 61"):
        activate(graph, "new")
    assert active_model(graph).id == "old"
    with pytest.raises(NotFoundError, match="old"):
        activate(graph, "olt")


def test_earlier_complete_model_can_be_activated_again(graph: Graph) -> None:
    ids = fill(graph)
    embed(graph, "old", ids, 1)
    embed(graph, "new", ids, 2)
    assert activate(graph, "old").slot == 0
    assert [m.id for m in list_models(graph) if m.active] == ["old"]


def test_nodes_of_a_new_kind_are_added_to_the_active_model(graph: Graph) -> None:
    ids = fill(graph)
    model = embed(graph, "one", ids)
    graph.batches(
        "load/merge_nodes",
        [{"id": "X:d", "labels": ["Concept", "Entity", "Drug"], "remove": [], "props": {"kind": "Drug"}}],
    )
    result = update(graph, model.slot, ["X:d", ids[0]], random_vectors(2, 3))
    assert (result.written, result.vectors) == (2, 61)
    updated = active_model(graph)
    assert updated is not None
    assert updated.kinds == ("Disease", "Drug", "Gene", "SNP")
    np.testing.assert_allclose(stored(graph, 0)[ids[0]], random_vectors(2, 3)[1], rtol=1e-6)
    with pytest.raises(GraphError, match="slot"):
        update(graph, 3, ids[:1], random_vectors(1, 3))


def test_deleted_model_leaves_no_vectors_and_the_active_one_cannot_be_deleted(graph: Graph) -> None:
    ids = fill(graph)
    embed(graph, "old", ids, 1)
    embed(graph, "new", ids, 2)
    with pytest.raises(GraphError, match="active"):
        delete_model(graph, "new")
    assert delete_model(graph, "old") == 60
    assert [m.id for m in list_models(graph)] == ["new"]
    assert stored(graph, 0) == {}
    assert graph.rows("graph/list_indexes", index="embedding_0") == []


def test_zero_vectors_and_vectors_of_a_wrong_shape_are_rejected(graph: Graph) -> None:
    ids = fill(graph)
    values = random_vectors(60, 1)
    with pytest.raises(ModelError, match="shape"):
        write_model(graph, record("one"), ids, values[:, :4])
    values[3] = 0
    with pytest.raises(ModelError, match="X:003"):
        write_model(graph, record("one"), ids, values)
    assert list_models(graph) == []
