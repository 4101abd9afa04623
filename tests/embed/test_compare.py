"""Models side by side: what the list shows, what moved between two, what switching and removing refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from generel_etl.errors import GraphError, NotFoundError
from generel_graph.config import Config, Neo4jConfig
from generel_graph.embed import ModelRecord, activate, list_models, write_back
from generel_graph.embed.compare import compare_models
from generel_graph.embed.models import _check_online, activate_model, model_rows, remove_model
from generel_graph.graph import Graph
from generel_graph.load.schema import create_indexes, create_keys

IDS = [f"MONDO:{i:02}" for i in range(30)] + [f"rs{i}" for i in range(1, 11)]


@pytest.fixture
def project(graph: Graph, request: pytest.FixtureRequest, servers, tmp_path: Path, monkeypatch) -> Config:
    """Forty nodes and an edge under two models: the diseases keep their places, the SNPs are thrown about."""
    create_keys(graph)
    create_indexes(graph)
    rows = [
        {"id": i, "labels": ["SNP", "Entity"], "remove": [], "props": {"kind": "SNP"}}
        if i.startswith("rs")
        else {"id": i, "labels": ["Concept", "Disease", "Entity"], "remove": [], "props": {"kind": "Disease"}}
        for i in IDS
    ]
    graph.batches("load/merge_nodes", rows)
    ends = [
        {"start": "rs1", "end": "MONDO:00", "props": {"source": "toy", "key": "1"}},
        {"start": "MONDO:01", "end": "MONDO:02", "props": {"source": "toy", "key": "2"}},
    ]
    graph.batches("load/create_edges", ends[:1], type="ASSOCIATED_WITH")
    graph.batches("load/create_edges", ends[1:], type="IS_A")
    random = np.random.default_rng(0)
    old = random.normal(size=(40, 8)).astype(np.float32)
    old[:30, :4] = 0
    old[30:, 4:] = 0
    new = old.copy()
    new[30:, :4] = random.normal(size=(10, 4))
    old[30], new[30] = old[0] + [1, 0, 0, 0, 0, 0, 0, 0], old[0]
    write_back(graph, ModelRecord("old", 8, encoder="toy"), IDS, old)
    activate(graph, "old")
    write_back(graph, ModelRecord("new", 8, encoder="toy"), IDS[:-1], new[:-1])
    server = servers[request.node.callspec.params["graph"]]
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)
    config = Config(folder=tmp_path, neo4j=Neo4jConfig(uri=server.uri))
    for name, steps, auc in (("old", 10, 0.6), ("new", 20, 0.7)):
        folder = config.model_folder(name)
        folder.mkdir(parents=True)
        task = {"name": "gwas", "pairs": 5, "loss": 1.0, "auc": auc}
        said = {"identity": {"train": {"steps": steps, "seed": 0}}, "report": {"tasks": [task]}}
        (folder / "config.json").write_text(json.dumps(said))
    return config


def test_what_moved_is_told_by_kind_by_edge_and_by_setting(project: Config) -> None:
    found = compare_models(project, "old", "new", sample=8, seed=1)
    assert found == compare_models(project, "old", "new", sample=8, seed=1), "the same seed, the same nodes"
    kinds = {kind.kind: kind for kind in found.kinds}
    assert (kinds["Disease"].both, kinds["Disease"].sampled) == (30, 8)
    assert (kinds["SNP"].both, kinds["SNP"].only_left, kinds["SNP"].only_right) == (9, 1, 0)
    assert kinds["Disease"].kept > 0.8 and kinds["Disease"].kept > kinds["SNP"].kept
    whole = {e.type: e for e in compare_models(project, "old", "new", sample=100).edges}
    assert whole["IS_A"].edges == 1 and whole["IS_A"].change == pytest.approx(0, abs=1e-3)
    assert whole["ASSOCIATED_WITH"].right == pytest.approx(1, abs=1e-3)
    assert whole["ASSOCIATED_WITH"].change > 0.01
    assert found.settings == (("train.steps", 10, 20),)
    assert [(name, left["auc"], right["auc"]) for name, left, right in found.tasks] == [("gwas", 0.6, 0.7)]
    same = compare_models(project, "old", "old", sample=5)
    assert {kind.kept for kind in same.kinds} == {1.0} and same.settings == ()
    with pytest.raises(NotFoundError, match="did you mean 'new'"):
        compare_models(project, "old", "neww")


def test_the_list_shows_how_far_each_model_is_and_half_a_model_is_not_switched_to(
    graph: Graph, project: Config
) -> None:
    columns, rows = model_rows(project)
    told = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
    assert told["old"]["active"] and not told["new"]["active"]
    assert (told["new"]["state"], told["new"]["vectors"], told["new"]["index"]) == ("complete", 39, "ONLINE")
    with pytest.raises(GraphError, match=r"39 of 40[\s\S]*embed --model new"):
        activate_model(project, "new")
    graph.command("embed/drop_index", name="embedding_1")
    assert next(row for row in model_rows(project)[1] if row[0] == "new")[-1] == "embedding_1 missing"
    with pytest.raises(GraphError, match="not whole"):
        compare_models(project, "old", "new")


def test_removing_frees_the_slot_and_killed_half_way_is_run_again(graph: Graph, project: Config, monkeypatch) -> None:
    with pytest.raises(GraphError, match="models activate"):
        remove_model(project, "old")

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("generel_graph.embed.models.clear_slot", die)
        remove_model(project, "new")
    assert {m.id: m.state for m in list_models(graph)} == {"old": "complete", "new": "clearing"}
    with pytest.raises(GraphError):
        activate_model(project, "new")
    model, vectors = remove_model(project, "new")
    assert (model.slot, vectors) == (1, 39)
    assert [m.id for m in list_models(graph)] == ["old"]
    assert graph.rows("graph/list_indexes", index="embedding_1") == []
    assert graph.query("MATCH (n) WHERE n.embedding_1 IS NOT NULL RETURN count(n)")[1] == [[0]]
    assert project.model_folder("new").is_dir(), "what was learnt stays"


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"embedding_1": "POPULATING 40 %"}, "POPULATING 40 %[\\s\\S]*wait until"),
        ({"embedding_1": "FAILED"}, "db logs"),
        ({}, "missing[\\s\\S]*embed --model m"),
    ],
)
def test_an_index_that_is_not_online_is_told_with_what_to_wait_for(states: dict[str, str], said: str) -> None:
    with pytest.raises(GraphError, match=said):
        _check_online(ModelRecord("m", 8), ["embedding_1"], states)
    _check_online(ModelRecord("m", 8), ["embedding_1"], {"embedding_1": "ONLINE"})
