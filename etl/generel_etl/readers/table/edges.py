"""Edges of a described table: type, ends, weight, flags, and which of them stay in the stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import polars as pl

from generel_etl.errors import ConfigError, DataError
from generel_etl.identifiers import chromosome, curie, kind, normalise_build, position_ids, rsid, snp_id
from generel_etl.parsing.rejects import ROW, Check, as_rejects, concat_rejects, split_valid_rows
from generel_etl.readers.table.columns import EDGE_COLUMNS, ENDS, PLACE, Mapped, canonical, sorted_pair, valued
from generel_etl.relations import RELATIONS, from_predicate
from generel_etl.schema import CONCEPT_KINDS, EDGE_PROPERTIES, KINDS, Edges, Snps, conform
from generel_etl.weights import CURATED, FORMULAS, Formula

EMPTY = "empty: no edge from this row"
KEEP = ("all", "lead")
# The weight of a type that does not name one; all others are curated (1).
DEFAULT_WEIGHT = {
    "ASSOCIATED_WITH": "association",
    "REGULATES": "eqtl",
    "IN_LD_WITH": "ld",
    "CORRELATES_WITH": "phewas",
    "CO_OCCURS_WITH": "co_occurrence",
}
# Biolink's categories that are not called as here.
CATEGORIES = {
    "SequenceVariant": "SNP",
    "PhenotypicFeature": "Phenotype",
    "DiseaseOrPhenotypicFeature": "Disease",
    "SmallMolecule": "Drug",
    "ChemicalEntity": "Drug",
    "MolecularMixture": "Drug",
    "Protein": "Gene",
    "GrossAnatomicalStructure": "AnatomicalEntity",
    "Cell": "AnatomicalEntity",
    "NamedThing": "Concept",
}


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """What one kind of edge that a table holds is; the same keys at the source's top or in one of its `edges`."""

    columns: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # canonical → the file's
    constants: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # canonical → value
    type: str = ""  # relationship type; or a `predicate` column
    start_kind: str = ""  # else by column, by the id's prefix, by the type
    end_kind: str = ""
    start_prefix: str = ""  # of ids that come without one
    end_prefix: str = ""
    relations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # predicate → type
    weight: Any = ""  # a formula of weights.FORMULAS, or a number in (0, 1]; default by type
    keep: str = ""  # all; or lead: the strongest SNP of each end, tissue and window, the rest if mentioned elsewhere
    window: int = 250_000  # base pairs, of `keep = "lead"`; without positions an end is one window


def check_edge(options: EdgeOptions, mapping: Mapped, build: str, where: str) -> None:
    """Raise ConfigError for what no table could fulfil: no type, unknown kinds, positions without a build."""
    if not options.type and "predicate" not in mapping:
        raise ConfigError(
            "no type of edge",
            where=where,
            next_step='add `type = "ASSOCIATED_WITH"`, or a `predicate` column',
        )
    if options.type and options.type not in RELATIONS:
        raise ConfigError("no such type of edge", where=f"{where}.type", found=options.type, valid=RELATIONS)
    for key, given in (("start_kind", options.start_kind), ("end_kind", options.end_kind)):
        if given and given not in KINDS:
            raise ConfigError("no such kind", where=f"{where}.{key}", found=given, valid=KINDS)
    for side in ("start", "end"):
        place = ("position" if side == "start" else "end_position") in mapping
        if not (f"{side}_id" in mapping or f"{side}_name" in mapping or place):
            raise ConfigError(
                f"nothing names the edge's {side}",
                where=f"{where}.columns",
                valid=(f"{side}_id", f"{side}_name"),
                next_step=f'add `{side}_id = "…"` with the name of the file\'s column',
            )
    placed = [n for n in ("position", "end_position") if n in mapping]
    if placed and normalise_build(build) is None:
        raise ConfigError(
            "positions need the genome's build",
            where=f"{where.partition('.edges')[0]}.build",
            found=build or None,
            valid=("GRCh36", "GRCh37", "GRCh38"),
        )
    if options.keep not in ("", *KEEP):
        raise ConfigError("no such choice", where=f"{where}.keep", found=options.keep, valid=KEEP)
    _formula(options, options.type, where)


def read_edges(
    frame: pl.DataFrame, options: EdgeOptions, mapping: Mapped, build: str, where: str
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Edges, the SNPs whose place the rows state, and rejects, of one kind of edge."""
    table = canonical(frame, mapping, EDGE_COLUMNS)
    table, bad = _typed(table, options, mapping, where)
    table, cells = valued(table, mapping)
    table = _with_end(_with_end(table, "start", options, build), "end", options, build)
    table, lost = split_valid_rows(table, [c for side in ("start", "end") for c in _checks(side, mapping)])
    table = _weighed(table, options, where)
    table = table.with_columns(_on_mention(table, options).alias("load_if_mentioned"))
    edges = conform(table.rename({ROW: "row"}), Edges)
    snps = [_snps(table, side, build) for side in ("start", "end")]
    return edges, pl.concat([Snps.create_empty(), *snps]), concat_rejects([bad, cells, lost])


def _typed(table: pl.DataFrame, options: EdgeOptions, mapping: Mapped, where: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put the type into `type`, and the ends of inverse predicates ("treated by") into its direction."""
    if options.type:
        return table.with_columns(pl.lit(options.type).alias("type")), concat_rejects([])
    negated = (
        pl.col("negated").str.to_lowercase().is_in(["true", "1", "yes", "not"])
        if "negated" in mapping
        else pl.lit(False)
    )
    table = table.with_columns(negated.fill_null(False).alias("negated"))
    known: list[tuple[str, bool, str | None, bool, str | None]] = []
    for predicate, no in table.select("predicate", "negated").unique().drop_nulls().rows():
        try:
            found = from_predicate(
                options.relations.get(predicate, predicate.rpartition(":")[2]), negated=no, where=where
            )
            known.append((predicate, no, found.type, found.swap, None))
        except DataError as error:
            near = f"; did you mean {error.nearest!r}?" if error.nearest else ""
            known.append((predicate, no, None, False, f"{error.what}{near}"))
    schema = {
        "predicate": pl.String,
        "negated": pl.Boolean,
        "type": pl.String,
        "#swap": pl.Boolean,
        "#why": pl.String,
    }
    table = table.join(pl.DataFrame(known, schema=schema, orient="row"), on=["predicate", "negated"], how="left")
    wrong = table.filter(pl.col("type").is_null())
    reason = pl.col("#why").fill_null("no predicate")
    bad = as_rejects(wrong, mapping.file_column("predicate"), reason, pl.col("predicate"))
    table = table.filter(pl.col("type").is_not_null())
    if "relation" not in table.columns:
        table = table.with_columns(pl.col("predicate").alias("relation"))
    swapped = []
    for what in ("id", "name", "kind", "prefix"):
        pair = [f"{side}_{what}" for side in ("start", "end")]
        one, two = (pl.col(n) if n in table.columns else pl.lit(None, dtype=pl.String) for n in pair)
        swapped += [
            pl.when("#swap").then(two).otherwise(one).alias(pair[0]),
            pl.when("#swap").then(one).otherwise(two).alias(pair[1]),
        ]
    return table.with_columns(swapped), bad


def _with_end(table: pl.DataFrame, side: str, options: EdgeOptions, build: str) -> pl.DataFrame:
    """Normalise one end: `<side>_id`, `<side>_kind`, and `<side>_text`, the id as the file has it."""
    missing = [pl.lit(None, dtype=pl.String).alias(n) for n in ENDS if n.startswith(side) and n not in table.columns]
    table = table.with_columns(missing).with_columns(pl.col(f"{side}_id").alias(f"{side}_text"))
    prefix = options.start_prefix if side == "start" else options.end_prefix
    given = options.start_kind if side == "start" else options.end_kind
    usual = {t: (r.starts if side == "start" else r.ends) for t, r in RELATIONS.items()}
    # A type that joins anything says nothing about a kind.
    default = pl.col("type").replace_strict({t: "Concept" if k == CONCEPT_KINDS else k[0] for t, k in usual.items()})
    text = pl.col(f"{side}_id")
    if given == "SNP" or (not given and options.type and usual[options.type] == ("SNP",)):
        return table.with_columns(_snp_end(table, side, build).alias(f"{side}_id"), pl.lit("SNP").alias(f"{side}_kind"))
    own = pl.col(f"{side}_prefix")
    concept = curie(pl.coalesce(pl.concat_str(own, pl.lit(":"), text), text), prefix or None)
    table = table.with_columns(pl.coalesce(rsid(text), concept).alias(f"{side}_id"))
    column = pl.col(f"{side}_kind").str.replace("^biolink:", "").replace(CATEGORIES)
    implied = kind(pl.col(f"{side}_id"))
    found = pl.lit(given) if given else pl.coalesce(pl.when(column.is_in(KINDS)).then(column), implied, default)
    return table.with_columns(found.alias(f"{side}_kind"))


def _snp_end(table: pl.DataFrame, side: str, build: str) -> pl.Expr:
    """An SNP's id: its rsID, else its place as written in the id or in the place's columns."""
    names = {what: what if side == "start" else f"end_{what}" for what in PLACE}
    named = snp_id(pl.col(f"{side}_id"), build)
    if not {names["chromosome"], names["position"]} <= set(table.columns):
        return named
    return pl.coalesce(named, place_id(f"{side}_id", names, table.columns, build))


def place_id(identity: str, names: Mapping[str, str], columns: Sequence[str], build: str) -> pl.Expr:
    """An SNP's id from the columns of its place; null where the id's own text holds rsIDs: then it is several."""
    both = (names["ref"], names["alt"])
    alleles = (pl.col(both[0]), pl.col(both[1])) if set(both) <= set(columns) else None
    position = pl.col(names["position"]).cast(pl.Int64, strict=False)
    found = position_ids(build, pl.col(names["chromosome"]), position, alleles)
    if identity not in columns:
        return found
    return pl.when(~pl.col(identity).str.contains("(?i)rs[0-9]").fill_null(False)).then(found)


def _checks(side: str, mapping: Mapped) -> list[Check]:
    """An end must be there: an SNP by its id, a concept by an id or a name."""
    column = mapping.file_column(f"{side}_id" if f"{side}_id" in mapping else f"{side}_name")
    identity, name, text = (pl.col(f"{side}_{what}") for what in ("id", "name", "text"))
    is_snp = pl.col(f"{side}_kind") == "SNP"
    reason = (
        pl.when(text.is_null())
        .then(pl.lit(EMPTY))
        .when(is_snp)
        .then(pl.lit("not one rsID; a place (chr:pos) needs the source's `build`"))
        .otherwise(pl.lit(f"not an id; for ids without a prefix set `{side}_prefix`, for names map `{side}_name`"))
    )
    return [Check(column, identity.is_not_null() | (~is_snp & name.is_not_null()), reason, text)]


def _formula(options: EdgeOptions, type_: str, where: str) -> Formula | float:
    """The weight's formula, or a constant."""
    given = options.weight if options.weight != "" else DEFAULT_WEIGHT.get(type_.removeprefix("NOT_"), CURATED)
    if isinstance(given, (int, float)) and not isinstance(given, bool) and 0 < given <= 1:
        return float(given)
    if isinstance(given, str) and given in FORMULAS:
        return FORMULAS[given]
    raise ConfigError(
        "a formula's name, or a number in (0, 1]",
        where=f"{where}.weight",
        found=options.weight,
        valid=FORMULAS,
    )


def _weighed(table: pl.DataFrame, options: EdgeOptions, where: str) -> pl.DataFrame:
    """Add `weight` (null where it is not above 0) and the formula's flags; a column `weight` goes before."""
    formula = _formula(options, options.type, where)
    flags = pl.col("flags")
    if isinstance(formula, float):
        weight = pl.lit(formula)
    else:
        absent = [c for c in formula.columns if c not in table.columns]
        table = table.with_columns(pl.lit(None, dtype=EDGE_PROPERTIES[c]).alias(c) for c in absent)
        weight, flags = formula.weight(), pl.concat_list(flags, formula.flags())
    if "weight" in table.columns:
        weight = pl.coalesce("weight", weight)
    return table.with_columns(
        pl.when(weight > 0).then(weight.clip(upper_bound=1.0)).alias("weight"),
        flags.list.unique().list.sort().alias("flags"),
    )


def _on_mention(table: pl.DataFrame, options: EdgeOptions) -> pl.Expr:
    """True for the edges that stay in the stage unless another source names their SNP."""
    keep = options.keep or ("lead" if options.type == "REGULATES" else "all")
    if keep == "all" or table.is_empty():
        return pl.lit(False)
    group = [pl.coalesce("end_id", "end_name")]
    group += [pl.col(c) for c in ("tissue", "cohort", "context", "study") if c in table.columns]
    if {"chromosome", "position"} <= set(table.columns):
        group += [pl.col("chromosome"), pl.col("position").cast(pl.Int64, strict=False) // options.window]
    strength = pl.col("neg_log10_p") if "neg_log10_p" in table.columns else pl.col("weight")
    effect = pl.col("beta").abs() if "beta" in table.columns else pl.lit(0.0)
    # Ties by effect, then id and row: the lead is a function of the rows, not of their order in threads.
    ranked = table.select(
        ROW,
        pl.struct(group).alias("group"),
        strength.alias("s"),
        effect.alias("e"),
        pl.col("start_id").alias("id"),
    ).sort("s", "e", "id", ROW, descending=[True, True, False, False], nulls_last=True)
    leads = ranked.unique("group", keep="first", maintain_order=True)[ROW]
    return ~pl.col(ROW).is_in(leads.implode())


def _snps(table: pl.DataFrame, side: str, build: str) -> pl.DataFrame:
    """The SNPs of one end whose place or alleles the rows state, each once."""
    names = {what: what if side == "start" else f"end_{what}" for what in (*PLACE, "alleles")}
    if names["position"] not in table.columns and names["alleles"] not in table.columns:
        return Snps.create_empty()
    named = table.filter(pl.col(f"{side}_kind") == "SNP")
    snps = snp_nodes(named, f"{side}_id", names, build, pl.col("load_if_mentioned"))
    # Where rows disagree whether the SNP is named, "named" counts.
    return snps.sort("load_if_mentioned", "row").unique("id", keep="first", maintain_order=True)


def snp_nodes(
    table: pl.DataFrame, identity: str, names: Mapping[str, str], build: str, load_if_mentioned: pl.Expr
) -> pl.DataFrame:
    """A `Snps` table of `table`'s rows; `names` says what the place's columns are called there."""
    there = set(table.columns)
    position = pl.lit(None, dtype=pl.Int64)
    place = pl.lit(None, dtype=pl.String)
    if {names["chromosome"], names["position"]} <= there:
        place = chromosome(pl.col(names["chromosome"]))
        position = pl.col(names["position"]).cast(pl.Int64, strict=False)
    whole = place.is_not_null() & (position > 0)
    pairs = [p for p in ((names["ref"], names["alt"]), ("other_allele", "effect_allele")) if set(p) <= there]
    if names["alleles"] in there:
        alleles = pl.col(names["alleles"])
    elif pairs:
        alleles = sorted_pair(*(pl.col(c).str.to_uppercase() for c in pairs[0]))
    else:
        alleles = pl.lit([], dtype=pl.List(pl.String))
    snps = table.select(
        pl.col(ROW).alias("row"),
        pl.col(identity).alias("id"),
        pl.when(whole).then(place).alias("chromosome"),
        pl.when(whole).then(position).alias("position"),
        pl.when(whole).then(pl.lit(normalise_build(build), dtype=pl.String)).alias("build"),
        alleles.alias("alleles"),
        load_if_mentioned.alias("load_if_mentioned"),
    )
    return conform(snps, Snps)
