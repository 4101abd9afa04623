"""Linkage disequilibrium of SNP pairs, from PLINK 1.9 (`--r2`, .ld) or PLINK 2 (`--r2-phased`, `--r2-unphased`, .vcor).

    [sources.ld]
    reader = "plink_ld"
    files = ["ld/eur_chr*.ld.gz"]
    build = "GRCh37"
    population = "EUR"
    min_r2 = 0.2                 # pairs below it are staged but not loaded
    create = false               # true: load SNPs and pairs that no other source names

A row gives SNP -IN_LD_WITH- SNP, and the positions of the two SNPs. The edge is loaded if other sources name both SNPs.
An SNP without an rsID is identified by the position in its id ("11:66079275_GA_G"), or by the position in the row.
Tables with r instead of r2 are read too.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.errors import ConfigError, DataError
from generel_etl.identifiers import chromosome, position_ids, snp_id
from generel_etl.parsing.association_stats import in_mhc
from generel_etl.parsing.delimited import Layout, fold_name, read_rows
from generel_etl.parsing.records import edge_table, endpoint, snp_table
from generel_etl.parsing.rejects import ROW, Check, concat_rejects, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.schema import Tables
from generel_etl.weights import flag_list, ld

SIDES = ("A", "B")
# Column names of PLINK 1.9 and PLINK 2.
SNP_COLUMNS = {"CHR": "CHROM", "BP": "POS", "SNP": "ID"}
ALLELES = (("REF", "ALT"), ("REF", "ALT1"), ("MAJ", "NONMAJ"))  # the first pair that the file has is used
STATISTICS = ("R2", "PHASED_R2", "UNPHASED_R2", "R", "PHASED_R", "UNPHASED_R")
IGNORED = ("PHASE", "DP", "D", "DPRIME", "ABS_DPRIME")
IGNORED_PER_SNP = ("MAF", "NONMAJ_FREQ", "PROVISIONAL_REF", "PROVISIONAL_REF?")
NEEDED = tuple(f"{name}_{side}" for side in SIDES for name in SNP_COLUMNS)
KNOWN = (
    *NEEDED,
    *STATISTICS,
    *IGNORED,
    *(f"{n}_{s}" for s in SIDES for n in (*dict.fromkeys(a for pair in ALLELES for a in pair), *IGNORED_PER_SNP)),
)
LAYOUT = Layout(
    aligned=True,
    spellings={fold_name(name): name for name in KNOWN}
    | {fold_name(f"{new}_{side}"): f"{old}_{side}" for side in SIDES for old, new in SNP_COLUMNS.items()},
)


@dataclass(frozen=True, slots=True)
class PlinkLdOptions:
    """The keys of a source with `reader = "plink_ld"`."""

    build: str  # genome build of the positions: GRCh36, GRCh37, GRCh38
    population: str = ""  # population in which LD was measured; part of an edge's key
    min_r2: float = 0.2  # 0…1; pairs below it are staged but not loaded
    create: bool = False  # load SNPs and pairs that no other source names


def read(files: SourceFiles, options: PlinkLdOptions) -> Tables:
    """Read pairs into edges, SNPs with positions, and rejects.

    Layout: PLINK 1.9's .ld (columns aligned by blanks) or PLINK 2's .vcor (tab-separated), with a header: chromosome,
    position and id of both SNPs (NEEDED), one of STATISTICS, and optionally alleles. Sources of the formats:
    https://www.cog-genomics.org/plink/1.9/formats#ld, https://www.cog-genomics.org/plink/2.0/formats#vcor

    Raises ConfigError for an unknown genome build or a threshold outside 0…1, DataError for missing or unknown columns.
    """
    build = files.build(options.build)
    if not 0 <= options.min_r2 <= 1:
        raise ConfigError("not a number between 0 and 1", where=f"{files.where}.min_r2", found=options.min_r2)
    rows = read_rows(files, LAYOUT, needed=NEEDED, known=KNOWN)
    statistics = [name for name in STATISTICS if name in rows.frame.columns]
    if not statistics:
        raise DataError(
            "no r2 column", where=", ".join(map(str, files.paths)), valid=STATISTICS, next_step="run PLINK with --r2"
        )
    values = [_squared(name) for name in statistics]
    frame = rows.frame.with_columns(pl.coalesce(values).alias("#r2"))
    for side in SIDES:
        frame = _with_snp(frame, side, build)
    frame, bad = split_valid_rows(
        frame,
        [
            *(
                Check(f"SNP_{side}", pl.col(f"#id_{side}").is_not_null(), "neither an rsID nor a position")
                for side in SIDES
            ),
            Check(
                statistics[0],
                pl.col("#r2").is_between(0, 1),
                "not a number from 0 to 1",
                pl.coalesce(statistics),
            ),
        ],
    )
    return Tables(
        rows_read=rows.rows_read,
        snps=_snps(frame, build, create=options.create),
        edges=_edges(frame, options),
        rejects=concat_rejects([rows.rejects, bad]),
        locations=rows.locations,
    )


def _squared(name: str) -> pl.Expr:
    """r2 from a column of r2 or r; null for "nan", which PLINK writes for an SNP without variation."""
    number = pl.col(name).cast(pl.Float64, strict=False).fill_nan(None)
    return number if name.endswith("2") else (number * number).round(9)


def _with_snp(frame: pl.DataFrame, side: str, build: str) -> pl.DataFrame:
    """Add `#id_…`, `#chromosome_…`, `#position_…` and `#alleles_…` of one side's SNP."""
    chromosome_, position = chromosome(pl.col(f"CHR_{side}")), pl.col(f"BP_{side}").cast(pl.Int64, strict=False)
    pair = next((p for p in ALLELES if {f"{name}_{side}" for name in p} <= set(frame.columns)), None)
    alleles = pl.lit(None, dtype=pl.List(pl.String))
    if pair is not None:
        both = pl.concat_str((f"{name}_{side}" for name in pair), separator=",").str.to_uppercase().str.split(",")
        alleles = both.list.eval(pl.element().filter(pl.element().str.contains("^[ACGTN*-]+$"))).list.unique()
        alleles = alleles.list.sort()
    named = snp_id(pl.col(f"SNP_{side}"), build)
    frame = frame.with_columns(named.alias(f"#id_{side}"))
    if frame[f"#id_{side}"].null_count():
        by_position = position_ids(build, pl.col(f"CHR_{side}"), position)
        frame = frame.with_columns(pl.coalesce(f"#id_{side}", by_position))
    has_position = chromosome_.is_not_null() & (position > 0)
    return frame.with_columns(
        pl.when(has_position).then(chromosome_).alias(f"#chromosome_{side}"),
        pl.when(has_position).then(position).alias(f"#position_{side}"),
        alleles.alias(f"#alleles_{side}"),
    )


def _snps(frame: pl.DataFrame, build: str, *, create: bool) -> pl.DataFrame:
    """The SNPs of both sides with their positions, each from the first row that has its position."""
    names = ("id", "chromosome", "position", "alleles")
    both = pl.concat(
        frame.select(ROW, *(pl.col(f"#{name}_{side}").alias(name) for name in names)) for side in SIDES
    ).sort(ROW, maintain_order=True)
    return snp_table(
        both.with_columns(build=pl.lit(build)), "id", alleles="alleles", load_if_mentioned=pl.lit(not create)
    )


def _edges(frame: pl.DataFrame, options: PlinkLdOptions) -> pl.DataFrame:
    r2 = pl.col("#r2")
    mhc = [in_mhc(pl.col(f"#chromosome_{side}"), pl.col(f"#position_{side}")) for side in SIDES]
    return edge_table(
        frame,
        "IN_LD_WITH",
        endpoint("#id_A", "SNP"),
        endpoint("#id_B", "SNP"),
        weight=pl.when(r2 > 0).then(ld(r2)),
        flags=flag_list(mhc=pl.all_horizontal(mhc)),
        load_if_mentioned=pl.lit(not options.create),
        keep_staged=r2 < options.min_r2,
        r2=r2,
        population=pl.lit(options.population or None, dtype=pl.String),
    )


READER = Reader("plink_ld", 2, PlinkLdOptions, read)
