"""Look up SNPs that are not in the graph in the staged tables: their positions and their eQTL rows.

The tables are scanned lazily for the queried SNPs: an SNP list of millions of rows is never loaded into memory.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from generel_etl.resolve.result import StagedSource

REGULATES = "REGULATES"
POSITION_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "build": pl.String,
    "chromosome": pl.String,
    "position": pl.Int64,
}


def snp_positions(stages: Sequence[StagedSource], ids: Collection[str]) -> pl.DataFrame:
    """The positions of SNPs: id, build, chromosome, position, source; one for each build, of the first stage."""
    with_position = pl.col("id").is_in(list(ids)) & pl.col("position").is_not_null() & pl.col("build").is_not_null()
    tables = [_collect(stage, stage.snps().filter(with_position).select("id", *POSITION_COLUMNS)) for stage in stages]
    columns = {"id": pl.String, **POSITION_COLUMNS}
    return _concat(tables, columns).unique(["id", "build"], keep="first", maintain_order=True)


def rsids_at_positions(stages: Sequence[StagedSource], positions: pl.DataFrame) -> pl.DataFrame:
    """The rsIDs that staged SNP lists state at positions: code, id, source; positions with several rsIDs are absent.

    `positions`: code, build, chromosome, position, alleles (an empty list matches any).
    """
    same_position = pl.col("position").is_in(positions["position"].unique().implode())
    rsids = same_position & pl.col("id").str.starts_with("rs")
    tables = [
        _collect(stage, stage.snps().filter(rsids).select("id", *POSITION_COLUMNS, "alleles")) for stage in stages
    ]
    listed = _concat(tables, {"id": pl.String, **POSITION_COLUMNS, "alleles": pl.List(pl.String)})
    alleles = pl.col("alleles").list
    alleles_match = (alleles.len() == 0) | (alleles.set_difference(pl.col("alleles_listed")).list.len() == 0)
    matches = positions.join(listed, on=list(POSITION_COLUMNS), suffix="_listed", maintain_order="left_right")
    matches = matches.filter(alleles_match)
    return (
        matches.group_by("code")
        .agg(pl.col("id").n_unique().alias("n"), pl.col("id").first(), pl.col("source").first())
        .filter(pl.col("n") == 1)
        .select("code", "id", "source")
    )


def eqtl_rows(stages: Sequence[StagedSource], ids: Collection[str]) -> pl.DataFrame:
    """The eQTL rows of SNPs: id, gene_id, gene_name, weight, neg_log10_p, source."""
    rows = (pl.col("type") == REGULATES) & pl.col("start_id").is_in(list(ids))
    columns = {"start_id": "id", "end_id": "gene_id", "end_name": "gene_name"}
    tables = [
        _collect(stage, stage.edges().filter(rows).select(*columns, "weight", "neg_log10_p").rename(columns))
        for stage in stages
    ]
    texts = dict.fromkeys(columns.values(), pl.String)
    return _concat(tables, {**texts, "weight": pl.Float64, "neg_log10_p": pl.Float64})


def searchable_sources(stages: Sequence[StagedSource]) -> list[str]:
    """The names of the stages that can contain SNPs: those with an SNP or an eQTL row."""

    def has_rows(rows: pl.LazyFrame) -> bool:
        return not rows.head(1).collect().is_empty()

    return [
        stage.name
        for stage in stages
        if has_rows(stage.snps().select("id"))
        or has_rows(stage.edges().filter(pl.col("type") == REGULATES).select("type"))
    ]


def _collect(stage: StagedSource, rows: pl.LazyFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit(stage.name).alias("source")).collect()


def _concat(parts: Sequence[pl.DataFrame], columns: dict[str, type[pl.DataType] | pl.DataType]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema={**columns, "source": pl.String}), *parts])
