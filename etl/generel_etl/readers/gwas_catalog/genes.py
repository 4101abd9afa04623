"""The genes of a GWAS Catalog row: where its SNP lies, what is nearest, and which gene the paper names."""

from __future__ import annotations

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.rejects import ROW

# What stands for no gene in REPORTED GENE(S), and what names a region.
NO_GENE = frozenset(
    {
        "nr",
        "na",
        "none",
        "intergenic",
        "intragenic",
        "pending",
        "unknown",
        "gene",
        "mhc",
        "hla",
        "and",
        "various",
    }
)
_SYMBOL = r"^[A-Za-z][A-Za-z0-9]*(?:[-._@][A-Za-z0-9]+)*@?$"
_PAIR = r"^([A-Z][A-Z0-9-]{2,})/([A-Z][A-Z0-9-]{2,})$"  # "APOE/APOC1", but not "CTRB1/2" or "sep/14"


def mapped_genes(frame: pl.DataFrame, snps: pl.DataFrame) -> pl.DataFrame:
    """LOCATED_IN and NEAREST_TO edges from the catalogue's mapping of positions to genes.

    SNP_GENE_IDS and MAPPED_GENE run in parallel, with blanks where a gene has no id; CONTEXT has one entry for
    all, or one a gene. The ids are Entrez's in v1.0.1 and Ensembl's in v1.0.2. `distance` is in base pairs.
    """
    starts = snps.filter(pl.col("mapped_weight").is_not_null()).select(
        ROW, "start_id", "snps", weight=pl.col("mapped_weight")
    )
    rows = frame.filter(pl.any_horizontal(pl.col(c).is_not_null() for c in _GENE_COLUMNS))
    edges = starts.join(pl.concat([_located(rows), _nearest(rows)], how="diagonal"), on=ROW)
    flags = pl.when(pl.col("snps") > 1).then(pl.lit(["multi_snp"])).otherwise(pl.lit([], dtype=pl.List(pl.String)))
    return edges.with_columns(pl.col(ROW).alias("row"), start_kind=pl.lit("SNP"), end_kind=pl.lit("Gene"), flags=flags)


_GENE_COLUMNS = ("SNP_GENE_IDS", "UPSTREAM_GENE_ID", "DOWNSTREAM_GENE_ID", "MAPPED_GENE")


def _located(rows: pl.DataFrame) -> pl.DataFrame:
    """The genes that hold the SNP."""
    between = pl.any_horizontal(pl.col(c).is_not_null() for c in ("UPSTREAM_GENE_ID", "DOWNSTREAM_GENE_ID"))
    pair = pl.col("MAPPED_GENE").str.contains(" - ", literal=True).fill_null(False)
    inside = rows.filter(pl.col("SNP_GENE_IDS").is_not_null() | ~(between | pair)).select(
        ROW,
        ids=_entries("SNP_GENE_IDS"),
        names=_entries("MAPPED_GENE"),
        effects=_entries("CONTEXT"),
        whole=_one(pl.col("CONTEXT")),
    )
    first = pl.coalesce("ids", "names")
    blank = first.list.eval(pl.lit(None, dtype=pl.String))

    def parallel(column: str) -> pl.Expr:
        return pl.when(pl.col(column).list.len() == first.list.len()).then(pl.col(column)).otherwise(blank)

    genes = inside.select(
        ROW,
        "whole",
        end_id=parallel("ids"),
        end_name=parallel("names"),
        consequence=parallel("effects"),
    ).explode("end_id", "end_name", "consequence")
    return (
        genes.select(
            ROW,
            type=pl.lit("LOCATED_IN"),
            end_id=curie(_filled(pl.col("end_id")), "NCBIGene"),
            end_name=_filled(pl.col("end_name")),
            consequence=pl.coalesce(_filled(pl.col("consequence")), "whole"),
        )
        .filter(pl.col("end_id").is_not_null() | pl.col("end_name").is_not_null())
        .unique(maintain_order=True)
    )


def _nearest(rows: pl.DataFrame) -> pl.DataFrame:
    """The genes on both sides of an SNP that lies in none."""
    names = pl.col("MAPPED_GENE").str.split(" - ")
    sides = []
    for side, index in (("UPSTREAM", 0), ("DOWNSTREAM", 1)):
        identifier = pl.col(f"{side}_GENE_ID")
        distance = pl.col(f"{side}_GENE_DISTANCE").cast(pl.Int64, strict=False).abs()
        sides.append(
            rows.filter(identifier.is_not_null()).select(
                ROW,
                type=pl.lit("NEAREST_TO"),
                end_id=curie(identifier.str.strip_chars(), "NCBIGene"),
                end_name=pl.when(names.list.len() == 2).then(names.list.get(index, null_on_oob=True).str.strip_chars()),
                relation=pl.lit(f"{side.lower()} gene"),
                distance=distance,
                consequence=_one(pl.col("CONTEXT")),
            )
        )
    return pl.concat(sides)


def reported_genes(frame: pl.DataFrame, snps: pl.DataFrame) -> pl.DataFrame:
    """REPORTED_GENE edges to symbols that the paper names; words that are no symbol are passed over."""
    text = pl.col("REPORTED GENE(S)").str.replace_all("[–−]", "-").str.split(";").list.join(",")
    genes = (
        frame.select(ROW, "study", "pubmed_id", "published", end_name=text.str.split(","))
        .explode("end_name")
        .with_columns(pl.col("end_name").str.strip_chars().str.replace(_PAIR, "$1,$2").str.split(","))
        .explode("end_name")
        .filter(
            pl.col("end_name").str.contains(_SYMBOL)
            & (pl.col("end_name").str.len_chars() > 1)
            & ~pl.col("end_name").str.to_lowercase().is_in(NO_GENE)
        )
        .unique([ROW, "end_name"], maintain_order=True)
    )
    several = pl.when(pl.col("snps") > 1).then(pl.lit(["multi_snp"]))
    return (
        snps.select(ROW, "start_id", "snps")
        .join(genes, on=ROW)
        .with_columns(
            pl.col(ROW).alias("row"),
            type=pl.lit("REPORTED_GENE"),
            start_kind=pl.lit("SNP"),
            end_kind=pl.lit("Gene"),
            weight=1.0 / pl.col("snps"),
            flags=several.otherwise(pl.lit([], dtype=pl.List(pl.String))),
        )
    )


def _entries(column: str) -> pl.Expr:
    """A cell as a list; blanks between separators stay, since columns run in parallel."""
    return pl.col(column).str.replace_all(";", ",").str.split(",")


def _filled(text: pl.Expr) -> pl.Expr:
    stripped = text.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _one(context: pl.Expr) -> pl.Expr:
    """A CONTEXT that says one thing: "intron;intron" → "intron"; else the whole text."""
    pieces = context.str.split(";").list.unique(maintain_order=True)
    return pieces.list.join(";")
