"""The SNPs of a GWAS Catalog row: one rsID, several, a position, a merged id, or nothing that can be used."""

from __future__ import annotations

import polars as pl

from generel_etl.identifiers import chromosome, normalise_build, position_ids, rsid, snp_place
from generel_etl.parsing.association_stats import risk_allele
from generel_etl.parsing.rejects import ROW

_BETWEEN = r"\s*[;,]\s*|\s+[xX]\s+"  # a haplotype "rs1; rs2", an interaction "rs1 x rs2"
_STATED = r"(?i)^\s*((?:hg|GRCh|b)[0-9]{2})[_:]\s*(.*)$"  # "hg18_chr11:27369242" states its build


def parts(column: str) -> pl.Expr:
    """A cell's entries as a list of texts; null cells give null."""
    return pl.col(column).str.replace_all(_BETWEEN, ";").str.split(";").list.eval(pl.element().str.strip_chars())


def split_snps(frame: pl.DataFrame, build: str, position_build: str | None) -> pl.DataFrame:
    """The usable SNPs of each row, one line each; a row without any is absent.

    Columns: ROW, `start_id`, `snps` (entries of the cell: what weights are divided by), `effect_allele`,
    `chromosome`, `position` and `build` where the row places this SNP, `was` (the id before a merge),
    `from_allele` (the id was read off the risk allele, since SNPS holds a misspelt one), `mapped_weight`
    (1 where the row's genes are this SNP's, 1/n where that cannot be told, null where they are another's).

    The catalogue says which rsIDs were merged into which (MERGED, SNP_ID_CURRENT); that is followed, unless the
    current id is the old one with digits cut off, as spreadsheets do.
    """
    one = pl.col("snps") == 1
    current = "rs" + pl.col("current").str.replace(r"\.0$", "")
    stated = pl.col("token").str.extract_groups(_STATED).struct
    token_build = stated.field("1").replace_strict(_BUILD_NAMES, default=None, return_dtype=pl.String)
    work = (
        frame.select(
            ROW,
            token=parts("SNPS").list.filter(pl.element() != ""),
            allele=parts("STRONGEST SNP-RISK ALLELE"),
            chromosomes=parts("CHR_ID"),
            positions=parts("CHR_POS"),
            current_ids=parts("SNP_ID_CURRENT"),
            merged=pl.col("MERGED").str.strip_chars() == "1",
        )
        .with_columns(snps=pl.col("token").list.len(), index=pl.int_ranges(pl.col("token").list.len()))
        .filter(pl.col("snps") > 0)
        .explode("token", "index")
        .with_columns(
            allele=_at("allele"),
            # A place that several SNPs share belongs to the one that the catalogue calls current.
            current=_at("current_ids"),
            placed=_at("chromosomes"),
            at=_at("positions").cast(pl.Int64, strict=False),
            lone_place=pl.col("chromosomes").list.len() == 1,
            lone_current=pl.when(pl.col("current_ids").list.len() == 1).then("rs" + pl.col("current_ids").list.first()),
        )
    )
    allele_id = rsid(pl.col("allele").str.extract(r"(?i)^\s*(rs[0-9]+)\b", 1))
    # One place for several SNPs is that of the SNP that the catalogue calls current.
    here = one | (pl.col("lone_current") == pl.col("rs"))
    place = snp_place(pl.coalesce(stated.field("2"), pl.col("token"))).struct
    work = work.with_columns(
        rs=rsid(pl.col("token")),
        spelt=allele_id,
        place_build=pl.coalesce(token_build, pl.lit(position_build, dtype=pl.String)),
        token_chromosome=place.field("chromosome"),
        token_position=place.field("position"),
    ).with_columns(
        chromosome=chromosome(
            pl.coalesce("placed", pl.when(here & pl.col("lone_place")).then(pl.col("chromosomes").list.first()))
        ),
        position=pl.coalesce(
            "at",
            pl.when(here & pl.col("lone_place")).then(pl.col("positions").list.first().cast(pl.Int64, strict=False)),
        ),
        mapped_weight=pl.when(one)
        .then(1.0)
        .when(pl.col("lone_current").is_null() | ~pl.col("lone_place"))
        .then(1.0 / pl.col("snps"))
        .when(here)
        .then(1.0),
    )
    cut = pl.col("rs").str.starts_with(current) & (pl.col("rs") != current)
    moved = (pl.col("merged") & (current != pl.col("rs")) & ~cut & rsid(current).is_not_null()).fill_null(False)
    from_allele = one & pl.col("rs").is_null() & pl.col("token_position").is_null() & pl.col("spelt").is_not_null()
    position_id = pl.coalesce(
        *(
            pl.when(pl.col("place_build") == name).then(
                position_ids(name, pl.col("token_chromosome"), pl.col("token_position"))
            )
            for name in ("GRCh36", "GRCh37", "GRCh38")
        )
    )
    by_position = pl.col("rs").is_null() & pl.col("token_position").is_not_null()
    return (
        work.with_columns(
            was=pl.when(moved).then(pl.col("rs")),
            from_allele=from_allele.fill_null(False),
            start_id=pl.when(moved)
            .then(current)
            .when(by_position)
            .then(position_id)
            .otherwise(pl.coalesce("rs", pl.when(from_allele).then(pl.col("spelt")))),
            effect_allele=risk_allele(pl.col("allele")),
            chromosome=pl.when(by_position).then(pl.col("token_chromosome")).otherwise(pl.col("chromosome")),
            position=pl.when(by_position).then(pl.col("token_position")).otherwise(pl.col("position")),
            build=pl.when(by_position).then(pl.col("place_build")).otherwise(pl.lit(build)),
        )
        .filter(pl.col("start_id").is_not_null())
        .unique([ROW, "start_id"], keep="first", maintain_order=True)
        .select(
            ROW,
            "start_id",
            "snps",
            "effect_allele",
            "was",
            "from_allele",
            "mapped_weight",
            chromosome=pl.when(pl.col("position") > 0).then(pl.col("chromosome")),
            position=pl.when((pl.col("position") > 0) & pl.col("chromosome").is_not_null()).then(pl.col("position")),
            build="build",
        )
    )


def refusals(position_build: str | None) -> pl.Expr:
    """Why a row has no SNP that can be used, from its SNPS cell."""
    snps = pl.col("SNPS")
    positional = snp_place(snps).struct.field("position").is_not_null()
    unplaced = "a position whose build is not stated" + ("" if position_build else ": set `position_build`")
    return (
        pl.when(snps.is_null())
        .then(pl.lit("no SNP"))
        .when(positional)
        .then(pl.lit(unplaced))
        .otherwise(pl.lit("neither an rsID nor a position"))
    )


def places(snps: pl.DataFrame) -> pl.DataFrame:
    """The SNPs that a row places, each once, by its first row."""
    placed = snps.filter(pl.col("position").is_not_null()).unique("start_id", keep="first", maintain_order=True)
    return placed.select(pl.col(ROW).alias("row"), pl.col("start_id").alias("id"), "chromosome", "position", "build")


def _at(column: str) -> pl.Expr:
    """The list's entry for this SNP, where the list has one for each SNP."""
    entry = pl.col(column).list.get(pl.col("index"), null_on_oob=True)
    return pl.when(pl.col(column).list.len() == pl.col("snps")).then(entry)


_BUILD_NAMES = {
    name: normalise_build(name) for name in ("hg18", "hg19", "hg38", "GRCh36", "GRCh37", "GRCh38", "b36", "b37", "b38")
}
