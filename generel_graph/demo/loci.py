"""Loci of the quick start: SNPs within 250 kb of each other, the MHC as one."""

from __future__ import annotations

import polars as pl

from generel_etl.parsing.association_stats import in_mhc

WINDOW = 250_000  # base pairs between neighbours of one locus


def number_loci(snps: pl.DataFrame) -> pl.DataFrame:
    """Give each SNP its locus: columns rsid, chromosome, position in, `locus` (text) added.

    A locus is named after its first SNP's place, as "1:113834946"; SNPs in the order of positions belong
    together as long as the gap to the one before is at most WINDOW. The MHC is the one locus "MHC".
    """
    gap = pl.col("position") - pl.col("position").shift(1).over("chromosome")
    ordered = snps.unique("rsid", keep="first").sort("chromosome", "position", "rsid")
    starts = ordered.with_columns((gap.is_null() | (gap > WINDOW)).alias("starts"))
    named = starts.with_columns(
        pl.when("starts")
        .then(pl.col("chromosome") + ":" + pl.col("position").cast(pl.String))
        .forward_fill()
        .alias("locus")
    )
    return named.with_columns(
        pl.when(in_mhc(pl.col("chromosome"), pl.col("position"))).then(pl.lit("MHC")).otherwise("locus").alias("locus")
    ).drop("starts")


def hide_pairs(reports: pl.DataFrame, share: float, seed: int, spared: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split reports (rsid, chromosome, position, disease_id …) into shown and hidden, by locus–disease pairs.

    `share` of all locus–disease pairs is hidden, drawn with `seed` among loci that several diseases share, so
    that each locus keeps at least one disease, without which nothing would be known of it. All reports of a
    hidden pair go; the locus of the SNP `spared` is left alone. Returns both frames with a column `locus`.
    """
    snps = number_loci(reports.select("rsid", "chromosome", "position"))
    reports = reports.join(snps.select("rsid", "locus"), on="rsid", how="left", maintain_order="left")
    pairs = reports.select("locus", "disease_id").unique().sort("locus", "disease_id")
    wanted = round(share * len(pairs))
    left = dict(pairs.group_by("locus").len().iter_rows())
    left |= dict.fromkeys(snps.filter(pl.col("rsid") == spared)["locus"], 0)
    hidden: list[tuple[str, str]] = []
    for locus, disease in pairs.sample(fraction=1.0, shuffle=True, seed=seed).iter_rows():
        if len(hidden) < wanted and left[locus] > 1:
            left[locus] -= 1
            hidden.append((locus, disease))
    gone = pl.DataFrame(hidden, schema=["locus", "disease_id"], orient="row")
    return (
        reports.join(gone, on=["locus", "disease_id"], how="anti", maintain_order="left"),
        reports.join(gone, on=["locus", "disease_id"], how="semi", maintain_order="left"),
    )
