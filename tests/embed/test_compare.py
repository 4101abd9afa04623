"""Listing, comparing, activating and removing models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from generel_etl.errors import GraphError, NotFoundError
from generel_graph.config import Config, Neo4jConfig
from generel_graph.embed import ModelRecord, activate, delete_model, list_models, write_model
from generel_graph.embed.compare import compare_models
from generel_graph.embed.models import _check_online, list_model_status
from generel_graph.graph import Graph
from generel_graph.load.schema import create_indexes, create_keys

IDS = [f"MONDO:{i:02}" for i in range(30)] + [f"rs{i}" for i in range(1, 11)]


@pytest.fixture
def project(graph: Graph, request: pytest.FixtureRequest, servers, tmp_path: Path, monkeypatch) -> Config:
    """Forty nodes under two models: the vectors of the diseases are similar in both, those of the SNPs are random."""
    create_keys(graph)
    create_indexes(graph)
    rows = [
        {"id": i, "labels": ["SNP", "Entity"], "remove": [], "props": {"kind": "SNP"}}
        if i.startswith("rs")
        else {"id": i, "labels": ["Concept", "Disease", "Entity"], "remove": [], "props": {"kind": "Disease"}}
        for i in IDS
    ]
    graph.batches("load/merge_nodes", rows)
    edges = [
        {"start": "rs1", "end": "MONDO:00", "props": {"source": "toy", "key": "1"}},
        {"start": "MONDO:01", "end": "MONDO:02", "props": {"source": "toy", "key": "2"}},
    ]
    graph.batches("load/create_edges", edges[:1], type="ASSOCIATED_WITH")
    graph.batches("load/create_edges", edges[1:], type="IS_A")
    random = np.random.default_rng(0)
    old = random.normal(size=(40, 8)).astype(np.float32)
    old[:30, :4] = 0
    old[30:, 4:] = 0
    new = old.copy()
    new[30:, :4] = random.normal(size=(10, 4))
    old[30], new[30] = old[0] + [1, 0, 0, 0, 0, 0, 0, 0], old[0]
    write_model(graph, ModelRecord("old", 8, encoder="toy"), IDS, old)
    activate(graph, "old")
    write_model(graph, ModelRecord("new", 8, encoder="toy"), IDS[:-1], new[:-1])
    server = servers[request.node.callspec.params["graph"]]
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)
    config = Config(folder=tmp_path, neo4j=Neo4jConfig(uri=server.uri))
    for name, steps, auc in (("old", 10, 0.6), ("new", 20, 0.7)):
        folder = config.model_folder(name)
        folder.mkdir(parents=True)
        task = {"name": "gwas", "pairs": 5, "loss": 1.0, "auc": auc}
        values = {"identity": {"train": {"steps": steps, "seed": 0}}, "report": {"tasks": [task]}}
        (folder / "config.json").write_text(json.dumps(values))
    return config


def test_comparison_lists_kinds_edges_and_settings(graph: Graph, project: Config) -> None:
    comparison = compare_models(graph, project, "old", "new", sample=8, seed=1)
    assert comparison == compare_models(graph, project, "old", "new", sample=8, seed=1), (
        "the same seed draws the same nodes"
    )
    kinds = {kind.kind: kind for kind in comparison.kinds}
    assert (kinds["Disease"].both, kinds["Disease"].sampled) == (30, 8)
    assert (kinds["SNP"].both, kinds["SNP"].only_left, kinds["SNP"].only_right) == (9, 1, 0)
    assert kinds["Disease"].overlap > 0.8
    assert kinds["Disease"].overlap > kinds["SNP"].overlap
    edges = {e.type: e for e in compare_models(graph, project, "old", "new", sample=100).edges}
    assert edges["IS_A"].edges == 1
    assert edges["IS_A"].change == pytest.approx(0, abs=1e-3)
    assert edges["ASSOCIATED_WITH"].right == pytest.approx(1, abs=1e-3)
    assert edges["ASSOCIATED_WITH"].change > 0.01
    assert comparison.settings == (("train.steps", 10, 20),)
    assert [(name, left["auc"], right["auc"]) for name, left, right in comparison.tasks] == [("gwas", 0.6, 0.7)]
    same = compare_models(graph, project, "old", "old", sample=5)
    assert {kind.overlap for kind in same.kinds} == {1.0}
    assert same.settings == ()
    with pytest.raises(NotFoundError, match="did you mean 'new'"):
        compare_models(graph, project, "old", "neww")


def test_list_shows_the_state_of_each_model_and_an_incomplete_model_cannot_be_activated(
    graph: Graph, project: Config
) -> None:
    status = {s.model.id: s for s in list_model_status(graph)}
    assert status["old"].model.active
    assert not status["new"].model.active
    new = status["new"]
    assert (new.model.state, new.model.vectors, new.index_state) == ("complete", 39, "ONLINE")
    with pytest.raises(GraphError, match=r"39 of 40[\s\S]*embed --model new"):
        activate(graph, "new")
    graph.command("embed/drop_index", name="embedding_1")
    assert [s.index_state for s in list_model_status(graph) if s.model.id == "new"] == ["embedding_1 missing"]
    with pytest.raises(GraphError, match="not complete"):
        compare_models(graph, project, "old", "new")


def test_interrupted_removal_is_completed_by_the_next_one(graph: Graph, project: Config, monkeypatch) -> None:
    with pytest.raises(GraphError, match="models activate"):
        delete_model(graph, "old")

    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("generel_graph.embed.models.clear_slot", kill)
        delete_model(graph, "new")
    assert {m.id: m.state for m in list_models(graph)} == {"old": "complete", "new": "clearing"}
    with pytest.raises(GraphError):
        activate(graph, "new")
    assert delete_model(graph, "new") == 39
    assert [m.id for m in list_models(graph)] == ["old"]
    assert graph.rows("graph/list_indexes", index="embedding_1") == []
    assert graph.query("MATCH (n) WHERE n.embedding_1 IS NOT NULL RETURN count(n)")[1] == [[0]]
    assert project.model_folder("new").is_dir(), "the trained model stays"


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ({"embedding_1": "POPULATING 40 %"}, "POPULATING 40 %[\\s\\S]*wait until"),
        ({"embedding_1": "FAILED"}, "db logs"),
        ({}, "missing[\\s\\S]*embed --model m"),
    ],
)
def test_index_that_is_not_online_is_reported_with_a_next_step(states: dict[str, str], message: str) -> None:
    with pytest.raises(GraphError, match=message):
        _check_online(ModelRecord("m", 8), ["embedding_1"], states)
    _check_online(ModelRecord("m", 8), ["embedding_1"], {"embedding_1": "ONLINE"})
