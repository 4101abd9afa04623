"""Each kind has the same colour in all pictures and in Neo4j Browser."""

from __future__ import annotations

import re

from generel_etl.schema import KINDS
from generel_graph.plots.colours import COLOURS, OTHER, colour_of
from generel_graph.server import browser_files


def test_colours_equal_those_of_the_style_sheet() -> None:
    sheet = (browser_files() / "generel.grass").read_text(encoding="utf-8")
    colours = dict(re.findall(r"^node\.(\w+) \{[^}]*?\bcolor: (#\w{6})", sheet, re.MULTILINE))
    assert {kind: colours[kind] for kind in KINDS} == dict(COLOURS)
    assert colour_of("Gene") == colours["Gene"]
    assert colour_of("no such kind") == OTHER == colours["Entity"]
