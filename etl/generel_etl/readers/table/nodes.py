"""Nodes of a described table: lists of SNPs with positions, and vocabularies of concepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from generel_etl.errors import ConfigError
from generel_etl.identifiers import curie, kind, normalise_build, rsid, snp_id
from generel_etl.parsing.rejects import ROW, Check, as_rejects, concat_rejects, split_valid_rows
from generel_etl.readers.table.columns import CONCEPT_COLUMNS, SNP_COLUMNS, ColumnMapping, canonical_columns
from generel_etl.readers.table.options import BUILDS
from generel_etl.readers.table.snps import position_id, snp_columns, snp_nodes
from generel_etl.schema import CONCEPT_KINDS, Concepts, conform


def check_node(node: str, mapping: ColumnMapping, *, kinds: Iterable[str], build: str, where: str) -> None:
    """Raise ConfigError for options that no table can satisfy: unknown kinds, no id, positions without a build."""
    if node not in ("snp", "concept"):
        raise ConfigError("unknown kind of node", where=f"{where}.node", found=node, valid=("snp", "concept"))
    for name in kinds:
        if name and name not in CONCEPT_KINDS:
            raise ConfigError("unknown kind", where=f"{where}.kind", found=name, valid=CONCEPT_KINDS)
    if "id" not in mapping and not (node == "snp" and "position" in mapping):
        raise ConfigError("no column gives the node's id", where=f"{where}.columns", next_step='add `id = "…"`')
    if node == "snp" and "position" in mapping and normalise_build(build) is None:
        raise ConfigError(
            "positions need a genome build",
            where=f"{where}.build",
            found=build or None,
            valid=BUILDS,
        )


def read_snps(
    frame: pl.DataFrame, mapping: ColumnMapping, *, build: str, prefix: str, create: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The SNPs and rejects of a list; without `create`, an SNP is a node only if another source names it.

    `prefix`: "rs" if the ids are numbers without it. `alt_ids` are rsIDs that were merged into the row's rsID.
    """
    table = canonical_columns(frame, mapping, SNP_COLUMNS)
    names = snp_columns()
    by_text = snp_id(_prefixed(pl.col("id"), prefix), build) if "id" in table.columns else pl.lit(None, dtype=pl.String)
    table = table.with_columns(by_text.alias("#id"))
    # Ids from positions are slow to compute, and few SNPs need them.
    if {"chromosome", "position"} <= set(table.columns) and table["#id"].null_count():
        table = table.with_columns(pl.coalesce("#id", position_id("id", names, table.columns, build)))
    column = mapping.file_column("id" if "id" in mapping else "position")
    value = pl.col("id" if "id" in table.columns else "position")
    table, bad = split_valid_rows(
        table, [Check(column, pl.col("#id").is_not_null(), "neither one rsID nor a position", value)]
    )
    snps = snp_nodes(table, "#id", names, build, pl.lit(not create))
    if "alt_ids" in table.columns:
        merged = pl.col("alt_ids").list.eval(rsid(_prefixed(pl.element(), prefix))).list.drop_nulls()
        snps = snps.with_columns(table.select(merged.alias("alt_ids"))["alt_ids"])
    bad_positions = concat_rejects([])
    if "position" in table.columns:
        unplaced = snps.filter(pl.col("position").is_null()).select(pl.col("row").alias(ROW))
        if unplaced.height:
            rows = table.join(unplaced, on=ROW, how="semi")
            column = mapping.file_column("position")
            bad_positions = as_rejects(rows, column, "not a position: left out", pl.col("position"))
    return snps, concat_rejects([bad, bad_positions])


def _prefixed(text: pl.Expr, prefix: str) -> pl.Expr:
    """Add the configured prefix to texts that are numbers."""
    return pl.when(text.str.contains(r"^\d+$")).then(pl.lit(prefix) + text).otherwise(text) if prefix else text


def read_concepts(
    frame: pl.DataFrame,
    mapping: ColumnMapping,
    *,
    default_kind: str,
    kinds: Mapping[str, str],
    prefix: str,
    create: bool,
    defines: bool,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The concepts and rejects of a vocabulary.

    The kind of a row is the first of `kinds` whose key is the start of a value in the `kind` column (a MeSH tree
    number), else `default_kind`, else the kind that the id's prefix implies, else Concept.
    """
    table = canonical_columns(frame, mapping, CONCEPT_COLUMNS)
    table = table.with_columns(curie(pl.col("id"), prefix or None).alias("#id"))
    reason = "not an id; for ids without a prefix set `prefix`"
    table, bad = split_valid_rows(
        table,
        [
            Check(mapping.file_column("id"), pl.col("#id").is_not_null(), reason, pl.col("id")),
            Check(
                mapping.file_column("id"),
                pl.col("#id").is_first_distinct(),
                "duplicate of an earlier row",
                pl.col("id"),
            ),
        ],
    )
    id_lists = [c for c in ("xrefs", "inexact_xrefs", "exact_matches", "alt_ids") if c in table.columns]
    table = table.with_columns(pl.col(c).list.eval(curie(pl.element())).list.drop_nulls() for c in id_lists)
    return conform(
        table.with_columns(
            pl.col(ROW).alias("row"),
            pl.col("#id").alias("id"),
            _kind(table, default_kind, kinds, mapping.list_separator).alias("kind"),
            pl.lit(defines).alias("defined"),
            pl.lit(not create).alias("load_if_mentioned"),
        ),
        Concepts,
    ), bad


def _kind(table: pl.DataFrame, default: str, kinds: Mapping[str, str], separator: str) -> pl.Expr:
    otherwise = pl.lit(default) if default else pl.coalesce(kind(pl.col("#id")), pl.lit("Concept"))
    if "kind" not in table.columns:
        return otherwise
    value = pl.col("kind").str.replace("^biolink:", "")
    values = pl.concat_str(pl.lit(separator), value)
    by_start = [
        pl.when(values.str.contains(separator + start, literal=True)).then(pl.lit(name))
        for start, name in kinds.items()
    ]
    return pl.coalesce(pl.when(value.is_in(CONCEPT_KINDS)).then(value), *by_start, otherwise)
