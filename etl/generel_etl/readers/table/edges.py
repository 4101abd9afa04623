"""Edges of a described table: type, endpoints, weight, flags, and which edges are loaded."""

from __future__ import annotations

import polars as pl

from generel_etl.errors import DataError
from generel_etl.identifiers import curie, kind, rsid, snp_id
from generel_etl.parsing.rejects import ROW, Check, as_rejects, concat_rejects, split_valid_rows
from generel_etl.readers.table.columns import (
    EDGE_COLUMNS,
    ENDPOINT_TEXT_COLUMNS,
    ColumnMapping,
    canonical_columns,
    parse_values,
)
from generel_etl.readers.table.options import EdgeOptions, weight_formula
from generel_etl.readers.table.snps import position_id, snp_columns, snp_nodes
from generel_etl.relations import RELATIONS, from_predicate
from generel_etl.schema import CONCEPT_KINDS, EDGE_PROPERTIES, KINDS, Edges, Snps, conform

EMPTY = "empty: no edge from this row"
# Biolink categories that have another name here.
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


def read_edges(
    frame: pl.DataFrame, options: EdgeOptions, mapping: ColumnMapping, build: str, where: str
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """One kind of edge: the edges, the SNPs whose position or alleles the rows give, and rejects."""
    table = canonical_columns(frame, mapping, EDGE_COLUMNS)
    table, bad_types = _with_type(table, options, mapping, where)
    table, bad_cells = parse_values(table, mapping)
    table = _with_endpoint(_with_endpoint(table, "start", options, build), "end", options, build)
    table, bad_endpoints = split_valid_rows(table, [c for side in ("start", "end") for c in _checks(side, mapping)])
    table = _with_weight(table, options, where)
    table = table.with_columns(_load_if_mentioned(table, options).alias("load_if_mentioned"))
    edges = conform(table.rename({ROW: "row"}), Edges)
    snps = [_snps(table, side, build) for side in ("start", "end")]
    return edges, pl.concat([Snps.create_empty(), *snps]), concat_rejects([bad_types, bad_cells, bad_endpoints])


def _with_type(
    table: pl.DataFrame, options: EdgeOptions, mapping: ColumnMapping, where: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add `type`, and exchange the endpoints of inverse predicates ("treated by"); returns rows and rejects."""
    if options.type:
        return table.with_columns(pl.lit(options.type).alias("type")), concat_rejects([])
    negated = (
        pl.col("negated").str.to_lowercase().is_in(["true", "1", "yes", "not"])
        if "negated" in mapping
        else pl.lit(False)
    )
    table = table.with_columns(negated.fill_null(False).alias("negated"))
    types = _predicate_types(table, options, where)
    table = table.join(types, on=["predicate", "negated"], how="left")
    reason = pl.col("#reason").fill_null("no predicate")
    bad = as_rejects(
        table.filter(pl.col("type").is_null()), mapping.file_column("predicate"), reason, pl.col("predicate")
    )
    table = table.filter(pl.col("type").is_not_null())
    if "relation" not in table.columns:
        table = table.with_columns(pl.col("predicate").alias("relation"))
    return table.with_columns(_exchanged_endpoints(table.columns)), bad


def _predicate_types(table: pl.DataFrame, options: EdgeOptions, where: str) -> pl.DataFrame:
    """The distinct predicates: predicate, negated, type, #swap, #reason (why a predicate has no type)."""
    types: list[tuple[str, bool, str | None, bool, str | None]] = []
    for predicate, negated in table.select("predicate", "negated").unique().drop_nulls().rows():
        name = options.relations.get(predicate, predicate.rpartition(":")[2])
        try:
            directed = from_predicate(name, negated=negated, where=where)
            types.append((predicate, negated, directed.type, directed.swap, None))
        except DataError as error:
            nearest = f"; did you mean {error.nearest!r}?" if error.nearest else ""
            types.append((predicate, negated, None, False, f"{error.what}{nearest}"))
    schema = {
        "predicate": pl.String,
        "negated": pl.Boolean,
        "type": pl.String,
        "#swap": pl.Boolean,
        "#reason": pl.String,
    }
    return pl.DataFrame(types, schema=schema, orient="row")


def _exchanged_endpoints(columns: list[str]) -> list[pl.Expr]:
    """The columns of both endpoints, exchanged in the rows where `#swap` is true."""
    exchanged = []
    for name in ("id", "name", "kind", "prefix"):
        start, end = f"start_{name}", f"end_{name}"
        of_start, of_end = (pl.col(n) if n in columns else pl.lit(None, dtype=pl.String) for n in (start, end))
        exchanged += [
            pl.when("#swap").then(of_end).otherwise(of_start).alias(start),
            pl.when("#swap").then(of_start).otherwise(of_end).alias(end),
        ]
    return exchanged


def _with_endpoint(table: pl.DataFrame, side: str, options: EdgeOptions, build: str) -> pl.DataFrame:
    """Normalise one endpoint: `<side>_id`, `<side>_kind`, and `<side>_text`, the id as written in the file."""
    missing = [n for n in ENDPOINT_TEXT_COLUMNS if n.startswith(side) and n not in table.columns]
    table = table.with_columns(pl.lit(None, dtype=pl.String).alias(n) for n in missing)
    table = table.with_columns(pl.col(f"{side}_id").alias(f"{side}_text"))
    prefix = options.start_prefix if side == "start" else options.end_prefix
    stated_kind = options.start_kind if side == "start" else options.end_kind
    valid_kinds = {t: (r.start_kinds if side == "start" else r.end_kinds) for t, r in RELATIONS.items()}
    text = pl.col(f"{side}_id")
    if stated_kind == "SNP" or (not stated_kind and options.type and valid_kinds[options.type] == ("SNP",)):
        return table.with_columns(_snp_id(table, side, build).alias(f"{side}_id"), pl.lit("SNP").alias(f"{side}_kind"))
    own_prefix = pl.col(f"{side}_prefix")
    concept = curie(pl.coalesce(pl.concat_str(own_prefix, pl.lit(":"), text), text), prefix or None)
    table = table.with_columns(pl.coalesce(rsid(text), concept).alias(f"{side}_id"))
    if stated_kind:
        return table.with_columns(pl.lit(stated_kind).alias(f"{side}_kind"))
    column = pl.col(f"{side}_kind").str.replace("^biolink:", "").replace(CATEGORIES)
    # A type whose endpoints may be of any kind implies no kind.
    by_type = {t: "Concept" if kinds == CONCEPT_KINDS else kinds[0] for t, kinds in valid_kinds.items()}
    default = pl.col("type").replace_strict(by_type)
    inferred = pl.coalesce(pl.when(column.is_in(KINDS)).then(column), kind(pl.col(f"{side}_id")), default)
    return table.with_columns(inferred.alias(f"{side}_kind"))


def _snp_id(table: pl.DataFrame, side: str, build: str) -> pl.Expr:
    """An SNP's id: its rsID, or its position from the id or from the position columns."""
    names = snp_columns(side)
    by_text = snp_id(pl.col(f"{side}_id"), build)
    if not {names["chromosome"], names["position"]} <= set(table.columns):
        return by_text
    return pl.coalesce(by_text, position_id(f"{side}_id", names, table.columns, build))


def _checks(side: str, mapping: ColumnMapping) -> list[Check]:
    """An endpoint is required: an SNP needs an id, a concept an id or a name."""
    column = mapping.file_column(f"{side}_id" if f"{side}_id" in mapping else f"{side}_name")
    identifier, name, text = (pl.col(f"{side}_{what}") for what in ("id", "name", "text"))
    is_snp = pl.col(f"{side}_kind") == "SNP"
    reason = (
        pl.when(text.is_null())
        .then(pl.lit(EMPTY))
        .when(is_snp)
        .then(pl.lit("not one rsID; a position (chr:pos) needs the source's `build`"))
        .otherwise(pl.lit(f"not an id; for ids without a prefix set `{side}_prefix`, for names map `{side}_name`"))
    )
    return [Check(column, identifier.is_not_null() | (~is_snp & name.is_not_null()), reason, text)]


def _with_weight(table: pl.DataFrame, options: EdgeOptions, where: str) -> pl.DataFrame:
    """Add `weight` (null if it is not above 0) and the formula's flags; a `weight` column takes precedence."""
    formula = weight_formula(options, where)
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


def _load_if_mentioned(table: pl.DataFrame, options: EdgeOptions) -> pl.Expr:
    """True for edges that are loaded only if another source names their SNP: all but the leads."""
    keep = options.keep or ("lead" if options.type == "REGULATES" else "all")
    if keep == "all" or table.is_empty():
        return pl.lit(False)
    group = [pl.coalesce("end_id", "end_name")]
    group += [pl.col(c) for c in ("tissue", "cohort", "context", "study") if c in table.columns]
    if {"chromosome", "position"} <= set(table.columns):
        group += [pl.col("chromosome"), pl.col("position").cast(pl.Int64, strict=False) // options.window]
    strength = pl.col("neg_log10_p") if "neg_log10_p" in table.columns else pl.col("weight")
    effect = pl.col("beta").abs() if "beta" in table.columns else pl.lit(0.0)
    # Ties are broken by effect, id and row, so that the lead does not depend on the order of threads.
    ranked = table.select(
        ROW,
        pl.struct(group).alias("group"),
        strength.alias("strength"),
        effect.alias("effect"),
        pl.col("start_id").alias("id"),
    ).sort("strength", "effect", "id", ROW, descending=[True, True, False, False], nulls_last=True)
    leads = ranked.unique("group", keep="first", maintain_order=True)[ROW]
    return ~pl.col(ROW).is_in(leads.implode())


def _snps(table: pl.DataFrame, side: str, build: str) -> pl.DataFrame:
    """The SNPs of one endpoint whose position or alleles the rows give, each once."""
    names = snp_columns(side)
    if names["position"] not in table.columns and names["alleles"] not in table.columns:
        return Snps.create_empty()
    snp_rows = table.filter(pl.col(f"{side}_kind") == "SNP")
    snps = snp_nodes(snp_rows, f"{side}_id", names, build, pl.col("load_if_mentioned"))
    # If one row names the SNP and another does not, the SNP is named.
    return snps.sort("load_if_mentioned", "row").unique("id", keep="first", maintain_order=True)
