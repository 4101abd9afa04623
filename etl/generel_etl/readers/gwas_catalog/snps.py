"""The SNPs of a GWAS Catalog row: one rsID, several rsIDs, a genome position, or a merged id.

`split_snps` works in three stages: one line for each entry of the row's cells, the SNP that the entry names with its
position in the genome, and the id that edges use.
"""

from __future__ import annotations

import polars as pl

from generel_etl.identifiers import chromosome, normalise_build, position_ids, rsid, snp_position
from generel_etl.parsing.association_stats import risk_allele
from generel_etl.parsing.records import snp_table
from generel_etl.parsing.rejects import ROW

_SEPARATOR = r"\s*[;,]\s*|\s+[xX]\s+"  # a haplotype "rs1; rs2", an interaction "rs1 x rs2"
_STATED_BUILD = r"(?i)^\s*((?:hg|GRCh|b)[0-9]{2})[_:]\s*(.*)$"  # "hg18_chr11:27369242" states its build
_BUILD_NAMES = {
    name: normalise_build(name) for name in ("hg18", "hg19", "hg38", "GRCh36", "GRCh37", "GRCh38", "b36", "b37", "b38")
}
_SINGLE = pl.col("snps") == 1  # the row's cell holds one SNP


def split_snps(frame: pl.DataFrame, build: str, position_build: str | None) -> pl.DataFrame:
    """The usable SNPs of each row, one line for each SNP; rows without a usable SNP have no line.

    `build`: of CHR_POS; `position_build`: of positions in SNPS that state none (None: such SNPs are not usable).

    Columns: ROW, `start_id`, `snps` (the number of entries in the cell: weights are divided by it), `effect_allele`,
    `chromosome`, `position` and `build` where the row gives this SNP's position, `merged_id` (the id before a merge),
    `from_allele` (true if the id comes from the risk allele, because the id in SNPS is misspelt), `mapped_weight`
    (1 where the row's genes belong to this SNP, 1/n where the row does not say to which, null where they belong to
    another SNP).

    The catalogue states which rsIDs were merged (MERGED, SNP_ID_CURRENT). The current id is used, unless it is the
    old id without its last digits, which spreadsheets cut off.
    """
    named = _named_snps(_entries(frame), position_build)
    return (
        _with_edge_ids(named, build)
        .filter(pl.col("start_id").is_not_null())
        .unique([ROW, "start_id"], keep="first", maintain_order=True)
        .select(
            ROW,
            "start_id",
            "snps",
            "effect_allele",
            "merged_id",
            "from_allele",
            "mapped_weight",
            chromosome=pl.when(pl.col("position") > 0).then(pl.col("chromosome")),
            position=pl.when((pl.col("position") > 0) & pl.col("chromosome").is_not_null()).then(pl.col("position")),
            build="build",
        )
    )


def _entries(frame: pl.DataFrame) -> pl.DataFrame:
    """Stage 1: one line for each entry of SNPS (`token`), with its entries of the parallel columns.

    Adds `snps`, `index`, `allele`, `current` (SNP_ID_CURRENT), `listed_chromosome` and `listed_position` (of CHR_ID
    and CHR_POS), `single_position` (true if the row has one position for all entries) and `single_current` (the
    current rsID, if the row has one for all entries).
    """
    current = pl.col("current_ids").list
    return (
        frame.select(
            ROW,
            token=_cell_entries("SNPS").list.filter(pl.element() != ""),
            allele=_cell_entries("STRONGEST SNP-RISK ALLELE"),
            chromosomes=_cell_entries("CHR_ID"),
            positions=_cell_entries("CHR_POS"),
            current_ids=_cell_entries("SNP_ID_CURRENT"),
            merged=pl.col("MERGED").str.strip_chars() == "1",
        )
        .with_columns(snps=pl.col("token").list.len(), index=pl.int_ranges(pl.col("token").list.len()))
        .filter(pl.col("snps") > 0)
        .explode("token", "index")
        .with_columns(
            allele=_parallel_entry("allele"),
            current=_parallel_entry("current_ids"),
            listed_chromosome=_parallel_entry("chromosomes"),
            listed_position=_parallel_entry("positions").cast(pl.Int64, strict=False),
            single_position=pl.col("chromosomes").list.len() == 1,
            single_current=pl.when(current.len() == 1).then("rs" + current.first()),
        )
    )


def _named_snps(entries: pl.DataFrame, position_build: str | None) -> pl.DataFrame:
    """Stage 2: read each entry as an rsID or a position, and find the position that the row gives for it.

    Adds `rs`, `allele_rs` (the rsID of the risk allele), `token_build`, `token_chromosome` and `token_position` (of
    an entry that is a position), `chromosome`, `position`, `mapped_weight`.
    """
    stated = pl.col("token").str.extract_groups(_STATED_BUILD).struct
    stated_build = stated.field("1").replace_strict(_BUILD_NAMES, default=None, return_dtype=pl.String)
    token_position = snp_position(pl.coalesce(stated.field("2"), pl.col("token"))).struct
    # One position for several SNPs is the position of the SNP that the catalogue calls current.
    is_current = _SINGLE | (pl.col("single_current") == pl.col("rs"))
    has_single_position = is_current & pl.col("single_position")
    first_position = pl.col("positions").list.first().cast(pl.Int64, strict=False)
    return entries.with_columns(
        rs=rsid(pl.col("token")),
        allele_rs=rsid(pl.col("allele").str.extract(r"(?i)^\s*(rs[0-9]+)\b", 1)),
        token_build=pl.coalesce(stated_build, pl.lit(position_build, dtype=pl.String)),
        token_chromosome=token_position.field("chromosome"),
        token_position=token_position.field("position"),
    ).with_columns(
        chromosome=chromosome(
            pl.coalesce("listed_chromosome", pl.when(has_single_position).then(pl.col("chromosomes").list.first()))
        ),
        position=pl.coalesce("listed_position", pl.when(has_single_position).then(first_position)),
        mapped_weight=pl.when(_SINGLE)
        .then(1.0)
        .when(pl.col("single_current").is_null() | ~pl.col("single_position"))
        .then(1.0 / pl.col("snps"))
        .when(is_current)
        .then(1.0),
    )


def _with_edge_ids(snps: pl.DataFrame, build: str) -> pl.DataFrame:
    """Stage 3: choose the id that edges use (`start_id`), and the position that belongs to it.

    In this order: the current id of a merged rsID, the id of a position, the rsID, the rsID of the risk allele.
    `start_id` is null if the entry gives none. Adds `merged_id`, `from_allele`, `effect_allele`, `build`.
    """
    current = "rs" + pl.col("current").str.replace(r"\.0$", "")
    is_truncated = pl.col("rs").str.starts_with(current) & (pl.col("rs") != current)
    is_merged = (pl.col("merged") & (current != pl.col("rs")) & ~is_truncated & rsid(current).is_not_null()).fill_null(
        False
    )
    is_position = pl.col("rs").is_null() & pl.col("token_position").is_not_null()
    from_allele = (
        _SINGLE & pl.col("rs").is_null() & pl.col("token_position").is_null() & pl.col("allele_rs").is_not_null()
    )
    position_id = pl.coalesce(
        *(
            pl.when(pl.col("token_build") == name).then(
                position_ids(name, pl.col("token_chromosome"), pl.col("token_position"))
            )
            for name in ("GRCh36", "GRCh37", "GRCh38")
        )
    )
    return snps.with_columns(
        merged_id=pl.when(is_merged).then(pl.col("rs")),
        from_allele=from_allele.fill_null(False),
        start_id=pl.when(is_merged)
        .then(current)
        .when(is_position)
        .then(position_id)
        .otherwise(pl.coalesce("rs", pl.when(from_allele).then(pl.col("allele_rs")))),
        effect_allele=risk_allele(pl.col("allele")),
        chromosome=pl.when(is_position).then(pl.col("token_chromosome")).otherwise(pl.col("chromosome")),
        position=pl.when(is_position).then(pl.col("token_position")).otherwise(pl.col("position")),
        build=pl.when(is_position).then(pl.col("token_build")).otherwise(pl.lit(build)),
    )


def reject_reason(position_build: str | None) -> pl.Expr:
    """Why a row has no usable SNP, from its SNPS cell."""
    snps = pl.col("SNPS")
    is_position = snp_position(snps).struct.field("position").is_not_null()
    no_build = "a position whose build is not stated" + ("" if position_build else ": set `position_build`")
    return (
        pl.when(snps.is_null())
        .then(pl.lit("no SNP"))
        .when(is_position)
        .then(pl.lit(no_build))
        .otherwise(pl.lit("neither an rsID nor a position"))
    )


def positioned_snps(snps: pl.DataFrame) -> pl.DataFrame:
    """The SNPs whose position a row gives, as the table `Snps`: each once, from its first row."""
    return snp_table(snps, "start_id")


def _cell_entries(column: str) -> pl.Expr:
    """A cell's entries as a list of texts; null cells give null."""
    return pl.col(column).str.replace_all(_SEPARATOR, ";").str.split(";").list.eval(pl.element().str.strip_chars())


def _parallel_entry(column: str) -> pl.Expr:
    """This SNP's entry of a list that runs parallel to SNPS; null if the list has another length."""
    entry = pl.col(column).list.get(pl.col("index"), null_on_oob=True)
    return pl.when(pl.col(column).list.len() == pl.col("snps")).then(entry)
