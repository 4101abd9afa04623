"""Answers as files: the format of the extension, readable by other programs, written atomically."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import networkx as nx
import pandas as pd
import polars as pl
import pytest

from generel_etl.errors import UsageError
from generel_graph.ask import query
from generel_graph.ask.output_files import file_format, write_rows

COLUMNS = ["id", "position", "weight", "day", "known", "codes", "node", "mixed"]
ROWS = [
    ["rs1", 113834946, 0.125, date(2007, 6, 7), True, ["A:1", "B:2"], {"name": "a, b"}, 1],
    ["rs2", None, None, None, None, None, None, "x"],
]


def test_numbers_stay_numbers_in_every_format(tmp_path: Path) -> None:
    for ending in (".csv", ".tsv", ".json", ".parquet"):
        write_rows(tmp_path / f"out{ending}", COLUMNS, ROWS)
    frame = pd.read_csv(tmp_path / "out.csv")
    assert frame["position"][0] == 113834946
    assert frame["weight"][0] == 0.125
    assert frame["codes"][0] == "A:1|B:2"
    assert frame["day"][0] == "2007-06-07"
    assert json.loads(frame["node"][0]) == {"name": "a, b"}
    assert frame.iloc[1, 1:7].isna().all()
    with (tmp_path / "out.tsv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file, delimiter="\t"))[1][:2] == ["rs1", "113834946"]
    assert json.loads((tmp_path / "out.json").read_text())[0]["codes"] == ["A:1", "B:2"]
    table = pl.read_parquet(tmp_path / "out.parquet")
    assert table["position"].to_list() == [113834946, None]
    assert table["day"][0] == date(2007, 6, 7)
    assert table["codes"].to_list() == [["A:1", "B:2"], None]
    assert [json.loads(text) for text in table["mixed"]] == [1, "x"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.csv", "out.json", "out.parquet", "out.tsv"]


def test_unsupported_extension_is_rejected_and_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.parquet"):
        file_format(tmp_path / "out.xlsx")
    (tmp_path / "out.csv").write_text("old")
    with pytest.raises(ValueError, match="shorter"):
        write_rows(tmp_path / "out.json", ["a", "b"], [[1]])
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_graphml_contains_nodes_relationships_and_paths(world, tmp_path: Path) -> None:
    cases = {
        "MATCH p = (:SNP {id: 'rs231775'})-->(:Gene) RETURN p": ({"rs231775", "HGNC:2505"}, 1),
        "MATCH (:SNP {id: 'rs231775'})-[r:LOCATED_IN]->() RETURN r": ({"rs231775", "HGNC:2505"}, 1),
        "MATCH (s:SNP {id: 'rs231775'})-[r]->(o) RETURN s.id, {all: collect([r, o])} AS found": (
            {"rs231775", "HGNC:2505", "MONDO:0005147"},
            2,
        ),
        "MATCH (d:Drug) RETURN d, d AS again": ({"DRUGBANK:DB01281"}, 0),
    }
    for cypher, (nodes, edges) in cases.items():
        written = query(world.graph, world.spaces, cypher).write(tmp_path / "out.graphml")
        assert written == f"{len(nodes)} nodes, {edges} edges"
        read = nx.read_graphml(tmp_path / "out.graphml", force_multigraph=True)
        assert (set(read), read.number_of_edges()) == (nodes, edges), cypher
        assert all(data["labels"].split("|")[-1] for _, data in read.nodes(data=True)), "bare ends are looked up"
        assert not any(key.startswith("embedding") for _, data in read.nodes(data=True) for key in data)
    edge = query(world.graph, world.spaces, "MATCH ()-[r {pubmed_id: '17554300'}]->() RETURN r")
    edge.write(tmp_path / "out.graphml")
    (start, end, data), *_ = nx.read_graphml(tmp_path / "out.graphml").edges(data=True)
    assert (start, end) == ("rs2476601", "MONDO:0008383")
    assert (data["type"], data["odds_ratio"], data["published"]) == ("ASSOCIATED_WITH", 1.8, "2007-06-07")
    with pytest.raises(UsageError, match="no nodes"):
        query(world.graph, world.spaces, "MATCH (d:Drug) RETURN d.name").network()


def test_two_relationships_of_one_pair_stay_separate(world) -> None:
    extra = {"start": "rs689", "end": "MONDO:0005147", "props": {"source": "toy", "key": "f" * 16}}
    world.graph.batches("load/create_edges", [extra], type="ASSOCIATED_WITH")
    both = "MATCH (:SNP {id: 'rs689'})-[r:ASSOCIATED_WITH]->() RETURN r"
    result = query(world.graph, world.spaces, both)
    assert result.network().number_of_edges() == len(result.rows) == 2
    assert [row["r"]["type"] for row in result.as_json()] == ["ASSOCIATED_WITH"] * 2
    assert result.frame().columns.tolist() == ["r"]
