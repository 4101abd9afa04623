"""What the stage knows of SNPs that are no nodes: where they lie, and the eQTL rows that name them.

Tables are scanned lazily for the SNPs asked about, so that a list of millions is never held.
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
    """Where SNPs lie: id, build, chromosome, position, source; of each build what the first of `stages` says."""
    wanted = pl.col("id").is_in(list(ids)) & pl.col("position").is_not_null() & pl.col("build").is_not_null()
    found = [_named(stage, stage.snps().filter(wanted).select("id", *POSITION_COLUMNS)) for stage in stages]
    return _all(found, {"id": pl.String, **POSITION_COLUMNS}).unique(["id", "build"], keep="first", maintain_order=True)


def rsids_at_positions(stages: Sequence[StagedSource], asked: pl.DataFrame) -> pl.DataFrame:
    """The rsIDs that lists state at places: code, id, source.

    `asked`: code, build, chromosome, position, alleles (none: any). Where several rsIDs fit, none is taken.
    """
    near = pl.col("position").is_in(asked["position"].unique().implode()) & pl.col("id").str.starts_with("rs")
    found = [_named(stage, stage.snps().filter(near).select("id", *POSITION_COLUMNS, "alleles")) for stage in stages]
    stated = _all(found, {"id": pl.String, **POSITION_COLUMNS, "alleles": pl.List(pl.String)})
    wanted = pl.col("alleles")
    fits = (wanted.list.len() == 0) | (wanted.list.set_difference(pl.col("alleles_stated")).list.len() == 0)
    met = asked.join(stated, on=list(POSITION_COLUMNS), suffix="_stated", maintain_order="left_right").filter(fits)
    return (
        met.group_by("code")
        .agg(pl.col("id").n_unique().alias("n"), pl.col("id").first(), pl.col("source").first())
        .filter(pl.col("n") == 1)
        .select("code", "id", "source")
    )


def eqtl_rows(stages: Sequence[StagedSource], ids: Collection[str]) -> pl.DataFrame:
    """The eQTL rows of SNPs: id, gene_id, gene_name, weight, neg_log10_p, source."""
    rows = (pl.col("type") == REGULATES) & pl.col("start_id").is_in(list(ids))
    columns = {"start_id": "id", "end_id": "gene_id", "end_name": "gene_name"}
    found = [
        _named(stage, stage.edges().filter(rows).select(*columns, "weight", "neg_log10_p").rename(columns))
        for stage in stages
    ]
    texts = dict.fromkeys(columns.values(), pl.String)
    return _all(found, {**texts, "weight": pl.Float64, "neg_log10_p": pl.Float64})


def searchable_sources(stages: Sequence[StagedSource]) -> list[str]:
    """The names of the stages that could know an SNP: those with places, or with eQTL rows."""

    def any_(rows: pl.LazyFrame) -> bool:
        return not rows.head(1).collect().is_empty()

    return [
        stage.name
        for stage in stages
        if any_(stage.snps().select("id")) or any_(stage.edges().filter(pl.col("type") == REGULATES).select("type"))
    ]


def _named(stage: StagedSource, rows: pl.LazyFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit(stage.name).alias("source")).collect()


def _all(parts: Sequence[pl.DataFrame], columns: dict[str, type[pl.DataType] | pl.DataType]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema={**columns, "source": pl.String}), *parts])
