"""The colours of kinds, the same in all pictures and in Neo4j Browser (`browser/generel.grass`)."""

from __future__ import annotations

KINDS: dict[str, str] = {
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
OTHER = "#A5ABB6"  # of what has no kind, a free text among it
GREY, INK = "#5E6570", "#222B36"  # lines and their labels; text
