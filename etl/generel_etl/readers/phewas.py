"""SNPs measured against phecodes in a cohort, as the Phenotype–Genotype Reference Map (PGRM) lists them.

    [sources.phewas]
    reader = "phewas"
    files = ["phewas/ukbb_snp_phecode.csv"]
    build = "GRCh38"             # of SNP, "10:112998590:C:T"
    cohort = "UK Biobank"
    effect_allele = "alt"        # which of SNP's two alleles the odds ratio is of: alt, or ref

A row gives SNP -CORRELATES_WITH-> Disease, the phecode (`PHECODE:250.2`; text all the way, since "008" is not "8"). An
odds ratio that is none, or beyond all reason, is left out and its row flagged `effect_unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.errors import ConfigError
from generel_etl.identifiers import position_ids, rsid, snp_place
from generel_etl.parsing.association_stats import ABSURD_ODDS, in_mhc, neg_log10_p, p_flags
from generel_etl.parsing.delimited import Layout, read_rows
from generel_etl.parsing.rejects import ROW, Check, gather, rejected, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.phecode import phecode
from generel_etl.schema import Edges, Snps, Tables, conform
from generel_etl.weights import FORMULAS, flag_list, log_standard_error

NEEDED = ("SNP", "phecode", "odds_ratio", "P")
OPTIONAL = ("cases", "controls", "L95", "U95", "rsID", "phecode_string", "category_string")
ALLELES = ("alt", "ref")


@dataclass(frozen=True, slots=True)
class PhewasOptions:
    """The keys of a source that is read as a PheWAS."""

    build: str  # of the positions in SNP: GRCh36, GRCh37, GRCh38
    cohort: str = ""  # who was measured; part of an edge's key
    effect_allele: str = "alt"  # of SNP's two alleles: alt or ref


def read(files: SourceFiles, options: PhewasOptions) -> Tables:
    """Read results into edges, places of SNPs and rejects.

    Raises ConfigError for a build or an allele that is none, DataError for a missing or unknown column.
    """
    build = files.build(options.build)
    if options.effect_allele not in ALLELES:
        raise ConfigError(
            "no such allele", where=f"{files.where}.effect_allele", found=options.effect_allele, valid=ALLELES
        )
    rows = read_rows(files, Layout(separator=",", quote='"'), needed=NEEDED, known=(*NEEDED, *OPTIONAL))
    absent = [name for name in OPTIONAL if name not in rows.frame.columns]
    frame = rows.frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)
    frame, bad = split_valid_rows(
        _measured(_snps_of(frame, build)),
        [
            Check("SNP", pl.col("#id").is_not_null(), "neither an rsID nor a place"),
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
    unread = [
        rejected(
            frame.filter(pl.col(f"#{name}").is_not_null() & pl.col(name).is_null()),
            name,
            "not a whole number from 0 up: left out",
            pl.col(f"#{name}"),
        )
        for name in ("cases", "controls")
    ]
    return Tables(
        rows_read=rows.rows_read,
        snps=_places(frame, build),
        edges=_edges(frame, options),
        rejects=gather([rows.rejects, bad, *unread]),
        places=rows.places,
    )


def _snps_of(frame: pl.DataFrame, build: str) -> pl.DataFrame:
    """Add `#id`, the SNP's place and its two alleles; a build that SNP states itself goes before the option's."""
    frame = frame.with_columns(snp_place(pl.col("SNP")).alias("#place")).unnest("#place")
    frame = frame.with_columns(pl.col("build").fill_null(build))
    place = position_ids(pl.col("build"), pl.col("chromosome"), pl.col("position"), (pl.col("ref"), pl.col("alt")))
    return frame.with_columns(pl.coalesce(rsid(pl.col("rsID")), rsid(pl.col("SNP")), place).alias("#id"))


def _measured(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn texts into `odds_ratio`, its interval and standard error, `neg_log10_p`, cases and controls."""
    odds, low, high = (pl.col(name).cast(pl.Float64, strict=False) for name in ("odds_ratio", "L95", "U95"))
    sound = odds.is_between(1 / ABSURD_ODDS, ABSURD_ODDS)
    # An interval that does not hold its number is of something else.
    kept = sound & (low > 0) & (low <= odds) & (odds <= high)
    counts = [pl.col(name).cast(pl.Float64, strict=False) for name in ("cases", "controls")]
    return frame.with_columns(
        phecode(pl.col("phecode")).alias("#phecode"),
        pl.col("odds_ratio").alias("#odds_ratio"),
        pl.when(sound).then(odds).alias("odds_ratio"),
        pl.when(kept).then(low).alias("ci_low"),
        pl.when(kept).then(high).alias("ci_high"),
        pl.when(kept).then(log_standard_error(low, high)).alias("standard_error"),
        neg_log10_p(pl.col("P")).alias("neg_log10_p"),
        *(pl.col(name).alias(f"#{name}") for name in ("cases", "controls")),
        *(
            pl.when((n >= 0) & (n == n.round())).then(n).cast(pl.Int64).alias(name)
            for n, name in zip(counts, ("cases", "controls"), strict=True)
        ),
    )


def _places(frame: pl.DataFrame, build: str) -> pl.DataFrame:
    """Each SNP with its place and alleles, by the first row that has them."""
    placed = frame.filter(pl.col("position") > 0).unique("#id", keep="first", maintain_order=True)
    alleles = pl.concat_list("ref", "alt").list.drop_nulls().list.sort()
    return conform(
        placed.select(
            pl.col(ROW).alias("row"),
            pl.col("#id").alias("id"),
            "chromosome",
            "position",
            "build",
            alleles.alias("alleles"),
        ),
        Snps,
    )


def _edges(frame: pl.DataFrame, options: PhewasOptions) -> pl.DataFrame:
    formula = FORMULAS["phewas"]
    effect, other = ("alt", "ref") if options.effect_allele == "alt" else ("ref", "alt")
    flags = flag_list(
        mhc=in_mhc(pl.col("chromosome"), pl.col("position")),
        effect_unknown=pl.col("odds_ratio").is_null(),
        **p_flags(pl.col("P")),
    )
    weight = formula.weight()
    return conform(
        frame.select(
            pl.col(ROW).alias("row"),
            pl.lit("CORRELATES_WITH").alias("type"),
            pl.col("#id").alias("start_id"),
            pl.lit("SNP").alias("start_kind"),
            pl.col("#phecode").alias("end_id"),
            pl.lit("Disease").alias("end_kind"),
            pl.col("phecode_string").str.strip_chars().alias("end_name"),
            pl.when(weight > 0).then(weight).alias("weight"),
            pl.concat_list(flags, formula.flags()).list.sort().alias("flags"),
            pl.col(effect).alias("effect_allele"),
            pl.col(other).alias("other_allele"),
            "odds_ratio",
            "standard_error",
            "ci_low",
            "ci_high",
            "neg_log10_p",
            "cases",
            "controls",
            pl.lit(options.cohort or None, dtype=pl.String).alias("cohort"),
        ),
        Edges,
    )


READER = Reader("phewas", 1, PhewasOptions, read)
