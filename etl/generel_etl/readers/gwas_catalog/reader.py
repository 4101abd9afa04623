"""The GWAS Catalog's "all associations" download: layouts v1.0.1 (36 columns) and v1.0.2 (38, with study accessions).

    [sources.gwas]
    reader = "gwas_catalog"
    files = ["gwas_catalog/associations.tsv"]
    build = "GRCh38"             # of CHR_POS
    position_build = "GRCh37"    # of "chr6:32605884" in SNPS; without it, such rows are rejected

A row gives one ASSOCIATED_WITH edge for each SNP of its cell (`snps.py`) and each mapped trait (`traits.py`),
LOCATED_IN and NEAREST_TO edges from the catalogue's own mapping, and REPORTED_GENE edges from the paper (`genes.py`).
The study is its accession, or `PMID:` and the PubMed id: titles are spelled differently between releases.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.errors import DataError
from generel_etl.parsing.ancestry import ancestry_groups, sample_size
from generel_etl.parsing.association_stats import INFERRED_EFFECT_COLUMNS, effect, in_mhc, neg_log10_p, p_flags
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.rejects import FILE, LINE, ROW, Check, as_rejects, concat_rejects, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.gwas_catalog.genes import mapped_genes, reported_genes
from generel_etl.readers.gwas_catalog.snps import positioned_snps, reject_reason, split_snps
from generel_etl.readers.gwas_catalog.traits import split_traits, trait_concepts, trait_xrefs
from generel_etl.schema import Edges, Tables, conform
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
    """The keys of a source with `reader = "gwas_catalog"`."""

    build: str  # genome build of CHR_POS: "GRCh38" in releases since 2014
    position_build: str = ""  # genome build of positions in SNPS that state none; empty: such rows are rejected


def read(files: SourceFiles, options: GwasCatalogOptions) -> Tables:
    """Read associations into SNPs, traits that only this source defines, edges and rejects.

    Layout: the NHGRI-EBI GWAS Catalog's "All associations" files, tab-separated, without quoting, UTF-8 or latin-1:
    v1.0.1 (COLUMNS and the sample *descriptions*) and v1.0.2 (sample *sizes*, STUDY ACCESSION, GENOTYPING TECHNOLOGY).
    Source of the format: https://www.ebi.ac.uk/gwas/docs/fileheaders

    Raises DataError for a missing or unknown column, ConfigError for an unknown genome build.
    """
    build = files.build(options.build)
    position_build = files.build(options.position_build, "position_build") if options.position_build else None
    rows = read_rows(files, Layout(fallback_encoding="latin-1"), needed=COLUMNS)
    frame = rows.frame
    where = ", ".join(map(str, files.paths))
    check_columns([c for c in frame.columns if c not in (ROW, FILE, LINE)], COLUMNS, where, KNOWN)
    if not any(name in frame.columns for name in SAMPLE):
        raise DataError("no such column", where=where, found=SAMPLE[1], valid=frame.columns)
    for name in (*SAMPLE, "STUDY ACCESSION"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    has_trait = pl.any_horizontal(
        pl.col(c).is_not_null() for c in ("DISEASE/TRAIT", "MAPPED_TRAIT", "MAPPED_TRAIT_URI")
    )
    frame, no_trait = split_valid_rows(frame, [Check("DISEASE/TRAIT", has_trait, "no trait")])
    snps = split_snps(frame, build, position_build)
    without_snp = frame.join(snps, on=ROW, how="anti")
    frame = frame.join(snps.select(pl.col(ROW).unique()), on=ROW, how="semi")
    traits = split_traits(frame)
    edges = pl.concat(
        [
            conform(part, Edges)
            for part in (
                _associations(frame, snps, traits),
                mapped_genes(frame, snps),
                reported_genes(_with_studies(frame), snps),
                trait_xrefs(traits),
            )
        ]
    )
    return Tables(
        rows_read=rows.rows_read,
        concepts=trait_concepts(traits),
        snps=positioned_snps(snps),
        edges=edges,
        rejects=concat_rejects(
            [rows.rejects, no_trait, as_rejects(without_snp, "SNPS", reject_reason(position_build))]
        ),
        locations=rows.locations,
    )


def _with_studies(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `study`, `pubmed_id` and `published` to the rows."""
    date = pl.col("DATE").str.strip_chars()
    return frame.with_columns(
        study=pl.coalesce("STUDY ACCESSION", "PMID:" + pl.col("PUBMEDID"), "STUDY"),
        pubmed_id=pl.col("PUBMEDID"),
        published=pl.coalesce(date.str.to_date("%Y-%m-%d", strict=False), date.str.to_date("%d-%b-%Y", strict=False)),
    )


def _associations(frame: pl.DataFrame, snps: pl.DataFrame, traits: pl.DataFrame) -> pl.DataFrame:
    """One ASSOCIATED_WITH edge for each row, SNP and trait."""
    edges = _without_joint_effects(
        snps.join(traits, on=ROW)
        .join(_statistics(frame), on=ROW)
        .join(_samples(frame), on="ancestry_text", how="left", nulls_equal=True)
    )
    flags = flag_list(
        multi_snp=pl.col("snps") > 1,
        composite_trait=pl.col("traits") > 1,
        mhc=in_mhc(pl.col("chromosome"), pl.col("position")),
        merged_rsid=pl.col("merged_id").is_not_null(),
        snp_from_risk_allele=pl.col("from_allele"),
        sub_significant=sub_significant(pl.col("neg_log10_p"), GWAS_P),
        **{n: pl.col(n) for n in ("p_underflow", "p_bound", "p_unknown", "effect_inferred", "effect_unknown")},
    )
    merged_id_flag = pl.concat_list("was:" + pl.col("merged_id")).list.drop_nulls()
    return edges.select(
        *(name for name in edges.columns if name in Edges.columns()),
        row=pl.col(ROW),
        type=pl.lit("ASSOCIATED_WITH"),
        start_kind=pl.lit("SNP"),
        weight=association(pl.col("neg_log10_p")) / pl.col("snps") / pl.col("shares"),
        flags=flags.list.concat(merged_id_flag),
    )


def _statistics(frame: pl.DataFrame) -> pl.DataFrame:
    """What each row reports of its association: study, sample text, context, p-value and effect."""
    p, context = pl.col("P-VALUE"), pl.col("P-VALUE (TEXT)").str.strip_chars()
    return (
        _with_studies(frame)
        .select(
            ROW,
            "study",
            "pubmed_id",
            "published",
            _sample_text(),
            context=context.str.replace(r"^\((.*)\)$", "$1").str.strip_chars(),
            # The catalogue's own logarithm is infinite below 1e-308, so the logarithm is computed from the text.
            neg_log10_p=neg_log10_p(p),
            effect=effect(pl.col("OR or BETA"), pl.col("95% CI (TEXT)")),
            effect_allele_frequency=pl.col("RISK ALLELE FREQUENCY").cast(pl.Float64, strict=False),
            **p_flags(p),
        )
        .unnest("effect")
    )


def _sample_text() -> pl.Expr:
    return pl.coalesce(*SAMPLE).alias("ancestry_text")


def _samples(frame: pl.DataFrame) -> pl.DataFrame:
    """The ancestry groups and sample size of each distinct sample text."""
    text = pl.col("ancestry_text")
    return frame.select(_sample_text().unique()).with_columns(
        ancestry=ancestry_groups(text), sample_size=sample_size(text)
    )


def _without_joint_effects(edges: pl.DataFrame) -> pl.DataFrame:
    """Remove the effects of rows with several SNPs: that of a haplotype or interaction is not the effect of one SNP."""
    several, frequency = pl.col("snps") > 1, pl.col("effect_allele_frequency")
    has_effect = pl.col("odds_ratio").is_not_null() | pl.col("beta").is_not_null()
    return edges.with_columns(
        effect_unknown=pl.col("effect_unknown") | (several & has_effect),
        effect_inferred=pl.col("effect_inferred") & ~several,
        effect_allele_frequency=pl.when(~several & frequency.is_between(0, 1)).then(frequency),
        **{name: pl.when(~several).then(pl.col(name)) for name in {*INFERRED_EFFECT_COLUMNS, "beta", "beta_unit"}},
    )


READER = Reader("gwas_catalog", 1, GwasCatalogOptions, read)
