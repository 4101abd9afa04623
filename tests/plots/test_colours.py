"""Kinds have one colour, wherever they are drawn."""

from __future__ import annotations

import re

from generel_etl.schema import KINDS
from generel_graph.plots.colours import COLOURS, OTHER, colour_of
from generel_graph.server import browser_files


def test_the_colours_are_those_of_the_style_sheet() -> None:
    sheet = (browser_files() / "generel.grass").read_text(encoding="utf-8")
    ruled = dict(re.findall(r"^node\.(\w+) \{[^}]*?\bcolor: (#\w{6})", sheet, re.MULTILINE))
    assert {kind: ruled[kind] for kind in KINDS} == dict(COLOURS)
    assert colour_of("Gene") == ruled["Gene"] and colour_of("no such kind") == OTHER == ruled["Entity"]
