"""The session: result objects, pandas frames, networkx graphs, and a space that is read only when needed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import networkx as nx
import pandas as pd
import polars as pl
import pytest

import generel_graph
from generel_etl.errors import ModelError, NotFoundError
from generel_graph.config import Config
from generel_graph.session import Session


@pytest.fixture
def session(shared_world, tmp_path: Path) -> Session:
    opened = Session(Config(folder=tmp_path), shared_world.graph)
    model = opened.model_id()
    folder = tmp_path / ".generel" / "models" / model
    folder.mkdir(parents=True)
    settings = {"identity": {"model": {"learnt_share": 0.7, "dimension": 4}}}
    (folder / "config.json").write_text(json.dumps(settings))
    return opened


def test_search_frame_has_the_query_in_its_attrs(session: Session) -> None:
    found = session.search("rs2476601", k=3, kind="Disease").frame()
    assert isinstance(found, pd.DataFrame)
    assert list(found.columns) == ["id", "kind", "name", "score", "linked", "links", "codes", "genes", "position"]
    assert found["kind"].eq("Disease").all()
    assert found["score"].between(-1, 1).all()
    assert found.attrs["resolved_by"] == "rsid"
    assert list(session.search("rs2476601", kind="Pathway").frame().columns) == list(found.columns)


def test_query_recipe_and_subgraph(session: Session) -> None:
    assert session.query("MATCH (d:Drug) RETURN d.name AS drug").frame()["drug"].tolist() == ["abatacept"]
    near = session.query(
        "MATCH (m:Model {active: true}) CALL db.index.vector.queryNodes(m.index, 10, $v) YIELD node, score "
        "RETURN node.id AS id ORDER BY score DESC LIMIT 2",
        embed={"v": "CAD"},
    ).frame()
    assert set(near["id"]) == {"MONDO:0005010", "rs1333049"}
    effects = session.recipe("snp_effects", snp="rs2476601").frame()
    assert effects.equals(session.recipe("snp_effects", {"snp": "rs2476601"}).frame())
    shown = session.recipe("snp_effects", snp="rs2476601", show=True)
    assert (shown.cypher, shown.rows) == (effects.attrs["cypher"], [])
    assert len(effects) == 4
    assert effects.attrs["cypher"].startswith("// What are the reported effects of one SNP")
    around = session.subgraph("CTLA4")
    assert isinstance(around, nx.MultiDiGraph)
    assert "DRUGBANK:DB01281" in around
    with pytest.raises(NotFoundError, match="names no node"):
        session.subgraph("some words")


def test_explain_returns_values_and_a_graph(session: Session) -> None:
    folder = session.config.model_folder(session.model_id())
    trained = {"task": ["snp_gene"], "anchor": ["rs2476601"], "positive": ["HGNC:9652"]}
    pl.DataFrame(trained).write_parquet(folder / "trained_pairs.parquet")
    found = session.explain("rs2476601", "PTPN22")
    assert (found.trained_on, found.tasks, found.direct[0].seen) == ("yes", ("snp_gene",), "yes")
    assert (
        found.cosine == session.score(pd.DataFrame({"left": ["rs2476601"], "right": ["PTPN22"]})).frame()["cosine"][0]
    )
    assert isinstance(found.graph(), nx.MultiDiGraph)
    assert set(found.graph()) == {"rs2476601", "HGNC:9652"}
    assert session.explain("rs2476601", "RA").trained_on == "no", "the list does not have it"


def test_score_keeps_the_callers_frame(session: Session) -> None:
    pairs = pd.DataFrame({"left": ["rs2476601", None], "right": ["RA", "RA"], "n": [1, 2]}, index=[7, 9])
    scored = session.score(pairs).frame()
    assert list(scored.columns) == [
        "left",
        "right",
        "n",
        "left_id",
        "right_id",
        "cosine",
        "left_by",
        "right_by",
        "effect",
        "effect_percentile",
    ]
    assert list(scored.index) == [7, 9]
    assert scored["n"].dtype == pairs["n"].dtype
    assert scored["cosine"].notna().tolist() == [True, False]


def test_missing_model_folder_is_reported(shared_world, tmp_path: Path) -> None:
    elsewhere = Session(replace(Config(folder=tmp_path), state_dir="elsewhere"), shared_world.graph)
    with pytest.raises(ModelError, match="state_dir"):
        elsewhere.search("rs2476601")


def test_importing_the_package_does_nothing() -> None:
    assert callable(generel_graph.open)
