"""Nodes of a described table: SNP lists with positions, and vocabularies of concepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from generel_etl.errors import ConfigError
from generel_etl.identifiers import curie, kind, normalise_build, rsid, snp_id
from generel_etl.parsing.rejects import ROW, Check, as_rejects, concat_rejects, split_valid_rows
from generel_etl.readers.table.columns import CONCEPT_COLUMNS, PLACE, SNP_COLUMNS, Mapped, canonical
from generel_etl.readers.table.edges import place_id, snp_nodes
from generel_etl.schema import CONCEPT_KINDS, Concepts, conform


def check_node(node: str, mapping: Mapped, *, kinds: Iterable[str], build: str, where: str) -> None:
    """Raise ConfigError for what no table could fulfil."""
    if node not in ("snp", "concept"):
        raise ConfigError("no such node", where=f"{where}.node", found=node, valid=("snp", "concept"))
    for given in kinds:
        if given and given not in CONCEPT_KINDS:
            raise ConfigError("no such kind", where=f"{where}.kind", found=given, valid=CONCEPT_KINDS)
    if "id" not in mapping and not (node == "snp" and "position" in mapping):
        raise ConfigError("nothing gives the node's id", where=f"{where}.columns", next_step='add `id = "…"`')
    if node == "snp" and "position" in mapping and normalise_build(build) is None:
        raise ConfigError(
            "positions need the genome's build",
            where=f"{where}.build",
            found=build or None,
            valid=("GRCh36", "GRCh37", "GRCh38"),
        )


def read_snps(
    frame: pl.DataFrame, mapping: Mapped, *, build: str, prefix: str, create: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SNPs and rejects of a list; unless `create`, its SNPs are nodes only where another source names them.

    `prefix`: "rs" for ids that are numbers alone. `alt_ids` are rsIDs that were merged into the row's.
    """
    table = canonical(frame, mapping, SNP_COLUMNS)
    names = {what: what for what in (*PLACE, "alleles")}
    named = snp_id(_prefixed(pl.col("id"), prefix), build) if "id" in table.columns else pl.lit(None, dtype=pl.String)
    table = table.with_columns(named.alias("#id"))
    # Places are costly to spell, and rare beside rsIDs.
    if {"chromosome", "position"} <= set(table.columns) and table["#id"].null_count():
        table = table.with_columns(pl.coalesce("#id", place_id("id", names, table.columns, build)))
    column = mapping.file_column("id" if "id" in mapping else "position")
    found = pl.col("id" if "id" in table.columns else "position")
    table, bad = split_valid_rows(
        table, [Check(column, pl.col("#id").is_not_null(), "not one rsID, nor a place", found)]
    )
    snps = snp_nodes(table, "#id", names, build, pl.lit(not create))
    if "alt_ids" in table.columns:
        merged = pl.col("alt_ids").list.eval(rsid(_prefixed(pl.element(), prefix))).list.drop_nulls()
        snps = snps.with_columns(table.select(merged.alias("alt_ids"))["alt_ids"])
    nowhere = concat_rejects([])
    if "position" in table.columns:
        lost = snps.filter(pl.col("position").is_null()).select(pl.col("row").alias(ROW))
        if lost.height:
            lines = table.join(lost, on=ROW, how="semi")
            nowhere = as_rejects(lines, mapping.file_column("position"), "not a place: left out", pl.col("position"))
    return snps, concat_rejects([bad, nowhere])


def _prefixed(text: pl.Expr, prefix: str) -> pl.Expr:
    """A number alone with the prefix that the configuration gives it."""
    return pl.when(text.str.contains(r"^\d+$")).then(pl.lit(prefix) + text).otherwise(text) if prefix else text


def read_concepts(
    frame: pl.DataFrame,
    mapping: Mapped,
    *,
    default_kind: str,
    kinds: Mapping[str, str],
    prefix: str,
    create: bool,
    defines: bool,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Concepts and rejects of a vocabulary.

    The kind of a row: the first of `kinds` whose key begins one of the values in the `kind` column (a MeSH tree
    number), else `default_kind`, else what the id's prefix implies, else Concept.
    """
    table = canonical(frame, mapping, CONCEPT_COLUMNS)
    table = table.with_columns(curie(pl.col("id"), prefix or None).alias("#id"))
    reason = "not an id; for ids without a prefix set `prefix`"
    table, bad = split_valid_rows(
        table,
        [
            Check(mapping.file_column("id"), pl.col("#id").is_not_null(), reason, pl.col("id")),
            Check(
                mapping.file_column("id"),
                pl.col("#id").is_first_distinct(),
                "stands in an earlier row",
                pl.col("id"),
            ),
        ],
    )
    ids = [c for c in ("xrefs", "inexact_xrefs", "exact_matches", "alt_ids") if c in table.columns]
    table = table.with_columns(pl.col(c).list.eval(curie(pl.element())).list.drop_nulls() for c in ids)
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


def _kind(table: pl.DataFrame, given: str, kinds: Mapping[str, str], separator: str) -> pl.Expr:
    rest = pl.lit(given) if given else pl.coalesce(kind(pl.col("#id")), pl.lit("Concept"))
    if "kind" not in table.columns:
        return rest
    value = pl.col("kind").str.replace("^biolink:", "")
    values = pl.concat_str(pl.lit(separator), value)
    starts = [
        pl.when(values.str.contains(separator + start, literal=True)).then(pl.lit(named))
        for start, named in kinds.items()
    ]
    return pl.coalesce(pl.when(value.is_in(CONCEPT_KINDS)).then(value), *starts, rest)
