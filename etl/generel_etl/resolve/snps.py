"""SNPs: the rsIDs of positions, merged rsIDs, and the position and alleles of each SNP."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from generel_etl.resolve.gather import StagedTables
from generel_etl.schema import Snps

MAX_MERGES = 20  # of one rsID into the next; chains in dbSNP have a few
_RSID = r"^rs[0-9]+$"
_POSITION = ["build", "chromosome", "position"]


def renamed_snps(tables: StagedTables) -> pl.DataFrame:
    """The SNPs that have another id: id (a position, or a merged rsID), target (the current id), method."""
    merged = merged_rsids(tables)
    positions = rsids_of_positions(tables).with_columns(current_id("target", merged).alias("target"))
    return pl.concat(
        [positions.with_columns(method=pl.lit("position")), merged.with_columns(method=pl.lit("replacement"))]
    )


def merged_rsids(tables: StagedTables) -> pl.DataFrame:
    """The merged rsIDs that rows mention: id, target (the last rsID of the chain of merges).

    An rsID that was split into several is not changed, and neither is a cycle.
    """
    stated = pl.concat(
        [
            stage.snps()
            .filter(pl.col("alt_ids").list.len() > 0)
            .select(target="id", id="alt_ids")
            .explode("id")
            .filter(pl.col("id") != pl.col("target"))
            for stage in tables.stages
        ]
    )
    merges = stated.unique().collect().filter(pl.col("id").is_unique())
    chain = merges.select("id", "target")
    for _ in range(MAX_MERGES if merges.height else 0):
        longer = chain.join(merges.rename({"id": "target", "target": "next"}), on="target", how="left")
        if not longer["next"].count():
            break
        chain = longer.select("id", target=pl.coalesce("next", "target")).filter(pl.col("id") != pl.col("target"))
    chain = chain.join(merges.select(target="id"), on="target", how="anti")  # a chain without an end is a cycle
    if chain.is_empty():
        return chain.select("id", "target").cast(pl.String)
    mentions = pl.concat([_mentions(tables, src) for src in range(len(tables.stages))])
    mentioned = mentions.join(chain.lazy(), on="id", how="semi").unique().collect()
    return chain.join(mentioned, on="id", how="semi").select("id", "target").sort("id")


def rsids_of_positions(tables: StagedTables) -> pl.DataFrame:
    """The rsIDs of SNPs mentioned by position: id (`GRCh37:12:1034943[:ref:alt]`), target (the rsID).

    A position has an rsID only if one source states both, in the same build, with matching alleles. A position with
    several rsIDs is not changed.
    """
    ids = pl.concat([_positional_ids(tables, src) for src in range(len(tables.stages))]).unique()
    if ids.is_empty():
        return ids.with_columns(target="id")
    parts = ids.select("id", pl.col("id").str.split(":").alias("parts"))
    positions = parts.select(
        "id",
        build=pl.col("parts").list.get(0),
        chromosome=pl.col("parts").list.get(1),
        position=pl.col("parts").list.get(2).cast(pl.Int64),
        id_alleles=pl.col("parts").list.slice(3),
    )
    listed = [
        stage.snps()
        .filter(pl.col("id").str.contains(_RSID))
        .join(positions.lazy().select(_POSITION).unique(), on=_POSITION, how="semi")
        .select("id", *_POSITION, "alleles")
        .collect()
        for stage in tables.stages
    ]
    candidates = positions.join(pl.concat(listed).rename({"id": "target"}).unique(), on=_POSITION)
    alleles = pl.col("id_alleles").list
    alleles_match = (alleles.len() == 0) | (alleles.set_difference(pl.col("alleles")).list.len() == 0)
    return (
        candidates.filter(alleles_match)
        .group_by("id")
        .agg(pl.col("target").n_unique().alias("n"), pl.col("target").min())
        .filter(pl.col("n") == 1)
        .select("id", "target")
        .sort("id")
    )


def _positional_ids(tables: StagedTables, src: int) -> pl.DataFrame:
    """The ids of SNPs in the rows of a source that are positions."""
    return _mentions(tables, src).filter(~pl.col("id").str.contains(_RSID)).unique().collect()


def _mentions(tables: StagedTables, src: int) -> pl.LazyFrame:
    """The ids of SNPs in the rows of a source, with repeats."""
    stage = tables.stages[src]
    edges = stage.edges()
    columns = [edges.filter(pl.col(f"{side}_kind") == "SNP").select(id=f"{side}_id") for side in ("start", "end")]
    return pl.concat([*columns, stage.snps().select("id")])


def current_id(column: str, renamed: pl.DataFrame) -> pl.Expr:
    """The current id of an SNP: the rsID of a position, the last rsID of a merged one, otherwise the id itself."""
    if renamed.is_empty():
        return pl.col(column)
    return pl.col(column).replace(renamed["id"], renamed["target"])


def snp_positions(tables: StagedTables, ids: pl.Series, renamed: pl.DataFrame) -> pl.DataFrame:
    """Position and alleles of the SNPs `ids`, each from the first source in the configuration that states them.

    Returns id, chromosome, position, build (from one source), alleles; SNPs without a stated position are absent.
    """
    wanted = ids.to_frame("id").lazy()
    rows = [
        stage.snps()
        .select(current_id("id", renamed).alias("id"), pl.col("row"), *_POSITION, "alleles")
        .join(wanted, on="id", how="semi")
        .collect()
        .sort("row", maintain_order=True)
        for stage in tables.stages
    ]
    every = pl.concat([Snps.create_empty().select("id", "row", *_POSITION, "alleles"), *rows])
    position = _first(every, pl.col("position").is_not_null(), _POSITION)
    # If a source states another position in the same build, its alleles may be those of another SNP.
    conflicts = (pl.col("build") == pl.col("build_chosen")) & (pl.col("position") != pl.col("position_chosen"))
    consistent = every.join(position, on="id", how="left", suffix="_chosen", maintain_order="left").filter(
        conflicts.fill_null(False).not_()
    )
    alleles = _first(consistent, pl.col("alleles").list.len() > 0, ["alleles"])
    return position.join(alleles, on="id", how="full", coalesce=True)


def _first(rows: pl.DataFrame, condition: pl.Expr, columns: Sequence[str]) -> pl.DataFrame:
    return rows.filter(condition).unique("id", keep="first", maintain_order=True).select("id", *columns)
