"""SNPs: which rsID a position is, which SNPs are named, and where they lie."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from generel_etl.resolve.gather import Gathered
from generel_etl.tables import Snps

_RS = r"^rs[0-9]+$"
_PLACE = ["build", "chromosome", "position"]


def rsids_of_positions(gathered: Gathered) -> pl.DataFrame:
    """Find the rsIDs of SNPs mentioned by position: id (`GRCh37:12:1034943[:ref:alt]`), target (the rsID).

    A position is an rsID only where one source states both, in the same build, and the alleles agree; where
    several rsIDs fit, none is taken.
    """
    ids = pl.concat([_positional(gathered, at) for at in range(len(gathered.stages))]).unique()
    if ids.is_empty():
        return ids.with_columns(target="id")
    parts = ids.select("id", pl.col("id").str.split(":").alias("parts"))
    asked = parts.select(
        "id",
        build=pl.col("parts").list.get(0),
        chromosome=pl.col("parts").list.get(1),
        position=pl.col("parts").list.get(2).cast(pl.Int64),
        wanted=pl.col("parts").list.slice(3),
    )
    stated = [
        stage.snps()
        .filter(pl.col("id").str.contains(_RS))
        .join(asked.lazy().select(_PLACE).unique(), on=_PLACE, how="semi")
        .select("id", *_PLACE, "alleles")
        .collect()
        for stage in gathered.stages
    ]
    met = asked.join(pl.concat(stated).rename({"id": "target"}).unique(), on=_PLACE)
    fits = (pl.col("wanted").list.len() == 0) | (
        pl.col("wanted").list.set_difference(pl.col("alleles")).list.len() == 0
    )
    return (
        met.filter(fits)
        .group_by("id")
        .agg(pl.col("target").n_unique().alias("n"), pl.col("target").min())
        .filter(pl.col("n") == 1)
        .select("id", "target")
        .sort("id")
    )


def _positional(gathered: Gathered, at: int) -> pl.DataFrame:
    """The ids of SNPs by position that a source's rows have."""
    stage = gathered.stages[at]
    edges = stage.edges()
    columns = [edges.filter(pl.col(f"{side}_kind") == "SNP").select(id=f"{side}_id") for side in ("start", "end")]
    found = pl.concat([*columns, stage.snps().select("id")])
    return found.filter(~pl.col("id").str.contains(_RS)).unique().collect()


def known_as(column: str, positions: pl.DataFrame) -> pl.Expr:
    """The rsID of an SNP's id where it is one by position and its rsID is known."""
    if positions.is_empty():
        return pl.col(column)
    return pl.col(column).replace(positions["id"], positions["target"])


def places(gathered: Gathered, ids: pl.Series, positions: pl.DataFrame) -> pl.DataFrame:
    """Position and alleles of the SNPs `ids`, each from the first source in the configuration that has it.

    Returns id, chromosome, position, build (from one source), alleles; SNPs that no source places are absent.
    """
    wanted = ids.to_frame("id").lazy()
    rows = [
        stage.snps()
        .select(known_as("id", positions).alias("id"), pl.col("row"), *_PLACE, "alleles")
        .join(wanted, on="id", how="semi")
        .collect()
        .sort("row", maintain_order=True)
        for stage in gathered.stages
    ]
    every = pl.concat([Snps.create_empty().select("id", "row", *_PLACE, "alleles"), *rows])
    place = _first(every, pl.col("position").is_not_null(), _PLACE)
    # Of a source that puts the SNP elsewhere in the same build, the alleles may be another SNP's.
    agreeing = every.join(place, on="id", how="left", suffix="_taken", maintain_order="left").filter(
        ((pl.col("build") == pl.col("build_taken")) & (pl.col("position") != pl.col("position_taken")))
        .fill_null(False)
        .not_()
    )
    alleles = _first(agreeing, pl.col("alleles").list.len() > 0, ["alleles"])
    return place.join(alleles, on="id", how="full", coalesce=True)


def _first(rows: pl.DataFrame, has: pl.Expr, columns: Sequence[str]) -> pl.DataFrame:
    return rows.filter(has).unique("id", keep="first", maintain_order=True).select("id", *columns)
