"""The colour of each kind of node, the same as in `browser/generel.grass`, and groups of nodes by colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from generel_etl.errors import UsageError

OTHER = "#A5ABB6"  # a kind without a colour of its own; a free text
GREY, INK = "#5E6570", "#222B36"  # lines with their labels; text

COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "SNP": "#E4572E",
        "Disease": "#7B2D8B",
        "Phenotype": "#B96AC9",
        "Trait": "#9C89B8",
        "Gene": "#2E86AB",
        "Drug": "#3BA55D",
        "DrugClass": "#8CC79C",
        "Pathway": "#F2A541",
        "BiologicalProcess": "#F4C26B",
        "CellularComponent": "#F7D88F",
        "MolecularActivity": "#E8B04A",
        "AnatomicalEntity": "#C97B84",
        "Concept": "#8D99AE",
    }
)


def colour_of(kind: str) -> str:
    """The colour of a kind, as "#RRGGBB"; grey for a kind without one."""
    return COLOURS.get(kind, OTHER)


BY = ("kind", "source", "chromosome")
NONE = "none"  # the group of nodes without a source or chromosome
MAX_SOURCES = 20  # sources with a colour of their own; the others share one
CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y", "MT")


@dataclass(frozen=True, slots=True)
class ColourGroup:
    """The nodes of one colour."""

    name: str
    colour: str  # "#RRGGBB"
    rows: NDArray[np.int64]  # of the table


def groups_of(nodes: pd.DataFrame, by: str) -> list[ColourGroup]:
    """Group the rows of a table by its column `by`, one of BY; every row is in one group.

    Kinds have the colours of the style sheet. Raises UsageError for another column.
    """
    if by not in BY:
        raise UsageError("unknown colouring", where="--colour", found=by, valid=BY)
    values = nodes[by].where(nodes[by] != "", NONE)
    names = [str(name) for name in values.value_counts().index]
    if by == "source" and len(names) > MAX_SOURCES:
        values = values.where(values.isin(names[:MAX_SOURCES]), "others")
        names = [*names[:MAX_SOURCES], "others"]
    if by == "chromosome":
        names.sort(key=lambda name: (name == NONE, CHROMOSOMES.index(name) if name in CHROMOSOMES else 99, name))
    colours = {name: colour_of(name) for name in names} if by == "kind" else _hues(names)
    rows = values.to_numpy()
    return [ColourGroup(name, colours[name], np.flatnonzero(rows == name)) for name in names]


def _hues(names: Sequence[str]) -> dict[str, str]:
    """Hues in steps of the golden angle around the colour circle, so that consecutive names differ clearly."""
    import colorsys

    colours = {}
    for turn, name in enumerate(n for n in names if n not in {NONE, "others"}):
        red, green, blue = colorsys.hls_to_rgb(turn * 0.381966 % 1, 0.42 + 0.14 * (turn % 3), 0.65)
        colours[name] = f"#{round(255 * red):02X}{round(255 * green):02X}{round(255 * blue):02X}"
    return {**colours, NONE: OTHER, "others": OTHER}
