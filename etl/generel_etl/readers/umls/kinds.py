"""The kinds of UMLS concepts, from their semantic types (MRSTY.RRF)."""

from __future__ import annotations

import polars as pl

from generel_etl.parsing.rejects import ROW, Check, split_valid_rows
from generel_etl.schema import CONDITIONS, Concepts, conform

# Semantic types (TUI) of each kind. A concept with types of several kinds has the first of these kinds. Other types
# (procedures, devices, organisms, ideas) give no kind.
SEMANTIC_TYPES: dict[str, tuple[str, ...]] = {
    "Gene": ("T028",),
    "Disease": ("T019", "T020", "T037", "T046", "T047", "T048", "T049", "T190", "T191"),
    "Phenotype": ("T033", "T034", "T184"),
    "Trait": ("T032", "T201"),
    "Drug": ("T109", "T121", "T127", "T195", "T197", "T200"),
    "CellularComponent": ("T026",),
    "AnatomicalEntity": ("T017", "T018", "T021", "T022", "T023", "T024", "T025", "T029", "T030", "T031"),
    "MolecularActivity": ("T044",),
    "BiologicalProcess": ("T038", "T039", "T040", "T041", "T042", "T043", "T045"),
}
_KIND_OF_TYPE = {type_: kind for kind, types in SEMANTIC_TYPES.items() for type_ in types}
_KIND_ORDER = pl.Enum(list(SEMANTIC_TYPES))


def read_types(frame: pl.DataFrame) -> pl.DataFrame:
    """The kind of each CUI by its semantic types. Columns: CUI, semantic."""
    kinds = frame.select(
        "CUI", pl.col("TUI").replace_strict(_KIND_OF_TYPE, default=None, return_dtype=_KIND_ORDER).alias("kind")
    )
    return kinds.drop_nulls().group_by("CUI").agg(pl.col("kind").min().cast(pl.String).alias("semantic"))


def empty_types() -> pl.DataFrame:
    """The result of `read_types` without MRSTY."""
    return pl.DataFrame(schema={"CUI": pl.String, "semantic": pl.String})


def combined_kind(prefix_kind: pl.Expr, semantic: pl.Expr) -> pl.Expr:
    """The prefix's kind, unless the semantic type gives a kind of another class; CONDITIONS are one class."""
    both_conditions = prefix_kind.is_in(CONDITIONS) & semantic.is_in(CONDITIONS)
    return pl.coalesce(pl.when(both_conditions.fill_null(False)).then(prefix_kind), semantic, prefix_kind).fill_null(
        "Concept"
    )


def type_records(frame: pl.DataFrame, concepts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of MRSTY as records of the first code of their CUI, and rejects. `concepts`: see `Codes`."""
    codes = concepts.select("CUI", "id", "kind", "defined", "load_if_mentioned").unique(
        "CUI", keep="first", maintain_order=True
    )
    frame, bad = split_valid_rows(
        frame.join(codes, on="CUI", how="left", maintain_order="left"),
        [Check("CUI", pl.col("id").is_not_null(), "no code of this CUI was read")],
    )
    return conform(frame.rename({ROW: "row"}), Concepts), bad
