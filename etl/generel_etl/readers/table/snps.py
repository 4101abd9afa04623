"""SNPs of a described table: ids from positions, and the table of nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from generel_etl.identifiers import chromosome, normalise_build, position_ids
from generel_etl.parsing.rejects import ROW
from generel_etl.readers.table.columns import POSITION_COLUMNS, sorted_pair
from generel_etl.schema import Snps, conform


def snp_columns(side: str = "start") -> dict[str, str]:
    """The columns of an SNP's position and alleles, for the start or the end of an edge."""
    return {name: name if side == "start" else f"end_{name}" for name in (*POSITION_COLUMNS, "alleles")}


def position_id(id_column: str, names: Mapping[str, str], columns: Sequence[str], build: str) -> pl.Expr:
    """An SNP's id from its position; null if `id_column` contains an rsID, because the row then has several SNPs.

    `names`: see `snp_columns`; `columns`: those of the table.
    """
    both = (names["ref"], names["alt"])
    alleles = (pl.col(both[0]), pl.col(both[1])) if set(both) <= set(columns) else None
    position = pl.col(names["position"]).cast(pl.Int64, strict=False)
    by_position = position_ids(build, pl.col(names["chromosome"]), position, alleles)
    if id_column not in columns:
        return by_position
    return pl.when(~pl.col(id_column).str.contains("(?i)rs[0-9]").fill_null(False)).then(by_position)


def snp_nodes(
    table: pl.DataFrame, id_column: str, names: Mapping[str, str], build: str, load_if_mentioned: pl.Expr
) -> pl.DataFrame:
    """The table `Snps` with one row for each row of `table`. `names`: see `snp_columns`."""
    columns = set(table.columns)
    position = pl.lit(None, dtype=pl.Int64)
    chromosome_ = pl.lit(None, dtype=pl.String)
    if {names["chromosome"], names["position"]} <= columns:
        chromosome_ = chromosome(pl.col(names["chromosome"]))
        position = pl.col(names["position"]).cast(pl.Int64, strict=False)
    has_position = chromosome_.is_not_null() & (position > 0)
    pairs = [p for p in ((names["ref"], names["alt"]), ("other_allele", "effect_allele")) if set(p) <= columns]
    if names["alleles"] in columns:
        alleles = pl.col(names["alleles"])
    elif pairs:
        alleles = sorted_pair(*(pl.col(c).str.to_uppercase() for c in pairs[0]))
    else:
        alleles = pl.lit([], dtype=pl.List(pl.String))
    snps = table.select(
        pl.col(ROW).alias("row"),
        pl.col(id_column).alias("id"),
        pl.when(has_position).then(chromosome_).alias("chromosome"),
        pl.when(has_position).then(position).alias("position"),
        pl.when(has_position).then(pl.lit(normalise_build(build), dtype=pl.String)).alias("build"),
        alleles.alias("alleles"),
        load_if_mentioned.alias("load_if_mentioned"),
    )
    return conform(snps, Snps)
