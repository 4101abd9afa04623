"""The genes of a GWAS Catalog row: genes that contain its SNP, the nearest genes, and genes that the paper names."""

from __future__ import annotations

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.rejects import ROW

# Words in REPORTED GENE(S) that mean "no gene" or name a region.
NOT_SYMBOLS = frozenset(
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
_SYMBOL_PAIR = r"^([A-Z][A-Z0-9-]{2,})/([A-Z][A-Z0-9-]{2,})$"  # "APOE/APOC1", not "CTRB1/2" or "sep/14"


def mapped_genes(frame: pl.DataFrame, snps: pl.DataFrame) -> pl.DataFrame:
    """LOCATED_IN and NEAREST_TO edges from the catalogue's mapping of positions to genes.

    SNP_GENE_IDS and MAPPED_GENE are parallel lists, with a blank entry for a gene without an id. CONTEXT has one
    entry for all genes, or one per gene. The ids are NCBI Gene ids in v1.0.1 and Ensembl ids in v1.0.2. `distance` is
    in base pairs.
    """
    starts = snps.filter(pl.col("mapped_weight").is_not_null()).select(
        ROW, "start_id", "snps", weight=pl.col("mapped_weight")
    )
    rows = frame.filter(pl.any_horizontal(pl.col(c).is_not_null() for c in _GENE_COLUMNS))
    edges = starts.join(pl.concat([_containing_genes(rows), _nearest_genes(rows)], how="diagonal"), on=ROW)
    return edges.with_columns(
        pl.col(ROW).alias("row"), start_kind=pl.lit("SNP"), end_kind=pl.lit("Gene"), flags=_multi_snp_flag()
    )


_GENE_COLUMNS = ("SNP_GENE_IDS", "UPSTREAM_GENE_ID", "DOWNSTREAM_GENE_ID", "MAPPED_GENE")


def _containing_genes(rows: pl.DataFrame) -> pl.DataFrame:
    """LOCATED_IN edges to the genes that contain the SNP."""
    has_neighbours = pl.any_horizontal(pl.col(c).is_not_null() for c in ("UPSTREAM_GENE_ID", "DOWNSTREAM_GENE_ID"))
    is_intergenic = has_neighbours | pl.col("MAPPED_GENE").str.contains(" - ", literal=True).fill_null(False)
    inside = rows.filter(pl.col("SNP_GENE_IDS").is_not_null() | ~is_intergenic).select(
        ROW,
        ids=_list_entries("SNP_GENE_IDS"),
        names=_list_entries("MAPPED_GENE"),
        consequences=_list_entries("CONTEXT"),
        shared_consequence=_distinct_context(pl.col("CONTEXT")),
    )
    genes = pl.coalesce("ids", "names")
    nulls = genes.list.eval(pl.lit(None, dtype=pl.String))

    def parallel(column: str) -> pl.Expr:
        return pl.when(pl.col(column).list.len() == genes.list.len()).then(pl.col(column)).otherwise(nulls)

    lines = inside.select(
        ROW,
        "shared_consequence",
        end_id=parallel("ids"),
        end_name=parallel("names"),
        consequence=parallel("consequences"),
    ).explode("end_id", "end_name", "consequence")
    return (
        lines.select(
            ROW,
            type=pl.lit("LOCATED_IN"),
            end_id=curie(_filled(pl.col("end_id")), "NCBIGene"),
            end_name=_filled(pl.col("end_name")),
            consequence=pl.coalesce(_filled(pl.col("consequence")), "shared_consequence"),
        )
        .filter(pl.col("end_id").is_not_null() | pl.col("end_name").is_not_null())
        .unique(maintain_order=True)
    )


def _nearest_genes(rows: pl.DataFrame) -> pl.DataFrame:
    """NEAREST_TO edges to the genes upstream and downstream of an intergenic SNP."""
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
                consequence=_distinct_context(pl.col("CONTEXT")),
            )
        )
    return pl.concat(sides)


def reported_genes(frame: pl.DataFrame, snps: pl.DataFrame) -> pl.DataFrame:
    """REPORTED_GENE edges to the gene symbols that the paper names; words that are not symbols are ignored."""
    text = pl.col("REPORTED GENE(S)").str.replace_all("[–−]", "-").str.split(";").list.join(",")
    genes = (
        frame.select(ROW, "study", "pubmed_id", "published", end_name=text.str.split(","))
        .explode("end_name")
        .with_columns(pl.col("end_name").str.strip_chars().str.replace(_SYMBOL_PAIR, "$1,$2").str.split(","))
        .explode("end_name")
        .filter(
            pl.col("end_name").str.contains(_SYMBOL)
            & (pl.col("end_name").str.len_chars() > 1)
            & ~pl.col("end_name").str.to_lowercase().is_in(NOT_SYMBOLS)
        )
        .unique([ROW, "end_name"], maintain_order=True)
    )
    return (
        snps.select(ROW, "start_id", "snps")
        .join(genes, on=ROW)
        .with_columns(
            pl.col(ROW).alias("row"),
            type=pl.lit("REPORTED_GENE"),
            start_kind=pl.lit("SNP"),
            end_kind=pl.lit("Gene"),
            weight=1.0 / pl.col("snps"),
            flags=_multi_snp_flag(),
        )
    )


def _multi_snp_flag() -> pl.Expr:
    return pl.when(pl.col("snps") > 1).then(pl.lit(["multi_snp"])).otherwise(pl.lit([], dtype=pl.List(pl.String)))


def _list_entries(column: str) -> pl.Expr:
    """A cell as a list; blank entries stay, because the columns are parallel lists."""
    return pl.col(column).str.replace_all(";", ",").str.split(",")


def _filled(text: pl.Expr) -> pl.Expr:
    stripped = text.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _distinct_context(context: pl.Expr) -> pl.Expr:
    """The distinct entries of a CONTEXT cell: "intron;intron" → "intron"."""
    entries = context.str.split(";").list.unique(maintain_order=True)
    return entries.list.join(";")
