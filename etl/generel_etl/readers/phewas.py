"""Associations of SNPs and phecodes in a cohort, in the layout of the Phenotype–Genotype Reference Map (PGRM).

    [sources.phewas]
    reader = "phewas"
    files = ["phewas/ukbb_snp_phecode.csv"]
    build = "GRCh38"             # of SNP, "10:112998590:C:T"
    cohort = "UK Biobank"
    effect_allele = "alt"        # the allele of SNP that the odds ratio refers to: alt, or ref

A row gives one edge SNP -CORRELATES_WITH-> Disease; the disease is a phecode (`PHECODE:250.2`; phecodes are read as
text, because "008" is not "8"). An odds ratio that is not a number or is implausible is left out, and its row has the
flag `effect_unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.errors import ConfigError
from generel_etl.identifiers import position_ids, rsid, snp_position
from generel_etl.parsing.association_stats import MAX_ODDS_RATIO, in_mhc, neg_log10_p, p_flags
from generel_etl.parsing.delimited import Layout, read_rows
from generel_etl.parsing.records import edge_table, endpoint, snp_table
from generel_etl.parsing.rejects import Check, as_rejects, concat_rejects, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.phecode import phecode
from generel_etl.schema import Tables
from generel_etl.weights import FORMULAS, flag_list, log_standard_error

NEEDED = ("SNP", "phecode", "odds_ratio", "P")
OPTIONAL = ("cases", "controls", "L95", "U95", "rsID", "phecode_string", "category_string")
ALLELES = ("alt", "ref")


@dataclass(frozen=True, slots=True)
class PhewasOptions:
    """The keys of a source with `reader = "phewas"`."""

    build: str  # genome build of the positions in SNP: GRCh36, GRCh37, GRCh38
    cohort: str = ""  # name of the cohort; part of an edge's key
    effect_allele: str = "alt"  # the allele of SNP that the odds ratio refers to: alt or ref


def read(files: SourceFiles, options: PhewasOptions) -> Tables:
    """Read results into edges, SNPs with positions, and rejects.

    Layout: comma-separated with a header, quoted with `"`, UTF-8: the columns SNP (`chr:pos:ref:alt` or an rsID),
    phecode, odds_ratio and P, and optionally cases, controls, L95, U95 (the 95 % interval of the odds ratio), rsID,
    phecode_string and category_string. This is the layout of the benchmark results in the R package of the PGRM.
    Source of the format: https://pgrm.hugheylab.org/reference/index.html

    Raises ConfigError for an unknown genome build or allele, DataError for a missing or unknown column.
    """
    build = files.build(options.build)
    if options.effect_allele not in ALLELES:
        raise ConfigError(
            "unknown allele", where=f"{files.where}.effect_allele", found=options.effect_allele, valid=ALLELES
        )
    rows = read_rows(files, Layout(separator=",", quote='"'), needed=NEEDED, known=(*NEEDED, *OPTIONAL))
    absent = [name for name in OPTIONAL if name not in rows.frame.columns]
    frame = rows.frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)
    frame, bad = split_valid_rows(
        _with_statistics(_with_snp(frame, build)),
        [
            Check("SNP", pl.col("#id").is_not_null(), "neither an rsID nor a position"),
            Check(
                "phecode",
                pl.col("#phecode").is_not_null(),
                'not a phecode: three or four digits and up to two after a dot ("008.5")',
            ),
            Check(
                "odds_ratio",
                pl.col("odds_ratio").is_not_null() | pl.col("neg_log10_p").is_not_null(),
                "neither an odds ratio nor a p-value",
                pl.col("#odds_ratio"),
            ),
        ],
    )
    bad_counts = [
        as_rejects(
            frame.filter(pl.col(f"#{name}").is_not_null() & pl.col(name).is_null()),
            name,
            "not an integer ≥ 0: left out",
            pl.col(f"#{name}"),
        )
        for name in ("cases", "controls")
    ]
    return Tables(
        rows_read=rows.rows_read,
        snps=_snps(frame),
        edges=_edges(frame, options),
        rejects=concat_rejects([rows.rejects, bad, *bad_counts]),
        locations=rows.locations,
    )


def _with_snp(frame: pl.DataFrame, build: str) -> pl.DataFrame:
    """Add `#id` and the SNP's position, build and two alleles; a build in the SNP column overrides the option."""
    frame = frame.with_columns(snp_position(pl.col("SNP")).alias("#position")).unnest("#position")
    frame = frame.with_columns(pl.col("build").fill_null(build))
    by_position = position_ids(
        pl.col("build"), pl.col("chromosome"), pl.col("position"), (pl.col("ref"), pl.col("alt"))
    )
    return frame.with_columns(pl.coalesce(rsid(pl.col("rsID")), rsid(pl.col("SNP")), by_position).alias("#id"))


def _with_statistics(frame: pl.DataFrame) -> pl.DataFrame:
    """Parse `odds_ratio`, its interval and standard error, `neg_log10_p`, `cases` and `controls`."""
    odds, low, high = (pl.col(name).cast(pl.Float64, strict=False) for name in ("odds_ratio", "L95", "U95"))
    is_plausible = odds.is_between(1 / MAX_ODDS_RATIO, MAX_ODDS_RATIO)
    # An interval that does not contain its odds ratio belongs to another quantity.
    has_interval = is_plausible & (low > 0) & (low <= odds) & (odds <= high)
    counts = [pl.col(name).cast(pl.Float64, strict=False) for name in ("cases", "controls")]
    return frame.with_columns(
        phecode(pl.col("phecode")).alias("#phecode"),
        pl.col("odds_ratio").alias("#odds_ratio"),
        pl.when(is_plausible).then(odds).alias("odds_ratio"),
        pl.when(has_interval).then(low).alias("ci_low"),
        pl.when(has_interval).then(high).alias("ci_high"),
        pl.when(has_interval).then(log_standard_error(low, high)).alias("standard_error"),
        neg_log10_p(pl.col("P")).alias("neg_log10_p"),
        *(pl.col(name).alias(f"#{name}") for name in ("cases", "controls")),
        *(
            pl.when((n >= 0) & (n == n.round())).then(n).cast(pl.Int64).alias(name)
            for n, name in zip(counts, ("cases", "controls"), strict=True)
        ),
    )


def _snps(frame: pl.DataFrame) -> pl.DataFrame:
    """Each SNP with its position and alleles, from the first row that has them."""
    return snp_table(frame, "#id", alleles=pl.concat_list("ref", "alt").list.drop_nulls().list.sort())


def _edges(frame: pl.DataFrame, options: PhewasOptions) -> pl.DataFrame:
    formula = FORMULAS["phewas"]
    effect, other = ("alt", "ref") if options.effect_allele == "alt" else ("ref", "alt")
    flags = flag_list(
        mhc=in_mhc(pl.col("chromosome"), pl.col("position")),
        effect_unknown=pl.col("odds_ratio").is_null(),
        **p_flags(pl.col("P")),
    )
    weight = formula.weight()
    unchanged = ("odds_ratio", "standard_error", "ci_low", "ci_high", "neg_log10_p", "cases", "controls")
    return edge_table(
        frame,
        "CORRELATES_WITH",
        endpoint("#id", "SNP"),
        endpoint("#phecode", "Disease", pl.col("phecode_string").str.strip_chars()),
        weight=pl.when(weight > 0).then(weight),
        flags=pl.concat_list(flags, formula.flags()).list.sort(),
        effect_allele=effect,
        other_allele=other,
        cohort=pl.lit(options.cohort or None, dtype=pl.String),
        **{name: name for name in unchanged},
    )


READER = Reader("phewas", 2, PhewasOptions, read)
