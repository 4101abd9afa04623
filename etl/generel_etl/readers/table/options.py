"""The keys of a described table, and the checks of those of one kind of edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from generel_etl.errors import ConfigError
from generel_etl.identifiers import normalise_build
from generel_etl.readers.table.columns import ColumnMapping
from generel_etl.relations import RELATIONS
from generel_etl.schema import KINDS
from generel_etl.weights import CURATED, FORMULAS, Formula

BUILDS = ("GRCh36", "GRCh37", "GRCh38")
KEEP = ("all", "lead")
FORMATS = ("tsv", "csv", "parquet")
NULLS = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "NR", ".")
# The weight formula of types whose configuration names none; other types are curated (weight 1).
DEFAULT_WEIGHT = {
    "ASSOCIATED_WITH": "association",
    "REGULATES": "eqtl",
    "IN_LD_WITH": "ld",
    "CORRELATES_WITH": "phewas",
    "CO_OCCURS_WITH": "co_occurrence",
}


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """One kind of edge of a table; the same keys apply at the top of the source and in one of its `edges`."""

    columns: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # canonical column → file column
    constants: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # canonical column → value
    type: str = ""  # relationship type; or map a `predicate` column
    start_kind: str = ""  # default: from the `start_kind` column, the id's prefix, or the type
    end_kind: str = ""  # default: from the `end_kind` column, the id's prefix, or the type
    start_prefix: str = ""  # prefix of start ids that have none
    end_prefix: str = ""  # prefix of end ids that have none
    relations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # predicate → relationship type
    weight: Any = ""  # a formula in `weights.FORMULAS`, or a number in (0, 1]; default by type
    keep: str = ""  # `all`, or `lead`: load the strongest SNP per end, tissue and window, others only if mentioned
    window: int = 250_000  # base pairs, for `keep = "lead"`; without positions, each end is one window


@dataclass(frozen=True, slots=True)
class TableOptions(EdgeOptions):
    """The keys of a source with `reader = "table"`: those of one kind of edge, and the following."""

    edges: tuple[Mapping[str, Any], ...] = ()  # several kinds of edge, which share `columns` and `constants`
    node: str = ""  # `snp` or `concept`, if the rows are nodes
    create: bool | None = (
        None  # also create nodes that no other source names; default: true for concepts, false for SNPs
    )
    defines: bool = True  # the file defines the concepts; false: it mentions them
    kind: str = ""  # kind of the concepts
    kinds: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # start of a value → kind
    prefix: str = ""  # prefix of ids that have none; for SNPs "rs"
    build: str = ""  # genome build of positions: GRCh36, GRCh37, GRCh38
    format: str = ""  # tsv, csv or parquet; default: from the file name
    separator: str = ""  # default: a tab in tsv, a comma in csv
    quote: str = ""  # quotation mark; default: none in tsv, " in csv
    header: tuple[str, ...] = ()  # column names, if the file has no header line
    comment: str = ""  # start of lines before the header that are ignored
    encoding: str = "utf-8"  # text encoding of the files
    list_separator: str = "|"  # separator between the members of a list
    nulls: tuple[str, ...] = NULLS  # texts that mean "no value"


def check_edge(options: EdgeOptions, mapping: ColumnMapping, build: str, where: str) -> None:
    """Raise ConfigError for options that no table can satisfy: no type, unknown kinds, positions without a build."""
    if not options.type and "predicate" not in mapping:
        raise ConfigError(
            "no relationship type",
            where=where,
            next_step='add `type = "ASSOCIATED_WITH"`, or a `predicate` column',
        )
    if options.type and options.type not in RELATIONS:
        raise ConfigError("unknown relationship type", where=f"{where}.type", found=options.type, valid=RELATIONS)
    for key, kind in (("start_kind", options.start_kind), ("end_kind", options.end_kind)):
        if kind and kind not in KINDS:
            raise ConfigError("unknown kind", where=f"{where}.{key}", found=kind, valid=KINDS)
    for side in ("start", "end"):
        position = "position" if side == "start" else "end_position"
        if not any(name in mapping for name in (f"{side}_id", f"{side}_name", position)):
            raise ConfigError(
                f"no column identifies the edge's {side}",
                where=f"{where}.columns",
                valid=(f"{side}_id", f"{side}_name"),
                next_step=f'add `{side}_id = "…"` with the name of the file\'s column',
            )
    if ("position" in mapping or "end_position" in mapping) and normalise_build(build) is None:
        raise ConfigError(
            "positions need a genome build",
            where=f"{where.partition('.edges')[0]}.build",
            found=build or None,
            valid=BUILDS,
        )
    if options.keep not in ("", *KEEP):
        raise ConfigError("invalid value", where=f"{where}.keep", found=options.keep, valid=KEEP)
    weight_formula(options, where)


def weight_formula(options: EdgeOptions, where: str) -> Formula | float:
    """The formula of the edges' weight, or a constant weight; raises ConfigError for any other value."""
    weight = options.weight
    if weight == "":
        weight = DEFAULT_WEIGHT.get(options.type.removeprefix("NOT_"), CURATED)
    if isinstance(weight, (int, float)) and not isinstance(weight, bool) and 0 < weight <= 1:
        return float(weight)
    if isinstance(weight, str) and weight in FORMULAS:
        return FORMULAS[weight]
    raise ConfigError(
        "expected the name of a formula, or a number in (0, 1]",
        where=f"{where}.weight",
        found=options.weight,
        valid=FORMULAS,
    )
