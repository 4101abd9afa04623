"""GWAS Catalog, "all associations": layouts v1.0.1 (36 columns) and v1.0.2 (38, with study accessions).

    [sources.gwas]
    reader = "gwas_catalog"
    files = ["gwas_catalog/associations.tsv"]
    build = "GRCh38"             # of CHR_POS
    position_build = "GRCh37"    # of "chr6:32605884" in SNPS; left out, such rows are rejected

A row gives one ASSOCIATED_WITH edge for each SNP of its cell and each mapped trait (`gwas_snps`,
`gwas_traits`), LOCATED_IN and NEAREST_TO from the catalogue's own mapping, and REPORTED_GENE from the paper
(`gwas_genes`). The study is its accession, else `PMID:` and the paper's number: the spelling of titles differs
between releases.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.errors import DataError
from generel_etl.parsing.ancestry import ancestry_groups, sample_size
from generel_etl.parsing.association_stats import INFERRED_EFFECT_COLUMNS, effect, in_mhc, neg_log10_p, p_flags
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.rejects import FILE, LINE, ROW, Check, gather, rejected, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.gwas_catalog.genes import mapped_genes, reported_genes
from generel_etl.readers.gwas_catalog.snps import places, refusals, split_snps
from generel_etl.readers.gwas_catalog.traits import split_traits, trait_concepts, trait_xrefs
from generel_etl.schema import Edges, Snps, Tables, conform
from generel_etl.weights import GWAS_P, association, flag_list, sub_significant

# fmt: off
COLUMNS = (
    "DATE ADDED TO CATALOG", "PUBMEDID", "FIRST AUTHOR", "DATE", "JOURNAL", "LINK", "STUDY", "DISEASE/TRAIT",
    "REGION", "CHR_ID", "CHR_POS", "REPORTED GENE(S)", "MAPPED_GENE", "UPSTREAM_GENE_ID", "DOWNSTREAM_GENE_ID",
    "SNP_GENE_IDS", "UPSTREAM_GENE_DISTANCE", "DOWNSTREAM_GENE_DISTANCE", "STRONGEST SNP-RISK ALLELE", "SNPS",
    "MERGED", "SNP_ID_CURRENT", "CONTEXT", "INTERGENIC", "RISK ALLELE FREQUENCY", "P-VALUE", "PVALUE_MLOG",
    "P-VALUE (TEXT)", "OR or BETA", "95% CI (TEXT)", "PLATFORM [SNPS PASSING QC]", "CNV", "MAPPED_TRAIT",
    "MAPPED_TRAIT_URI",
)
SAMPLE = ("INITIAL SAMPLE DESCRIPTION", "INITIAL SAMPLE SIZE")  # v1.0.1, v1.0.2
KNOWN = (
    *COLUMNS, *SAMPLE, "REPLICATION SAMPLE DESCRIPTION", "REPLICATION SAMPLE SIZE", "STUDY ACCESSION",
    "GENOTYPING TECHNOLOGY",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class GwasCatalogOptions:
    """The keys of a source that is read as GWAS Catalog associations."""

    build: str  # of CHR_POS: "GRCh38" in releases since 2014
    position_build: str = ""  # of positions in SNPS, which do not state theirs; empty: such rows are rejected


def read(files: SourceFiles, options: GwasCatalogOptions) -> Tables:
    """Read associations into SNPs, traits of the source's own, edges and rejects.

    Raises DataError for a missing or unknown column, ConfigError for a build that is none.
    """
    build = files.build(options.build)
    position_build = files.build(options.position_build, "position_build") if options.position_build else None
    rows = read_rows(files, Layout(else_encoding="latin-1"), needed=COLUMNS)
    frame = rows.frame
    where = ", ".join(map(str, files.paths))
    check_columns([c for c in frame.columns if c not in (ROW, FILE, LINE)], COLUMNS, where, KNOWN)
    if not any(name in frame.columns for name in SAMPLE):
        raise DataError("no such column", where=where, found=SAMPLE[1], valid=frame.columns)
    for name in (*SAMPLE, "STUDY ACCESSION"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    traits_known = pl.any_horizontal(
        pl.col(c).is_not_null() for c in ("DISEASE/TRAIT", "MAPPED_TRAIT", "MAPPED_TRAIT_URI")
    )
    frame, no_trait = split_valid_rows(frame, [Check("DISEASE/TRAIT", traits_known, "no trait")])
    snps = split_snps(frame, build, position_build)
    lost = frame.join(snps, on=ROW, how="anti")
    frame = frame.join(snps.select(pl.col(ROW).unique()), on=ROW, how="semi")
    traits = split_traits(frame)
    edges = pl.concat(
        [
            conform(part, Edges)
            for part in (
                _associations(frame, snps, traits),
                mapped_genes(frame, snps),
                reported_genes(_studies(frame), snps),
                trait_xrefs(traits),
            )
        ]
    )
    return Tables(
        rows_read=rows.rows_read,
        concepts=trait_concepts(traits),
        snps=conform(places(snps), Snps),
        edges=edges,
        rejects=gather([rows.rejects, no_trait, rejected(lost, "SNPS", refusals(position_build))]),
        places=rows.places,
    )


def _studies(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with `study`, `pubmed_id` and `published`."""
    date = pl.col("DATE").str.strip_chars()
    return frame.with_columns(
        study=pl.coalesce("STUDY ACCESSION", "PMID:" + pl.col("PUBMEDID"), "STUDY"),
        pubmed_id=pl.col("PUBMEDID"),
        published=pl.coalesce(date.str.to_date("%Y-%m-%d", strict=False), date.str.to_date("%d-%b-%Y", strict=False)),
    )


def _associations(frame: pl.DataFrame, snps: pl.DataFrame, traits: pl.DataFrame) -> pl.DataFrame:
    """One edge for each row, SNP and trait."""
    p, several = pl.col("P-VALUE"), pl.col("snps") > 1
    sample = pl.coalesce(*SAMPLE)
    samples = frame.select(sample.alias("ancestry_text").unique()).with_columns(
        ancestry=ancestry_groups(pl.col("ancestry_text")), sample_size=sample_size(pl.col("ancestry_text"))
    )
    judged = (
        _studies(frame)
        .select(
            ROW,
            "study",
            "pubmed_id",
            "published",
            sample.alias("ancestry_text"),
            pl.col("P-VALUE (TEXT)")
            .str.strip_chars()
            .str.replace(r"^\((.*)\)$", "$1")
            .str.strip_chars()
            .alias("context"),
            # The catalogue's own logarithm is infinite below 1e-308, so the text comes first.
            neg_log10_p=neg_log10_p(p),
            effect=effect(pl.col("OR or BETA"), pl.col("95% CI (TEXT)")),
            effect_allele_frequency=pl.col("RISK ALLELE FREQUENCY").cast(pl.Float64, strict=False),
            **p_flags(p),
        )
        .unnest("effect")
    )
    frequency = pl.col("effect_allele_frequency")
    edges = (
        snps.join(traits, on=ROW)
        .join(judged, on=ROW)
        .join(samples, on="ancestry_text", how="left", nulls_equal=True)
        .with_columns(
            # The effect of a haplotype or an interaction is not that of one of its SNPs.
            effect_unknown=pl.col("effect_unknown")
            | (several & (pl.col("odds_ratio").is_not_null() | pl.col("beta").is_not_null())),
            effect_inferred=pl.col("effect_inferred") & ~several,
            effect_allele_frequency=pl.when(~several & frequency.is_between(0, 1)).then(frequency),
            **{name: pl.when(~several).then(pl.col(name)) for name in {*INFERRED_EFFECT_COLUMNS, "beta", "beta_unit"}},
        )
    )
    flags = flag_list(
        multi_snp=several,
        composite_trait=pl.col("traits") > 1,
        mhc=in_mhc(pl.col("chromosome"), pl.col("position")),
        merged_rsid=pl.col("was").is_not_null(),
        snp_from_risk_allele=pl.col("from_allele"),
        sub_significant=sub_significant(pl.col("neg_log10_p"), GWAS_P),
        **{n: pl.col(n) for n in ("p_underflow", "p_bound", "p_unknown", "effect_inferred", "effect_unknown")},
    )
    was = pl.concat_list("was:" + pl.col("was")).list.drop_nulls()
    return edges.select(
        *(name for name in edges.columns if name in Edges.columns()),
        row=pl.col(ROW),
        type=pl.lit("ASSOCIATED_WITH"),
        start_kind=pl.lit("SNP"),
        weight=association(pl.col("neg_log10_p")) / pl.col("snps") / pl.col("shares"),
        flags=flags.list.concat(was),
    )


READER = Reader("gwas_catalog", 1, GwasCatalogOptions, read)
