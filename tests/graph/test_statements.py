"""Every Cypher file has its header, and runs on the versions that it is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import generel_graph
from generel_graph.errors import GraphError
from generel_graph.graph import FORMS, Graph
from generel_graph.graph.cypher import folder, statement

FILES = [str(p.relative_to(folder()).with_suffix("")) for p in sorted(folder().rglob("*.cypher"))]
PACKAGE = Path(generel_graph.__file__).parent
VALUES = {
    "k": 3,
    "limit": 3,
    "anchors": 3,
    "dimension": 4,
    "vector": [1.0, 2.0, 3.0, 4.0],
    "name": "x",
    "constant": 1.0,
}


@pytest.mark.parametrize("name", FILES)
def test_the_header_tells_what_it_does_its_parameters_and_columns(name: str) -> None:
    lines = (folder() / f"{name}.cypher").read_text(encoding="utf-8").splitlines()
    header = []
    for line in lines:
        if not line.startswith("//"):
            break
        header.append(line.removeprefix("//").strip())
    body = "\n".join(line for line in lines[len(header) :] if not line.strip().startswith("//"))
    assert header and header[0][0].isupper() and not header[0].startswith("$")
    told = {n for line in header if line.startswith("$") for n in re.findall(r"\$(\w+)", line.partition(":")[0])}
    assert told == set(re.findall(r"\$(\w+)", body))
    assert sum(line.startswith("returns:") for line in header) == 1
    assert ";" not in body
    if name.startswith("recipes/"):
        assert {n for line in header for n in re.findall(r"^:param (\w+) => ", line)} == told
        assert header[0].endswith("?"), "a recipe begins with its question"
        assert sum(line.startswith("nothing:") for line in header) == 1


def test_every_statement_that_the_code_names_is_a_file() -> None:
    rooms = "|".join(sorted({name.partition("/")[0] for name in FILES}))
    named = re.compile(rf"""["']((?:{rooms})/[a-z_0-9]+)["']""")
    found = {name for path in PACKAGE.rglob("*.py") for name in named.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 50
    assert found <= set(FILES)


def test_every_file_is_understood_by_the_servers_that_it_is_for(graph: Graph) -> None:
    form = graph.capabilities.form
    (other,) = set(FORMS) - {form}
    for slot in (0, 1):
        graph.command(f"embed/create_index_{form}", slot, dimension=4)
    with graph.driver.session() as session:
        for name in FILES:
            if name.endswith(f"_{other}"):
                continue
            text = statement(name, 0, 1)
            parameters = {n: VALUES.get(n) for n in re.findall(r"\$(\w+)", text)}
            session.run(f"EXPLAIN {text}", parameters).consume()  # type: ignore[arg-type]


def test_only_slots_are_put_in_and_both_at_once() -> None:
    name = "recipes/changed_between_models_5"
    plain = statement(name, 0, 1)
    assert statement(name, 1, 0) == plain.replace("embedding_0", "embedding_x").replace(
        "embedding_1", "embedding_0"
    ).replace("embedding_x", "embedding_1")
    for slots in ((0, None), (None, 1), (0, 4), (-1, 1)):
        with pytest.raises(GraphError, match="needs a slot"):
            statement(name, *slots)
    assert statement("ask/get_nodes") == statement("ask/get_nodes", 3, 2), "a file without vectors takes no slot"
