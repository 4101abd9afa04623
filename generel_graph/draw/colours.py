"""The colour of each kind: one table, equal to that of `browser/generel.grass`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
