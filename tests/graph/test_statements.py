"""Every Cypher file has a header and is valid on the server versions that it is written for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import generel_graph
from generel_etl.errors import GraphError
from generel_graph.ask.recipes.recipe import PARAMETER
from generel_graph.graph import DIALECTS, Graph
from generel_graph.graph.statements import NEO4J_5, NEWEST, folder, statement, statement_body, statement_names

FILES = [str(p.relative_to(folder()).with_suffix("")) for p in sorted(folder().rglob("*.cypher"))]
OVERRIDES = [name for name in FILES if name.startswith(f"{NEO4J_5}/")]
ONLY_NEO4J_5 = {"embed/create_kind_index"}  # overrides without a shared statement
SHARED = {"graph", "schema"}  # folders whose statements every package may use
OWNERS = {"recipes": "ask"}  # the package that owns a folder of another name
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
def test_header_states_purpose_parameters_and_columns(name: str) -> None:
    lines = (folder() / f"{name}.cypher").read_text(encoding="utf-8").splitlines()
    header = []
    for line in lines:
        if not line.startswith("//"):
            break
        header.append(line.removeprefix("//").strip())
    body = "\n".join(line for line in lines[len(header) :] if not line.strip().startswith("//"))
    assert header
    assert header[0][0].isupper()
    assert not header[0].startswith("$")
    parameters = {n for line in header if line.startswith("$") for n in re.findall(r"\$(\w+)", line.partition(":")[0])}
    assert parameters == set(re.findall(r"\$(\w+)", body))
    assert sum(line.startswith("returns:") for line in header) == 1
    assert ";" not in body
    if "recipes" in name.split("/"):
        typed = [match for line in lines if (match := PARAMETER.match(line))]
        assert {match["name"] for match in typed} == parameters, "each parameter line states type, default and meaning"
        assert all((match["default"] == "null") <= bool(match["null"]) for match in typed), "null needs a `?`"
        assert all(match["default"].startswith("[") == bool(match["list"]) for match in typed), "lists end in s"
        assert header[0].endswith("?"), "a recipe begins with its question"
        assert sum(line.startswith("nothing:") for line in header) == 1


def named_statements() -> dict[str, set[str]]:
    """The statements that the code names, each with the packages that name it."""
    folders = "|".join(sorted({name.partition("/")[0] for name in statement_names(NEO4J_5)}))
    named = re.compile(rf"""["']((?:{folders})/[a-z_0-9]+)["']""")
    users: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for name in named.findall(path.read_text(encoding="utf-8")):
            users.setdefault(name, set()).add(path.relative_to(PACKAGE).parts[0])
    return users


def test_every_statement_that_the_code_names_is_a_file() -> None:
    named = named_statements().keys()
    assert len(named) > 50
    assert named <= {*statement_names(NEWEST), *statement_names(NEO4J_5)}


def test_only_the_package_that_owns_a_folder_names_its_statements() -> None:
    for name, users in named_statements().items():
        owner = name.partition("/")[0]
        if owner not in SHARED:
            assert users == {OWNERS.get(owner, owner)}, name


def test_an_override_differs_from_its_shared_statement() -> None:
    names = {name.removeprefix(f"{NEO4J_5}/") for name in OVERRIDES}
    assert names - set(statement_names(NEWEST)) == ONLY_NEO4J_5
    for name in names - ONLY_NEO4J_5:
        assert statement_body(name, NEO4J_5) != statement_body(name, NEWEST), name


def test_every_statement_is_valid_on_the_servers_that_it_is_for(graph: Graph) -> None:
    dialect = graph.capabilities.dialect
    assert dialect in DIALECTS
    for slot in (0, 1):
        graph.command("embed/create_index", slot, dimension=4)
    with graph.driver.session() as session:
        for name in statement_names(dialect):
            text = statement(name, 0, 1, dialect)
            parameters = {n: VALUES.get(n) for n in re.findall(r"\$(\w+)", text)}
            session.run(f"EXPLAIN {text}", parameters).consume()  # type: ignore[arg-type]


def test_a_digest_of_a_statement_ignores_comments() -> None:
    for name in statement_names(NEWEST):
        assert "//" not in statement_body(name)
        assert statement_body(name)


def test_only_slots_are_inlined_and_both_at_once() -> None:
    name = "recipes/changed_between_models"
    plain = statement(name, 0, 1, NEO4J_5)
    assert statement(name, 1, 0, NEO4J_5) == plain.replace("embedding_0", "embedding_x").replace(
        "embedding_1", "embedding_0"
    ).replace("embedding_x", "embedding_1")
    for slots in ((0, None), (None, 1), (0, 4), (-1, 1)):
        with pytest.raises(GraphError, match="needs a slot"):
            statement(name, *slots)
    assert statement("ask/get_nodes") == statement("ask/get_nodes", 3, 2), "a file without vectors takes no slot"
