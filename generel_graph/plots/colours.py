"""The colour of each kind: one table, equal to that of `browser/generel.grass`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from generel_etl.errors import UsageError

OTHER = "#A5ABB6"  # what has no colour of its own, a free text among it
GREY, INK = "#5E6570", "#222B36"  # lines and their labels; text

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
    """The colour of a kind, as "#RRGGBB"; grey for a kind that has none."""
    return COLOURS.get(kind, OTHER)


BY = ("kind", "source", "chromosome")
NONE = "none"  # the group of what has no source or chromosome
MANY = 20  # groups with a colour of their own, of sources; the rest share one
CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y", "MT")


@dataclass(frozen=True, slots=True)
class ColourGroup:
    """Points of one colour."""

    name: str
    colour: str  # "#RRGGBB"
    rows: NDArray[np.int64]  # of the table


def groups_of(nodes: pd.DataFrame, by: str) -> list[ColourGroup]:
    """Part the rows of a table by its column `by`, one of BY; every row is in one group.

    Kinds have the colours of the project's style sheet. Raises UsageError for another column.
    """
    if by not in BY:
        raise UsageError("a map is coloured by one of these", where="--colour", found=by, valid=BY)
    values = nodes[by].where(nodes[by] != "", NONE)
    names = [str(name) for name in values.value_counts().index]
    if by == "source" and len(names) > MANY:
        values = values.where(values.isin(names[:MANY]), "others")
        names = [*names[:MANY], "others"]
    if by == "chromosome":
        names.sort(key=lambda name: (name == NONE, CHROMOSOMES.index(name) if name in CHROMOSOMES else 99, name))
    colours = {name: colour_of(name) for name in names} if by == "kind" else _spread(names)
    rows = values.to_numpy()
    return [ColourGroup(name, colours[name], np.flatnonzero(rows == name)) for name in names]


def _spread(names: Sequence[str]) -> dict[str, str]:
    """Hues around the circle in turns of the golden angle, so that neighbours in the list look unlike."""
    import colorsys

    colours = {}
    for turn, name in enumerate(n for n in names if n not in {NONE, "others"}):
        red, green, blue = colorsys.hls_to_rgb(turn * 0.381966 % 1, 0.42 + 0.14 * (turn % 3), 0.65)
        colours[name] = f"#{round(255 * red):02X}{round(255 * green):02X}{round(255 * blue):02X}"
    return {**colours, NONE: OTHER, "others": OTHER}
