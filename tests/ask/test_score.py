"""Scoring adds cosines and effects to a table of pairs and changes nothing else."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest

from generel_etl.errors import DataError
from generel_graph.ask import score
from generel_graph.ask.score import read_pairs


def test_rows_keep_their_order_and_columns_and_get_ids_and_cosines(shared_world, tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(
        "note\tright\tleft\n"
        'b "quoted\tMONDO:0005147\trs2476601\n'
        "a\trs1\tasthma of old\n"
        "c\tsweet blood\tT2D\n"
        "\t\tINS\n"
        "d\tPTPN22\trs2476601\n"
        "e\tmorning joint stiffness\tsweet blood\n"
        "b\tMONDO:0005147\trs2476601\n",
        encoding="utf-8",
    )
    lines = score(shared_world.graph, shared_world.spaces, read_pairs(path)).tsv().splitlines()
    added = "left_id\tright_id\tcosine\tleft_by\tright_by\teffect\teffect_percentile"
    assert lines[0] == f"note\tright\tleft\t{added}"
    rows = [line.split("\t") for line in lines[1:]]
    assert [row[:3] for row in rows] == [line.split("\t") for line in path.read_text().splitlines()[1:]]
    assert [row[3:5] for row in rows] == [
        ["rs2476601", "MONDO:0005147"],
        ["", ""],
        ["MONDO:0005148", ""],
        ["HGNC:6081", ""],
        ["rs2476601", "HGNC:9652"],
        ["", ""],
        ["rs2476601", "MONDO:0005147"],
    ]
    cosines = [row[5] for row in rows]
    assert float(cosines[0]) == pytest.approx((1 + 0.3) / math.sqrt(1.25 * 1.36), abs=1e-5)
    assert cosines[1] == cosines[3] == ""
    assert float(cosines[2]) == pytest.approx(1.0, abs=1e-5)
    assert float(cosines[4]) == pytest.approx(0.5 * 1.1 / math.sqrt(1.25 * 1.04), abs=1e-5)
    assert float(cosines[5]) == pytest.approx(0.0, abs=1e-5)
    assert cosines[6] == cosines[0]
    assert [row[6:8] for row in rows][:5] == [
        ["rsid", "code"],
        ["text", ""],
        ["synonym", "text"],
        ["name", ""],
        ["rsid", "name"],
    ]


def test_invalid_table_is_rejected(shared_world, tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("left\tother\nA\tB\n")
    with pytest.raises(DataError, match=r"missing column.*'right'"):
        read_pairs(path)
    path.write_text("left\tright\nA\tB\tC\n")
    with pytest.raises(DataError, match=r"pairs\.tsv"):
        read_pairs(path)
    with pytest.raises(DataError, match="overwritten"):
        score(shared_world.graph, shared_world.spaces, pl.DataFrame({"left": ["A"], "right": ["B"], "cosine": [1.0]}))


def test_snp_not_in_the_graph_has_a_cosine(shared_world) -> None:
    pairs = pl.DataFrame({"left": ["rs4242", "rs4243", "CAD"], "right": ["CAD", "CAD", "rs4242"]})
    scored = score(shared_world.graph, shared_world.spaces, pairs).table
    assert scored["left_id"].to_list() == ["rs4242", None, "MONDO:0005010"]
    assert scored["left_by"].to_list() == ["locus", None, "synonym"]
    assert scored["cosine"][0] == scored["cosine"][2] == pytest.approx(1 / math.sqrt(1.01), abs=1e-5)
    assert scored["cosine"][1] is None


def test_empty_table_gets_the_columns(shared_world) -> None:
    empty = pl.DataFrame(schema={"left": pl.String, "right": pl.String})
    assert score(shared_world.graph, shared_world.spaces, empty).table.columns == [
        "left",
        "right",
        "left_id",
        "right_id",
        "cosine",
        "left_by",
        "right_by",
        "effect",
        "effect_percentile",
    ]


def test_snp_and_trait_have_an_effect_in_either_order(shared_world) -> None:
    pairs = {
        "left": ["rs2476601", "RA", "rs689", "rs2476601", "PTPN22", "rs689", "sweet blood", "T2D", "rs1"],
        "right": ["T2D", "rs689", "joint stiffness", "PTPN22", "RA", "rs689", "rs689", "RA", "RA"],
    }
    scored = score(shared_world.graph, shared_world.spaces, pl.DataFrame(pairs)).table
    assert scored["effect"].to_list() == [0.09, 0.05, 0.05, None, None, None, None, None, None]
    assert scored["effect_percentile"].to_list() == [100.0, 0.0, 0.0, None, None, None, None, None, None]


def test_space_without_effects_gives_null(shared_world, monkeypatch) -> None:
    monkeypatch.setattr(shared_world.space, "effects", lambda self, pairs, traits: None)
    scored = score(
        shared_world.graph, shared_world.spaces, pl.DataFrame({"left": ["rs2476601"], "right": ["T2D"]})
    ).table
    assert scored.select("effect", "effect_percentile").row(0) == (None, None)
    assert scored["cosine"][0] is not None
