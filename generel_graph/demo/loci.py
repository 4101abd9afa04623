"""Loci of the quick-start data, and the split into shown and hidden locus–disease pairs."""

from __future__ import annotations

import polars as pl

from generel_etl.parsing.association_stats import in_mhc
from generel_graph.ask.search.loci import LOCUS_WINDOW


def number_loci(snps: pl.DataFrame) -> pl.DataFrame:
    """Add the column `locus` (text) to SNPs with the columns rsid, chromosome and position.

    SNPs in the order of their positions share a locus while the gap to the previous SNP is at most LOCUS_WINDOW base
    pairs. A locus is named after the position of its first SNP, as "1:113834946". The MHC is one locus, "MHC".
    """
    gap = pl.col("position") - pl.col("position").shift(1).over("chromosome")
    ordered = snps.unique("rsid", keep="first").sort("chromosome", "position", "rsid")
    starts = ordered.with_columns((gap.is_null() | (gap > LOCUS_WINDOW)).alias("starts"))
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
    """Split reports (rsid, chromosome, position, disease_id, …) into shown and hidden ones by locus–disease pairs.

    Draws `share` of all locus–disease pairs with `seed`. Only loci with several diseases lose pairs, and each keeps at
    least one, because the graph states nothing else about many loci. All reports of a hidden pair are hidden. The locus
    of the SNP `spared` loses none. Returns both frames with a column `locus`.
    """
    snps = number_loci(reports.select("rsid", "chromosome", "position"))
    reports = reports.join(snps.select("rsid", "locus"), on="rsid", how="left", maintain_order="left")
    pairs = reports.select("locus", "disease_id").unique().sort("locus", "disease_id")
    wanted = round(share * len(pairs))
    remaining = dict(pairs.group_by("locus").len().iter_rows())
    remaining |= dict.fromkeys(snps.filter(pl.col("rsid") == spared)["locus"], 0)
    hidden: list[tuple[str, str]] = []
    for locus, disease in pairs.sample(fraction=1.0, shuffle=True, seed=seed).iter_rows():
        if len(hidden) < wanted and remaining[locus] > 1:
            remaining[locus] -= 1
            hidden.append((locus, disease))
    hidden_pairs = pl.DataFrame(hidden, schema=["locus", "disease_id"], orient="row")
    return (
        reports.join(hidden_pairs, on=["locus", "disease_id"], how="anti", maintain_order="left"),
        reports.join(hidden_pairs, on=["locus", "disease_id"], how="semi", maintain_order="left"),
    )
