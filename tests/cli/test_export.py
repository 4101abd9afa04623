"""The commands query, export, embed and models on a small graph, on both server versions."""

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
SLOW_QUERY = "UNWIND range(1, 100000000) AS a UNWIND range(1, 1000) AS b RETURN count(*)"


@pytest.fixture
def command(graph: Graph, request: pytest.FixtureRequest, servers, tmp_path: Path, monkeypatch):
    """Runs a command in a project with twelve SNPs of one disease; returns the exit code and the output."""
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
    edges = [{"start": i, "end": "MONDO:0005393", "props": {"source": "gwas", "key": i}} for i in SNPS]
    graph.batches("load/create_edges", edges, type="ASSOCIATED_WITH")
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


def write_vectors(path: str, shift: float = 0.0) -> None:
    """Write a different vector for each SNP and the disease."""
    ids = [*SNPS, "MONDO:0005393"]
    values = [[1.0, i / 10 + shift * (i % 3), (i * 7 % 5) / 5] for i in range(len(ids))]
    pl.DataFrame({"id": ids, "vector": values}).write_parquet(path)


def test_query_writes_results_and_rejects_invalid_queries(command, tmp_path: Path) -> None:
    for arguments, code, message in (
        (("query", "CREATE (:X)"), 1, "would write"),
        (("query", "MATCH (n)\nRETURN m"), 1, "  RETURN m\n         ^"),
        (("query", SLOW_QUERY, "--timeout", "0.2"), 1, "longer than 0.2 s"),
        (("query", "RETURN 1", "-o", "x.xlsx"), 2, ".parquet"),
        (("query", "MATCH (d:Disease) RETURN d.name", "-o", "x.graphml"), 2, "no nodes"),
        (("query", "RETURN 12345678 AS n, [1, 2] AS l, 1 = 1 AS b", "-o", "x.csv"), 0, "1 rows"),
        (("query", "MATCH p = (:SNP {id: 'rs1'})--() RETURN p", "-o", "x.graphml"), 0, "2 nodes, 1 edges"),
    ):
        exit_code, output = command(*arguments, "-q")
        assert exit_code == code, (arguments, output)
        assert message in output, (arguments, output)
    assert (tmp_path / "x.csv").read_text() == "n,l,b\n12345678,1|2,true\n"
    assert command("query", "RETURN 12345678 AS n, 0.1234567 AS x", "--csv", "-q")[1] == "n,x\n12345678,0.1234567\n"
    assert not (tmp_path / "x.xlsx").exists()


def test_vectors_are_imported_compared_and_exported(command, tmp_path: Path) -> None:
    write_vectors("one.parquet")
    write_vectors("two.parquet", shift=1.0)
    report = json.loads(command("embed", "--from", "one.parquet", "--name", "one", "--json", "-q")[1])
    assert (report["model"], report["vectors"], report["without"], report["unknown"]) == ("one", 13, 0, [])
    assert "13 vectors of dimension 3, active" in command("embed", "--from", "two.parquet", "--name", "two", "-q")[1]
    assert json.loads(command("search", "gout", "--kind", "SNP", "-k", "3", "--json", "-q")[1])["model"] == "two"
    assert command("search", "a wording that nobody has", "-q")[0] == 1

    listed = {model["id"]: model for model in json.loads(command("models", "--json", "-q")[1])}
    assert listed == {model["id"]: model for model in json.loads(command("models", "list", "--json", "-q")[1])}
    assert listed["two"]["active"]
    assert (listed["one"]["made_from"], listed["one"]["index"]) == ("one.parquet", "ONLINE")
    comparison = json.loads(command("models", "compare", "one", "two", "-n", "5", "--json", "-q")[1])
    assert {kind["kind"]: kind["sampled"] for kind in comparison["kinds"]} == {"Disease": 1, "SNP": 5}
    assert comparison["edges"][0]["type"] == "ASSOCIATED_WITH"
    assert comparison["edges"][0]["change"] != 0
    assert "overlap of 10 nearest" in command("models", "compare", "one", "two", "-q")[1]

    assert command("models", "remove", "two", "-q")[0] == 1
    assert "did you mean 'one'" in command("models", "activate", "onne", "-q")[1]
    assert "one is active" in command("models", "activate", "one", "-q")[1]
    assert "removed two with 13 vectors" in command("models", "remove", "two", "-q")[1]
    assert [model["id"] for model in json.loads(command("models", "--json", "-q")[1])] == ["one"]

    for arguments, code, message in (
        (("export", "vectors", "out"), 0, "13 vectors of 3 of model one"),
        (("export", "vectors", "out"), 2, "not empty"),
        (("export", "nodes", "nodes.parquet"), 0, "13 nodes"),
        (("export", "edges", "edges.parquet"), 0, "12 edges"),
        (("export", "kgx", "kgx"), 0, "edges.tsv"),
        (("embed", "--name", "x"), 2, "--from"),
        (("embed", "--from", "none.parquet"), 1, "none.parquet"),
        (("embed", "--from", "out/vectors.parquet", "--name", "again"), 0, "again in slot 1"),
    ):
        exit_code, output = command(*arguments, "-q")
        assert exit_code == code, (arguments, output)
        assert message in output, (arguments, output)
