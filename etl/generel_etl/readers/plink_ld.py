"""Pairs of SNPs in linkage disequilibrium: PLINK 1.9's `--r2` (.ld) and PLINK 2's `--r2-[un]phased` (.vcor).

    [sources.ld]
    reader = "plink_ld"
    files = ["ld/eur_chr*.ld.gz"]
    build = "GRCh37"
    population = "EUR"
    min_r2 = 0.2                 # pairs below it stay in the stage
    create = false               # true: SNPs and pairs are loaded though no other source names them

A row gives SNP -IN_LD_WITH- SNP, loaded if other sources name both SNPs, and adds the places of the two. An SNP without
an rsID goes by its id's own place ("11:66079275_GA_G") or by the row's. Tables with r in place of r2 are read too.
Format: https://www.cog-genomics.org/plink/1.9/formats#ld, https://www.cog-genomics.org/plink/2.0/formats#vcor
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.errors import ConfigError, DataError
from generel_etl.identifiers import chromosome, position_ids, snp_id
from generel_etl.parsing.association_stats import in_mhc
from generel_etl.parsing.delimited import Layout, fold, read_rows
from generel_etl.parsing.rejects import ROW, Check, gather, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.schema import Edges, Snps, Tables, conform
from generel_etl.weights import flag_list, ld

SIDES = ("A", "B")
# Names of PLINK 1.9, and what PLINK 2 calls them.
PLACE = {"CHR": "CHROM", "BP": "POS", "SNP": "ID"}
ALLELES = (("REF", "ALT"), ("REF", "ALT1"), ("MAJ", "NONMAJ"))  # the first pair that is there
STATISTICS = ("R2", "PHASED_R2", "UNPHASED_R2", "R", "PHASED_R", "UNPHASED_R")
UNREAD = ("PHASE", "DP", "D", "DPRIME", "ABS_DPRIME")
UNREAD_OF_A_SIDE = ("MAF", "NONMAJ_FREQ", "PROVISIONAL_REF", "PROVISIONAL_REF?")
NEEDED = tuple(f"{name}_{side}" for side in SIDES for name in PLACE)
KNOWN = (
    *NEEDED,
    *STATISTICS,
    *UNREAD,
    *(f"{n}_{s}" for s in SIDES for n in (*dict.fromkeys(a for pair in ALLELES for a in pair), *UNREAD_OF_A_SIDE)),
)
LAYOUT = Layout(
    aligned=True,
    spellings={fold(name): name for name in KNOWN}
    | {fold(f"{new}_{side}"): f"{old}_{side}" for side in SIDES for old, new in PLACE.items()},
)


@dataclass(frozen=True, slots=True)
class PlinkLdOptions:
    """The keys of a source that is read as PLINK's LD tables."""

    build: str  # of the positions: GRCh36, GRCh37, GRCh38
    population: str = ""  # whose LD it is; part of an edge's key
    min_r2: float = 0.2  # 0…1; pairs below it stay in the stage
    create: bool = False  # SNPs are nodes though no other source names them


def read(files: SourceFiles, options: PlinkLdOptions) -> Tables:
    """Read pairs into edges, places of SNPs and rejects.

    Raises ConfigError for a build that is none or a threshold outside 0…1, DataError for missing or unknown columns.
    """
    build = files.build(options.build)
    if not 0 <= options.min_r2 <= 1:
        raise ConfigError("not a number from 0 to 1", where=f"{files.where}.min_r2", found=options.min_r2)
    rows = read_rows(files, LAYOUT, needed=NEEDED, known=KNOWN)
    statistics = [name for name in STATISTICS if name in rows.frame.columns]
    if not statistics:
        raise DataError(
            "no column of r2", where=", ".join(map(str, files.paths)), valid=STATISTICS, next_step="run PLINK with --r2"
        )
    values = [_squared(name) for name in statistics]
    frame = rows.frame.with_columns(pl.coalesce(values).alias("#r2"))
    for side in SIDES:
        frame = _with_snp(frame, side, build)
    frame, bad = split_valid_rows(
        frame,
        [
            *(
                Check(f"SNP_{side}", pl.col(f"#id_{side}").is_not_null(), "neither an rsID nor a place")
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
        rejects=gather([rows.rejects, bad]),
        places=rows.places,
    )


def _squared(name: str) -> pl.Expr:
    """r2 of a column of r2 or of r; null for "nan", which PLINK writes for an SNP without variation."""
    number = pl.col(name).cast(pl.Float64, strict=False).fill_nan(None)
    return number if name.endswith("2") else (number * number).round(9)


def _with_snp(frame: pl.DataFrame, side: str, build: str) -> pl.DataFrame:
    """Add `#id_…`, `#chromosome_…`, `#position_…` and `#alleles_…` of one side's SNP."""
    place, position = chromosome(pl.col(f"CHR_{side}")), pl.col(f"BP_{side}").cast(pl.Int64, strict=False)
    pair = next((p for p in ALLELES if {f"{name}_{side}" for name in p} <= set(frame.columns)), None)
    alleles = pl.lit(None, dtype=pl.List(pl.String))
    if pair is not None:
        both = pl.concat_str((f"{name}_{side}" for name in pair), separator=",").str.to_uppercase().str.split(",")
        alleles = both.list.eval(pl.element().filter(pl.element().str.contains("^[ACGTN*-]+$"))).list.unique()
        alleles = alleles.list.sort()
    named = snp_id(pl.col(f"SNP_{side}"), build)
    frame = frame.with_columns(named.alias(f"#id_{side}"))
    if frame[f"#id_{side}"].null_count():
        by_place = position_ids(build, pl.col(f"CHR_{side}"), position)
        frame = frame.with_columns(pl.coalesce(f"#id_{side}", by_place))
    whole = place.is_not_null() & (position > 0)
    return frame.with_columns(
        pl.when(whole).then(place).alias(f"#chromosome_{side}"),
        pl.when(whole).then(position).alias(f"#position_{side}"),
        alleles.alias(f"#alleles_{side}"),
    )


def _snps(frame: pl.DataFrame, build: str, *, create: bool) -> pl.DataFrame:
    """The SNPs of both sides with their places, each by the first row that has it."""
    names = ("id", "chromosome", "position", "alleles")
    both = pl.concat(
        frame.select(pl.col(ROW).alias("row"), *(pl.col(f"#{name}_{side}").alias(name) for name in names))
        for side in SIDES
    )
    placed = both.filter(pl.col("position").is_not_null()).sort("row", maintain_order=True)
    return conform(
        placed.unique("id", keep="first", maintain_order=True).with_columns(
            build=pl.lit(build), on_mention=pl.lit(not create)
        ),
        Snps,
    )


def _edges(frame: pl.DataFrame, options: PlinkLdOptions) -> pl.DataFrame:
    r2 = pl.col("#r2")
    mhc = [in_mhc(pl.col(f"#chromosome_{side}"), pl.col(f"#position_{side}")) for side in SIDES]
    return conform(
        frame.select(
            pl.col(ROW).alias("row"),
            pl.lit("IN_LD_WITH").alias("type"),
            pl.col("#id_A").alias("start_id"),
            pl.lit("SNP").alias("start_kind"),
            pl.col("#id_B").alias("end_id"),
            pl.lit("SNP").alias("end_kind"),
            pl.when(r2 > 0).then(ld(r2)).alias("weight"),
            flag_list(mhc=pl.all_horizontal(mhc)).alias("flags"),
            pl.lit(not options.create).alias("on_mention"),
            (r2 < options.min_r2).alias("staged"),
            r2.alias("r2"),
            pl.lit(options.population or None, dtype=pl.String).alias("population"),
        ),
        Edges,
    )


READER = Reader("plink_ld", 1, PlinkLdOptions, read)
