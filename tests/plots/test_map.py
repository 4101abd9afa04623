"""The map: every node is drawn once at its position; the page needs no other file and no network."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from generel_etl.errors import ModelError, UsageError
from generel_graph.plots import libraries
from generel_graph.plots.colours import groups_of
from generel_graph.plots.labels import apart, label_positions
from generel_graph.plots.map import draw_map


def numbers(value: dict | list) -> list[float]:
    if isinstance(value, list):
        return value
    return np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"]).tolist()


def traces(page: Path) -> list[dict]:
    """The traces that the page passes to plotly."""
    text = page.read_text(encoding="utf-8")
    begin = re.search(r'Plotly\.newPlot\(\s*"map",\s*', text)
    assert begin
    return json.JSONDecoder().raw_decode(text, begin.end())[0]


class ResourceParser(HTMLParser):
    """Collects the addresses that a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "data"}]


def test_every_node_is_on_the_page_once_at_its_position(nodes: pd.DataFrame, tmp_path: Path) -> None:
    page, picture = draw_map(nodes, tmp_path / "deep" / "map.html", marks={"gout": ["n3", "n1", "not there"]})
    assert picture.read_bytes().startswith(b"\x89PNG")
    *groups, marked = traces(page)
    positions = {}
    for group in groups:
        ids = [details[0] for details in group["customdata"]]
        positions |= dict(zip(ids, zip(numbers(group["x"]), numbers(group["y"]), strict=True), strict=True))
    assert sum(len(group["customdata"]) for group in groups) == len(positions) == len(nodes)
    for row in nodes.itertuples():
        assert positions[row.id] == pytest.approx((row.x, row.y), abs=1e-6)
    assert [details[0] for details in marked["customdata"]] == ["n3", "n1"]
    assert "gout" in marked["name"]
    assert all(group["type"] == "scattergl" for group in groups)


def test_page_fetches_nothing_and_escapes_names(nodes: pd.DataFrame, tmp_path: Path) -> None:
    nodes.loc[0, "name"] = "</script><script>alert(1)</script>"
    page, _ = draw_map(nodes, tmp_path / "map.html")
    text = page.read_text(encoding="utf-8")
    parser = ResourceParser()
    parser.feed(text)
    assert parser.addresses == []
    assert "alert(1)</script>" not in text
    assert any("&lt;b&gt;" in name for group in traces(page) for name in group["text"])


def test_same_table_gives_the_same_files(nodes: pd.DataFrame, tmp_path: Path) -> None:
    files = [draw_map(nodes, tmp_path / name / "map.html", title="t") for name in ("a", "b")]
    assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]


@pytest.mark.parametrize("by", ["kind", "source", "chromosome"])
def test_every_node_is_in_one_group(nodes: pd.DataFrame, by: str) -> None:
    groups = groups_of(nodes, by)
    rows = np.concatenate([group.rows for group in groups])
    assert sorted(rows.tolist()) == list(range(len(nodes)))
    assert len({group.colour for group in groups}) == len(groups)
    for group in groups:
        assert set(nodes[by].iloc[group.rows]) == {"" if group.name == "none" else group.name}


def test_chromosomes_are_in_karyotype_order(nodes: pd.DataFrame) -> None:
    assert [group.name for group in groups_of(nodes, "chromosome")] == ["2", "10", "X", "none"]


def test_invalid_arguments_and_missing_libraries_are_rejected(
    nodes: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="kind, source, chromosome"):
        draw_map(nodes, tmp_path / "map.html", by="colour")
    with pytest.raises(UsageError, match=r"\.html"):
        draw_map(nodes, tmp_path / "map.png")
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"generel-graph\[plot\]"):
        draw_map(nodes, tmp_path / "map.html")
    assert not list(tmp_path.iterdir())


def test_labels_are_in_their_group_and_do_not_overlap() -> None:
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(at, 0.1, size=(200, 2)) for at in ((0, 0), (10, 0), (10.2, 0))])
    rows = [np.arange(200), np.arange(200, 400), np.arange(400, 600)]
    positions = label_positions(points, rows)
    assert positions[0] == pytest.approx([0, 0], abs=0.5)
    assert positions[1] == pytest.approx([10, 0], abs=0.5)
    assert apart(positions[0] / np.ptp(points, axis=0), positions[1] / np.ptp(points, axis=0))
