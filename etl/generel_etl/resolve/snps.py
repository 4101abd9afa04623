"""SNPs: which rsID a position or a merged rsID is, which SNPs are named, and where they lie."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from generel_etl.resolve.gather import StagedTables
from generel_etl.schema import Snps

_RS = r"^rs[0-9]+$"
_PLACE = ["build", "chromosome", "position"]


MERGES = 20  # of one rsID after another; dbSNP has chains of a few


def renamed_snps(gathered: StagedTables) -> pl.DataFrame:
    """The SNPs that are known by another id: id (a position, or an rsID that was merged), target, way."""
    merged = merged_rsids(gathered)
    placed = rsids_of_positions(gathered).with_columns(known_as("target", merged).alias("target"))
    return pl.concat([placed.with_columns(way=pl.lit("position")), merged.with_columns(way=pl.lit("replacement"))])


def merged_rsids(gathered: StagedTables) -> pl.DataFrame:
    """The rsIDs that rows name though a merge table has a later one: id, target (the last of a chain).

    An rsID that several were made of is left as it is, and so is a ring.
    """
    stated = pl.concat(
        [
            stage.snps()
            .filter(pl.col("alt_ids").list.len() > 0)
            .select(target="id", id="alt_ids")
            .explode("id")
            .filter(pl.col("id") != pl.col("target"))
            for stage in gathered.stages
        ]
    )
    steps = stated.unique().collect().filter(pl.col("id").is_unique())
    chain = steps.select("id", "target")
    for _ in range(MERGES if steps.height else 0):
        after = chain.join(steps.rename({"id": "target", "target": "next"}), on="target", how="left")
        if not after["next"].count():
            break
        chain = after.select("id", target=pl.coalesce("next", "target")).filter(pl.col("id") != pl.col("target"))
    chain = chain.join(steps.select(target="id"), on="target", how="anti")  # what did not end is a ring
    if chain.is_empty():
        return chain.select("id", "target").cast(pl.String)
    named = pl.concat([_named(gathered, at) for at in range(len(gathered.stages))])
    met = named.join(chain.lazy(), on="id", how="semi").unique().collect()
    return chain.join(met, on="id", how="semi").select("id", "target").sort("id")


def rsids_of_positions(gathered: StagedTables) -> pl.DataFrame:
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


def _positional(gathered: StagedTables, at: int) -> pl.DataFrame:
    """The ids of SNPs by position that a source's rows have."""
    return _named(gathered, at).filter(~pl.col("id").str.contains(_RS)).unique().collect()


def _named(gathered: StagedTables, at: int) -> pl.LazyFrame:
    """The ids of SNPs that a source's rows have, not once each."""
    stage = gathered.stages[at]
    edges = stage.edges()
    columns = [edges.filter(pl.col(f"{side}_kind") == "SNP").select(id=f"{side}_id") for side in ("start", "end")]
    return pl.concat([*columns, stage.snps().select("id")])


def known_as(column: str, renamed: pl.DataFrame) -> pl.Expr:
    """The id that an SNP is known by: the rsID of a position, the later of a merged one."""
    if renamed.is_empty():
        return pl.col(column)
    return pl.col(column).replace(renamed["id"], renamed["target"])


def places(gathered: StagedTables, ids: pl.Series, renamed: pl.DataFrame) -> pl.DataFrame:
    """Position and alleles of the SNPs `ids`, each from the first source in the configuration that has it.

    Returns id, chromosome, position, build (from one source), alleles; SNPs that no source places are absent.
    """
    wanted = ids.to_frame("id").lazy()
    rows = [
        stage.snps()
        .select(known_as("id", renamed).alias("id"), pl.col("row"), *_PLACE, "alleles")
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
