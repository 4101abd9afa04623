"""Exported files contain the complete graph, with types, in formats that other programs read."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file

from generel_etl.errors import GraphError, NotFoundError, UsageError
from generel_etl.relations import RELATIONS
from generel_etl.resolve import EDGE_COLUMNS, NODE_COLUMNS
from generel_etl.schema import KINDS
from generel_graph.config import Config, Neo4jConfig
from generel_graph.embed import ModelRecord, activate, read_vectors, write_model
from generel_graph.export import export_edges, export_kgx, export_nodes, export_vectors
from generel_graph.export import pages as pages_module
from generel_graph.export.biolink import CATEGORIES, PREDICATES, curie, infores, statement
from generel_graph.graph import Graph
from generel_graph.load.schema import create_indexes, create_keys

CONCEPT = {"source": "mondo", "digest": "d1", "cluster": "MONDO:1"}
NODES = [
    {"id": "rs1", "labels": ["SNP", "Entity"], "props": {"kind": "SNP", "position": 12345678, "source": "gwas"}},
    {
        "id": "MONDO:1",
        "labels": ["Concept", "Disease", "Entity"],
        "props": {"kind": "Disease", "name": "a\tb", "synonyms": ["x|y", "z"], "xrefs": ["ORPHA:558"], **CONCEPT},
    },
    {"id": "HP:1", "labels": ["Concept", "Phenotype", "Entity"], "props": {"kind": "Phenotype", **CONCEPT}},
]
EDGES = {
    "ASSOCIATED_WITH": {
        "odds_ratio": 1.5,
        "pubmed_id": "17",
        "neg_log10_p": 8.0,
        "ancestry": ["European"],
        "weight": 0.5,
    },
    "NOT_HAS_PHENOTYPE": {"relation": "absent"},
}


@pytest.fixture
def project(graph: Graph, request: pytest.FixtureRequest, servers, tmp_path: Path, monkeypatch) -> Config:
    """Three nodes and two edges in a graph, and the configuration that opens it."""
    monkeypatch.setattr(pages_module, "PAGE", 2)
    create_keys(graph)
    create_indexes(graph)
    graph.batches("load/merge_nodes", [{**row, "remove": []} for row in NODES])
    for (type_, props), (start, end) in zip(EDGES.items(), [("rs1", "MONDO:1"), ("MONDO:1", "HP:1")], strict=True):
        properties = {"source": "gwas_catalog", "key": f"{type_[:3]}", "digest": "d", **props}
        graph.batches("load/create_edges", [{"start": start, "end": end, "props": properties}], type=type_)
    with graph.driver.session() as session:
        session.run("CREATE (:Source {name: 'gwas_catalog', digest: $d})", d=32 * "0").consume()
    server = servers[request.node.callspec.params["graph"]]
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)
    return Config(folder=tmp_path, neo4j=Neo4jConfig(uri=server.uri))


def test_parquet_has_every_property_with_its_type(project: Config, tmp_path: Path) -> None:
    assert export_nodes(project, tmp_path / "nodes.parquet") == 3
    nodes = pl.read_parquet(tmp_path / "nodes.parquet")
    assert dict(nodes.schema) == NODE_COLUMNS
    assert nodes["id"].to_list() == ["HP:1", "MONDO:1", "rs1"]
    assert nodes["synonyms"].to_list() == [None, ["x|y", "z"], None]
    assert nodes["position"].to_list() == [None, None, 12345678]
    assert export_edges(project, tmp_path / "edges.parquet") == 2
    edges = pl.read_parquet(tmp_path / "edges.parquet")
    assert dict(edges.schema) == EDGE_COLUMNS
    row = edges.filter(pl.col("start") == "rs1").row(0, named=True)
    assert (row["type"], row["end"], row["odds_ratio"], row["ancestry"]) == (
        "ASSOCIATED_WITH",
        "MONDO:1",
        1.5,
        ["European"],
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["edges.parquet", "nodes.parquet"]


def test_kgx_uses_biolink_terms(project: Config, tmp_path: Path) -> None:
    assert export_kgx(project, tmp_path / "kgx") == (3, 2)
    tables = {}
    for name in ("nodes", "edges"):
        with (tmp_path / "kgx" / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
            tables[name] = {row["id"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    nodes, edges = tables["nodes"], tables["edges"]
    assert nodes["DBSNP:rs1"]["category"] == "biolink:SequenceVariant"
    disease = nodes["MONDO:1"]
    assert (disease["name"], disease["synonym"], disease["xref"]) == ("a b", "x/y|z", "ORDO:558")
    assert disease["provided_by"] == "infores:mondo"
    association, negated = edges["gwas_catalog:ASS"], edges["gwas_catalog:NOT"]
    assert (association["subject"], association["object"]) == ("DBSNP:rs1", "MONDO:1")
    assert (association["publications"], association["p_value"], association["negated"]) == (
        "PMID:17",
        "1e-08",
        "false",
    )
    assert (association["knowledge_level"], association["agent_type"]) == (
        "statistical_association",
        "data_analysis_pipeline",
    )
    assert association["primary_knowledge_source"] == "infores:gwas-catalog"
    assert (negated["predicate"], negated["negated"]) == ("biolink:has_phenotype", "true")
    with pytest.raises(UsageError, match="not empty"):
        export_kgx(project, tmp_path / "kgx")


def test_every_kind_and_type_has_a_biolink_term() -> None:
    assert set(KINDS) == CATEGORIES.keys()
    assert {type_.removeprefix("NOT_") for type_ in RELATIONS} == PREDICATES.keys()
    assert statement("MADE_UP").predicate == "biolink:related_to"
    assert (curie("rs7"), curie("GRCh38:1:2"), curie("ORPHA:5")) == ("DBSNP:rs7", "GRCh38:1:2", "ORDO:5")
    assert infores("My_own  hits (2)") == "infores:my-own-hits-2"


def test_exported_vectors_can_be_imported(graph: Graph, project: Config, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no model is active"):
        export_vectors(project, tmp_path / "none")
    values = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    write_model(graph, ModelRecord("m", 5), ["HP:1", "MONDO:1", "rs1"], values)
    activate(graph, "m")
    assert export_vectors(project, tmp_path / "out") == ("m", 3, 5)
    np.testing.assert_allclose(load_file(tmp_path / "out" / "vectors.safetensors")["vectors"], values, rtol=1e-6)
    assert (tmp_path / "out" / "ids.txt").read_text().splitlines() == ["HP:1", "MONDO:1", "rs1"]
    table = pl.read_parquet(tmp_path / "out" / "vectors.parquet")
    assert table["kind"].to_list() == ["Phenotype", "Disease", "SNP"]
    imported = read_vectors(tmp_path / "out" / "vectors.parquet")
    np.testing.assert_allclose(imported.vectors, values, rtol=1e-6)
    with pytest.raises(NotFoundError, match="no such model"):
        export_vectors(project, tmp_path / "other", "n")
    assert not (tmp_path / "other").exists()


def test_graph_that_changes_during_export_is_rejected_and_no_file_is_left(
    graph: Graph, project: Config, tmp_path: Path
) -> None:
    def load(stage: str, done: float, total: float | None, note: str = "") -> None:
        if stage == "nodes":
            with graph.driver.session() as session:
                session.run("MATCH (s:Source) SET s.digest = $d", d=32 * "1").consume()

    for run, name in ((export_nodes, "nodes.parquet"), (export_kgx, "kgx")):
        with graph.driver.session() as session:
            session.run("MATCH (s:Source) SET s.digest = $d", d=32 * "0").consume()
        with pytest.raises(GraphError, match="changed while it was read"):
            run(project, tmp_path / name, load)
        assert not (tmp_path / name).exists()
