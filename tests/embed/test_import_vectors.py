"""Imported vectors are checked row by row, written like trained ones, and queried by plain cosine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from generel_etl.errors import DataError, GraphError, ModelError, NotFoundError, UsageError
from generel_graph.ask import SearchQuery, query, score, search
from generel_graph.config import Config, Neo4jConfig
from generel_graph.embed import ModelRecord, activate, active_model, list_models, read_vectors, write_model
from generel_graph.embed.import_vectors import ImportedVectorsReport, import_vectors
from generel_graph.graph import Graph
from generel_graph.load.schema import create_indexes, create_keys
from generel_graph.spaces.imported import ImportedSpace, imported_space

GOOD = {"id": ["a", "b", "c"], "vector": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]}
NAMES = ("rs1", "rs2", "MONDO:0000001", "MONDO:0000002", "HGNC:1")


def write(path: Path, **columns) -> Path:
    pl.DataFrame({**GOOD, **columns}).write_parquet(path)
    return path


def import_file(graph: Graph, config: Config, path: Path, name: str | None = None) -> ImportedVectorsReport:
    return import_vectors(graph, config, read_vectors(path), name)


@pytest.mark.parametrize(
    ("columns", "parts"),
    [
        ({"vector": [[1.0, 0.0], [0.0, 1.0], [1.0]]}, ["row 3, column vector", "1 numbers, but row 1 has 2", "'c'"]),
        ({"vector": [[1.0, 0.0], [float("nan"), 1.0], [1.0, 1.0]]}, ["row 2", "not finite", "'b'"]),
        ({"vector": [[1.0, 0.0], [float("inf"), 1.0], [1.0, 1.0]]}, ["row 2", "not finite"]),
        ({"vector": [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]}, ["row 2", "zeros", "1 more rows"]),
        ({"vector": [[1.0, 0.0], None, [1.0, 1.0]]}, ["row 2", "vector is missing"]),
        ({"vector": [[1.0, 0.0], [1.0, None], [1.0, 1.0]]}, ["row 2", "number is missing"]),
        ({"vector": pl.Series([[], [], []], dtype=pl.List(pl.Float32))}, ["row 1", "does not support"]),
        ({"vector": [[1.0] * 5000] * 3}, ["row 1", "5000", "4096"]),
        ({"vector": ["x", "y", "z"]}, ["other types", "list of float"]),
        ({"id": ["a", "b", "a"]}, ["row 3, column id", "duplicate", "'a'"]),
        ({"id": ["a", None, "c"]}, ["row 2", "id is missing"]),
        ({"id": [1, 2, 3]}, ["other types"]),
    ],
)
def test_invalid_value_is_rejected_with_its_row(tmp_path: Path, columns, parts) -> None:
    with pytest.raises(DataError) as error:
        read_vectors(write(tmp_path / "v.parquet", **columns))
    for part in (*parts, "v.parquet"):
        assert part in error.value.message


def test_other_files_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_vectors(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("id\tvector\n")
    with pytest.raises(DataError, match="not a Parquet"):
        read_vectors(tmp_path / "text.parquet")
    pl.DataFrame({"id": ["a"], "vektor": [[1.0]]}).write_parquet(tmp_path / "v.parquet")
    with pytest.raises(DataError, match="missing column"):
        read_vectors(tmp_path / "v.parquet")
    pl.DataFrame(GOOD).clear().write_parquet(tmp_path / "v.parquet")
    with pytest.raises(DataError, match="no rows"):
        read_vectors(tmp_path / "v.parquet")


def test_lists_and_arrays_of_any_number_type_are_read_equally(tmp_path: Path) -> None:
    lists = read_vectors(write(tmp_path / "a.parquet"))
    arrays = pl.DataFrame(GOOD, schema={"id": pl.String, "vector": pl.Array(pl.Float32, 2)})
    arrays.with_columns(kind=pl.lit("x")).write_parquet(tmp_path / "b.parquet")
    assert (lists.ids, lists.dimension, lists.digest) == (
        ("a", "b", "c"),
        2,
        read_vectors(tmp_path / "b.parquet").digest,
    )
    np.testing.assert_array_equal(lists.vectors, np.array(GOOD["vector"], dtype=np.float32))
    assert read_vectors(write(tmp_path / "c.parquet", id=["a", "b", "d"])).digest != lists.digest


@pytest.fixture
def project(graph: Graph, request: pytest.FixtureRequest, servers, tmp_path: Path, monkeypatch) -> Config:
    """Five nodes with an active model of dimension 3, and the configuration of their graph."""
    create_keys(graph)
    create_indexes(graph)
    kinds = {"rs": "SNP", "MO": "Disease", "HG": "Gene"}
    rows = []
    for id_ in NAMES:
        kind = kinds[id_[:2]]
        labels = ["SNP", "Entity"] if kind == "SNP" else ["Concept", "Entity", kind]
        rows.append({"id": id_, "labels": labels, "remove": [], "props": {"kind": kind, "name": f"name {id_[-3:]}"}})
    graph.batches("load/merge_nodes", rows)
    write_model(graph, ModelRecord("ours", 3), list(NAMES), np.random.default_rng(0).normal(size=(5, 3)).astype("f4"))
    activate(graph, "ours")
    server = servers[request.node.callspec.params["graph"]]
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)
    return Config(folder=tmp_path, neo4j=Neo4jConfig(uri=server.uri))


def test_imported_vectors_become_a_model_that_can_be_queried(graph: Graph, project: Config, tmp_path: Path) -> None:
    values = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [1.0, 0.0]]
    path = tmp_path / "node2vec.parquet"
    pl.DataFrame({"id": ["rs1", "rs2", "MONDO:0000001", "X:9"], "vector": values}).write_parquet(path)
    report = import_file(graph, project, path, "walks")
    assert (report.model, report.slot, report.dimension) == ("walks", 1, 2)
    assert (report.vectors, report.written, report.nodes_without_vector, report.unknown_ids) == (3, 3, 2, ("X:9",))
    model = active_model(graph)
    assert (model.id, model.made_from, model.kinds) == ("walks", "node2vec.parquet", ("Disease", "SNP"))
    space = imported_space(graph, "walks")
    assert isinstance(space, ImportedSpace)
    assert imported_space(graph, "ours") is None

    hits = search(graph, lambda _: space, SearchQuery.read("rs2", 5)).hits
    assert [(h.id, round(h.score, 4)) for h in hits] == [("MONDO:0000001", 0.8), ("rs1", 0.6)], "the plain cosine"
    pairs = score(
        graph, lambda _: space, pl.DataFrame({"left": ["rs1", "rs1"], "right": ["MONDO:0000001", "HGNC:1"]})
    ).table
    assert pairs["cosine"].to_list() == [pytest.approx(0.0, abs=1e-6), None]
    rows = query(graph, lambda _: space, "RETURN $v AS v", embed={"v": "rs2"}).rows
    assert rows[0][0] == pytest.approx([0.6, 0.8])
    with pytest.raises(ModelError, match="no encoder"):
        search(graph, lambda _: space, SearchQuery.read("a wording that nobody has"))
    with pytest.raises(NotFoundError, match="no vector"):
        search(graph, lambda _: space, SearchQuery.read("HGNC:1"))
    with pytest.raises(NotFoundError, match="an imported model cannot compute its vector"):
        search(graph, lambda _: space, SearchQuery.read("rs77"))

    activate(graph, "ours")
    assert activate(graph, "walks").active, "a file need not contain every node"
    repeated = import_file(graph, project, path, "walks")
    assert (repeated.written, repeated.slot) == (0, 1)
    pl.DataFrame({"id": ["rs1"], "vector": [[0.0, 1.0]]}).write_parquet(path)
    with pytest.raises(UsageError, match="models remove walks"):
        import_file(graph, project, path, "walks")
    with pytest.raises(UsageError, match="other vectors"):
        import_file(graph, project, path, "ours")
    with pytest.raises(UsageError, match="--name"):
        import_file(graph, project, path, "../x")
    assert import_file(graph, project, path).model.startswith("node2vec-")


def test_file_of_unknown_ids_changes_nothing(graph: Graph, project: Config, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="none of the file's ids"):
        import_file(graph, project, write(tmp_path / "v.parquet"))
    assert [model.id for model in list_models(graph)] == ["ours"]


def test_incomplete_import_cannot_be_activated(graph: Graph, project: Config, tmp_path: Path) -> None:
    path = write(tmp_path / "v.parquet", id=["rs1", "rs2", "MONDO:0000001"])
    import_file(graph, project, path, "walks")
    activate(graph, "ours")
    with graph.driver.session() as session:
        session.run("MATCH (n {id: 'rs1'}) REMOVE n.embedding_1").consume()
    with pytest.raises(GraphError, match=r"2 of 3[\s\S]*embed --from v.parquet --name walks"):
        activate(graph, "walks")
    assert import_file(graph, project, path, "walks").written == 1
