"""The commands that ask by Cypher, give the graph away, and put models side by side: on a small graph, both servers."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from generel_etl.errors import GenerelError
from generel_graph.cli import cli
from generel_graph.graph import Graph
from generel_graph.load.schema import create_indexes, create_keys

SNPS = [f"rs{i}" for i in range(1, 13)]
ENDLESS = "UNWIND range(1, 100000000) AS a UNWIND range(1, 1000) AS b RETURN count(*)"


@pytest.fixture
def say(graph: Graph, request: pytest.FixtureRequest, servers, tmp_path: Path, monkeypatch):
    """Run a command in a project of twelve SNPs of one disease; exit code and all that was said."""
    create_keys(graph)
    create_indexes(graph)
    rows = [
        {"id": i, "labels": ["SNP", "Entity"], "remove": [], "props": {"kind": "SNP", "source": "gwas"}} for i in SNPS
    ]
    disease = {"kind": "Disease", "name": "gout", "source": "mondo", "cluster": "MONDO:0005393"}
    labels = ["Concept", "Disease", "Entity"]
    graph.batches(
        "load/merge_nodes", [*rows, {"id": "MONDO:0005393", "labels": labels, "remove": [], "props": disease}]
    )
    ends = [{"start": i, "end": "MONDO:0005393", "props": {"source": "gwas", "key": i}} for i in SNPS]
    graph.batches("load/create_edges", ends, type="ASSOCIATED_WITH")
    server = servers[request.node.callspec.params["graph"]]
    (tmp_path / "generel.toml").write_text(f'[neo4j]\nuri = "{server.uri}"\n', encoding="utf-8")
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, arguments, standalone_mode=False)
        if isinstance(done.exception, GenerelError):
            return done.exception.exit_code, done.exception.message
        assert done.exception is None, done.exception
        return 0, done.output

    return run


def vectors(path: str, turn: float = 0.0) -> None:
    """A vector for each SNP and the disease, all different."""
    ids = [*SNPS, "MONDO:0005393"]
    values = [[1.0, i / 10 + turn * (i % 3), (i * 7 % 5) / 5] for i in range(len(ids))]
    pl.DataFrame({"id": ids, "vector": values}).write_parquet(path)


def test_query_writes_what_is_asked_and_refuses_what_it_must(say, tmp_path: Path) -> None:
    for arguments, code, said in (
        (("query", "CREATE (:X)"), 1, "would write"),
        (("query", "MATCH (n)\nRETURN m"), 1, "  RETURN m\n         ^"),
        (("query", ENDLESS, "--timeout", "0.2"), 1, "longer than 0.2 s"),
        (("query", "RETURN 1", "-o", "x.xlsx"), 2, ".parquet"),
        (("query", "MATCH (d:Disease) RETURN d.name", "-o", "x.graphml"), 2, "no nodes"),
        (("query", "RETURN 12345678 AS n, [1, 2] AS l, 1 = 1 AS b", "-o", "x.csv"), 0, "1 rows"),
        (("query", "MATCH p = (:SNP {id: 'rs1'})--() RETURN p", "-o", "x.graphml"), 0, "2 nodes, 1 edges"),
    ):
        found = say(*arguments, "-q")
        assert found[0] == code and said in found[1], (arguments, found)
    assert (tmp_path / "x.csv").read_text() == "n,l,b\n12345678,1|2,true\n"
    assert say("query", "RETURN 12345678 AS n, 0.1234567 AS x", "--csv", "-q")[1] == "n,x\n12345678,0.1234567\n"
    assert not (tmp_path / "x.xlsx").exists()


def test_vectors_go_out_and_come_in_and_models_stand_side_by_side(say, tmp_path: Path) -> None:
    vectors("one.parquet")
    vectors("two.parquet", turn=1.0)
    report = json.loads(say("embed", "--from", "one.parquet", "--name", "one", "--json", "-q")[1])
    assert (report["model"], report["vectors"], report["without"], report["unknown"]) == ("one", 13, 0, [])
    assert "13 vectors of 3, active" in say("embed", "--from", "two.parquet", "--name", "two", "-q")[1]
    assert json.loads(say("search", "gout", "--kind", "SNP", "-k", "3", "--json", "-q")[1])["model"] == "two"
    assert say("search", "a wording that nobody has", "-q")[0] == 1

    listed = {model["id"]: model for model in json.loads(say("models", "--json", "-q")[1])}
    assert listed == {model["id"]: model for model in json.loads(say("models", "list", "--json", "-q")[1])}
    assert listed["two"]["active"] and (listed["one"]["made_from"], listed["one"]["index"]) == ("one.parquet", "ONLINE")
    moved = json.loads(say("models", "compare", "one", "two", "-n", "5", "--json", "-q")[1])
    assert {kind["kind"]: kind["sampled"] for kind in moved["kinds"]} == {"Disease": 1, "SNP": 5}
    assert moved["edges"][0]["type"] == "ASSOCIATED_WITH" and moved["edges"][0]["change"] != 0
    assert "kept of 10 nearest" in say("models", "compare", "one", "two", "-q")[1]

    assert say("models", "remove", "two", "-q")[0] == 1
    assert "did you mean 'one'" in say("models", "activate", "onne", "-q")[1]
    assert "one is active" in say("models", "activate", "one", "-q")[1]
    assert "13 vectors are gone" in say("models", "remove", "two", "-q")[1]
    assert [model["id"] for model in json.loads(say("models", "--json", "-q")[1])] == ["one"]

    for arguments, code, said in (
        (("export", "vectors", "out"), 0, "13 vectors of 3 of model one"),
        (("export", "vectors", "out"), 2, "not empty"),
        (("export", "nodes", "nodes.parquet"), 0, "13 nodes"),
        (("export", "edges", "edges.parquet"), 0, "12 edges"),
        (("export", "kgx", "kgx"), 0, "edges.tsv"),
        (("embed", "--name", "x"), 2, "--from"),
        (("embed", "--from", "none.parquet"), 1, "none.parquet"),
        (("embed", "--from", "out/vectors.parquet", "--name", "again"), 0, "again in slot 1"),
    ):
        found = say(*arguments, "-q")
        assert found[0] == code and said in found[1], (arguments, found)
