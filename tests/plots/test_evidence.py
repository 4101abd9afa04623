"""The picture of an explanation: the nodes it shows and leaves out, and positions without overlap."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import networkx as nx
import pytest

from generel_etl.errors import UsageError
from generel_graph.plots.colours import COLOURS
from generel_graph.plots.evidence import draw_evidence
from generel_graph.plots.evidence_layout import HUB, MAX_INNER, drawable, node_positions

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def graph() -> nx.MultiDiGraph:
    """An SNP and a disease: one direct edge, three shared genes, two longer paths, and a phenotype that is a hub."""
    graph: nx.MultiDiGraph = nx.MultiDiGraph(title="rs1 and gout: cosine 0.42")

    def node(id_: str, kind: str, place: float, name: str = "", degree: int = 10, score: float = 0.1) -> None:
        graph.add_node(id_, kind=kind, name=name or id_, degree=degree, place=place, score=score)

    def edge(start: str, end: str, type_: str, symmetric: bool = False, negative: bool = False) -> None:
        graph.add_edge(start, end, f"{type_}", type=type_, symmetric=symmetric, negative=negative)

    node("rs1", "SNP", 0.0)
    node("MONDO:1", "Disease", 1.0, "gout of the very long name that goes over several lines")
    edge("rs1", "MONDO:1", "ASSOCIATED_WITH")
    edge("rs1", "MONDO:1", "NOT_ASSOCIATED_WITH", negative=True)
    for n in range(3):
        node(f"GENE{n}", "Gene", 0.5, score=1.0 + n)
        edge("rs1", f"GENE{n}", "LOCATED_IN")
        edge(f"GENE{n}", "MONDO:1", "GENE_ASSOCIATED_WITH")
    node("pain", "Phenotype", 0.5, degree=HUB + 1, score=9.0)
    edge("MONDO:1", "pain", "HAS_PHENOTYPE")
    edge("rs1", "pain", "ASSOCIATED_WITH")
    for n in range(2):
        node(f"X{n}", "Gene", 1 / 3)
        node(f"Y{n}", "Drug", 2 / 3)
        edge("rs1", f"X{n}", "REGULATES")
        edge(f"Y{n}", f"X{n}", "TARGETS")
        edge(f"Y{n}", "MONDO:1", "TREATS")
    node("astray", "Drug", 2 / 3)
    edge("astray", "MONDO:1", "TREATS")
    return graph


def test_hubs_and_dead_ends_are_not_drawn(graph: nx.MultiDiGraph) -> None:
    drawn = set(drawable(graph))
    assert drawn == set(graph) - {"pain", "astray"}
    graph.nodes["X0"]["degree"] = HUB + 1
    assert set(drawable(graph)) == drawn - {"X0", "Y0"}, "the second half of a path is removed with the first"
    for n in range(2 * MAX_INNER):
        graph.add_node(f"more{n}", kind="Gene", name="", degree=5, place=0.5, score=2.0)
        graph.add_edge("rs1", f"more{n}", type="LOCATED_IN")
        graph.add_edge(f"more{n}", "MONDO:1", type="GENE_ASSOCIATED_WITH")
    assert len(drawable(graph)) == MAX_INNER + 2
    assert "GENE2" in drawable(graph)
    assert "X1" not in drawable(graph)


def test_endpoints_are_at_the_sides_and_nodes_do_not_overlap(graph: nx.MultiDiGraph) -> None:
    for shown in (drawable(graph), graph.subgraph([n for n in graph if graph.nodes[n]["place"] != 0.5])):
        positions, height = node_positions(shown)
        assert set(positions) == set(shown)
        assert positions["rs1"][0] == min(x for x, _ in positions.values())
        assert positions["rs1"][1] == positions["MONDO:1"][1]
        assert positions["MONDO:1"][0] == max(x for x, _ in positions.values())
        assert all(0 < y < height for _, y in positions.values())
        for (ax, ay), (bx, by) in combinations(positions.values(), 2):
            assert abs(ax - bx) > 1.5 or abs(ay - by) > 0.35
        assert all(y != positions["rs1"][1] for n, (_, y) in positions.items() if n not in ("rs1", "MONDO:1"))


def test_svg_has_names_types_and_colours(graph: nx.MultiDiGraph, tmp_path: Path) -> None:
    svg = draw_evidence(graph, tmp_path / "why.svg").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", " ", svg)
    for word in ("rs1", "gout of the very", "GENE2", "LOCATED_IN", "TARGETS", "NOT_ASSOCIATED_WITH", "cosine 0.42"):
        assert word in text
    assert "pain" not in text
    assert "astray" not in text
    for kind in ("SNP", "Disease", "Gene", "Drug"):
        assert COLOURS[kind].lower() in svg
        assert kind in text
    assert draw_evidence(graph, tmp_path / "again.svg").read_text(encoding="utf-8") == svg


def test_png_is_written_and_other_formats_are_rejected(graph: nx.MultiDiGraph, tmp_path: Path) -> None:
    assert draw_evidence(graph, tmp_path / "why.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"why\.pdf"):
        draw_evidence(graph, tmp_path / "why.pdf")


def test_endpoints_without_a_path_are_drawn_alone(tmp_path: Path) -> None:
    graph: nx.MultiDiGraph = nx.MultiDiGraph(title="a text and gout")
    graph.add_node("a text", kind="", name="a text", degree=0, place=0.0, score=0.0)
    graph.add_node("MONDO:1", kind="Disease", name="gout", degree=0, place=1.0, score=0.0)
    assert "gout" in draw_evidence(graph, tmp_path / "why.svg").read_text(encoding="utf-8")
