"""The diagram of the packages shows the layers that import-linter enforces."""

from __future__ import annotations

import tomllib
import xml.etree.ElementTree as ET

from tests.docs.conftest import ROOT

SVG = "{http://www.w3.org/2000/svg}"


def rows() -> list[set[str]]:
    """The names of the boxes of each row, from top to bottom."""
    found: dict[int, set[str]] = {}
    for box in ET.parse(ROOT / "docs" / "images" / "packages.svg").iter(f"{SVG}text"):
        if box.get("class") == "name" and box.text:
            found.setdefault(round(float(box.attrib["y"]) / 20), set()).add(box.text)
    return [found[y] for y in sorted(found)]


def test_the_rows_of_the_diagram_are_the_layers_of_the_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = (c["layers"] for c in contracts if c["type"] == "layers" and c["containers"] == ["generel_graph"])
    assert rows() == [*({name.strip() for name in layer.split("|")} for layer in layers), {"generel_etl"}]


def test_every_package_is_in_the_diagram() -> None:
    folders = {p.name for p in (ROOT / "generel_graph").iterdir() if (p / "__init__.py").exists()}
    assert folders <= set().union(*rows())
