"""Files for Neo4j Browser: queries that run and have unique names, and a colour for every label."""

from __future__ import annotations

import re
from pathlib import Path

from generel_etl.schema import KINDS
from generel_graph.graph import Graph

BROWSER = Path(__file__).resolve().parents[2] / "browser"


def test_saved_queries_have_unique_names_and_run(graph: Graph) -> None:
    new = graph.capabilities.filtered_vector_search
    if new:
        graph.command("embed/create_index", 0, dimension=4)
    files = sorted((BROWSER / "queries").glob("*.cypher"))
    names = set()
    with graph.driver.session() as session:
        for path in files:
            text = path.read_text(encoding="utf-8")
            names.add(text.splitlines()[0].removeprefix("// "))
            if new or not path.stem.endswith("_26"):
                session.run(f"EXPLAIN {text}").consume()  # type: ignore[arg-type]
    assert len(names) == len(files) > 0


def test_style_sheet_has_every_label_with_general_ones_first() -> None:
    ruled = re.findall(r"^node\.(\w+)", (BROWSER / "generel.grass").read_text(), re.MULTILINE)
    assert ruled[:2] == ["Entity", "Concept"], "the last rule of a node's labels wins"
    assert {*KINDS, "Source", "Model"} <= set(ruled)
