"""Phecodes (Denny et al. 2013, doi:10.1038/nbt.2749): `pheinfo.tsv`, their names and groups, and the map from ICD.

    [sources.phecode]
    reader = "phecode"
    files = ["phecode/pheinfo.tsv", "phecode/phecode_map.tsv"]

The files are told apart by their columns, in any order; the map may be left out. `pheinfo` defines `PHECODE:008.51`
(text all the way: "008" is not "8"), with its group as description, as a kind of the nearest phecode above it that is
there (008.5, else 008). A row of the map gives ICD code -XREF-> phecode and no more: a phecode gathers many codes, so
a code in it means less than the phecode does. Where another vocabulary lists that code, the edge joins the two.
"""

from __future__ import annotations

import polars as pl

from generel_etl.errors import DataError
from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.rejects import FILE, LINE, ROW, Check, gather, split_valid_rows
from generel_etl.reader import NoOptions, Reader, SourceFiles
from generel_etl.relations import nearest
from generel_etl.schema import Concepts, Edges, Tables, conform
from generel_etl.weights import CURATED

INFO = ("phecode", "description")
MAP = ("vocabulary_id", "code", "phecode")
KNOWN = (*INFO, "groupnum", "group", "color", "vocabulary_id", "code")
VOCABULARIES = ("ICD9CM", "ICD10CM", "ICD10")
SYMPTOMS = "symptoms"  # the group whose phecodes are findings, not diseases


def phecode(text: pl.Expr) -> pl.Expr:
    """ "008.51" → "PHECODE:008.51"; null for what is no phecode, such as a "8" that a spreadsheet cut short."""
    return "PHECODE:" + text.str.extract(r"^\s*([0-9]{3,4}(?:\.[0-9]{1,2})?)\s*$", 1)


def read(files: SourceFiles, options: NoOptions) -> Tables:
    """Read phecodes and the map; raises DataError where no file names phecodes, or for missing or unknown columns."""
    rows = read_rows(files, Layout(), needed=("phecode",), known=KNOWN)
    frame = rows.frame
    found = [c for c in frame.columns if c not in (ROW, FILE, LINE)]
    where = ", ".join(map(str, files.paths))
    if "description" not in found:
        raise DataError("none of the files names phecodes (phecode, description, group)", where=where)
    if len({"vocabulary_id", "code"} & set(found)) == 1:
        check_columns(found, MAP, where)
    absent = [name for name in KNOWN if name not in found]
    frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)
    frame, not_phecodes = split_valid_rows(
        frame.with_columns(phecode(pl.col("phecode")).alias("#phecode")),
        [
            Check(
                "phecode",
                pl.col("#phecode").is_not_null(),
                'not a phecode: three or four digits and up to two after a dot ("008.5")',
            )
        ],
    )
    is_map = pl.col("vocabulary_id").is_not_null() | pl.col("code").is_not_null()
    defined, not_named = split_valid_rows(
        frame.filter(~is_map),
        [
            Check("description", pl.col("description").str.strip_chars().str.len_bytes() > 0, "no name"),
            Check("phecode", pl.col("#phecode").is_first_distinct(), "stands in an earlier row"),
        ],
    )
    codes, not_codes = split_valid_rows(
        frame.filter(is_map).with_columns(
            curie(pl.concat_str("vocabulary_id", pl.lit(":"), "code")).alias("#code"),
        ),
        [
            Check(
                "vocabulary_id",
                pl.col("vocabulary_id").is_in(VOCABULARIES),
                nearest("unknown vocabulary", pl.col("vocabulary_id"), VOCABULARIES),
            ),
            Check("code", pl.col("#code").is_not_null(), "no code"),
        ],
    )
    return Tables(
        rows_read=rows.rows_read,
        concepts=_concepts(defined),
        edges=pl.concat([_parents(defined), _codes(codes)]),
        rejects=gather([rows.rejects, not_phecodes, not_named, not_codes]),
        places=rows.places,
    )


def _kind() -> pl.Expr:
    symptom = pl.col("group").str.strip_chars().str.to_lowercase() == SYMPTOMS
    return pl.when(symptom.fill_null(False)).then(pl.lit("Phenotype")).otherwise(pl.lit("Disease"))


def _concepts(defined: pl.DataFrame) -> pl.DataFrame:
    return conform(
        defined.select(
            pl.col(ROW).alias("row"),
            pl.col("#phecode").alias("id"),
            _kind().alias("kind"),
            pl.col("description").str.strip_chars().alias("name"),
            pl.col("group").str.strip_chars().alias("description"),
            pl.lit(True).alias("defined"),
        ),
        Concepts,
    )


def _parents(defined: pl.DataFrame) -> pl.DataFrame:
    """IS_A from each phecode to the nearest that its digits stand under, of those that are defined."""
    kinds = defined.select("#phecode", _kind().alias("kind"))
    child, above = pl.col("#phecode"), kinds.rename({"#phecode": "parent", "kind": "end_kind"})
    # 008.51 stands under 008.5, else under 008; 008.5 under 008.
    steps = [child.str.extract(pattern, 1) for pattern in (r"^(.*\.[0-9])[0-9]$", r"^(.*)\.[0-9]{1,2}$")]
    found = [
        defined.select(ROW, "#phecode", _kind().alias("start_kind"), step.alias("parent")).join(above, on="parent")
        for step in steps
    ]
    nearest_one = pl.concat(found).unique("#phecode", keep="first", maintain_order=True).sort(ROW)
    return conform(
        nearest_one.select(
            pl.col(ROW).alias("row"),
            pl.lit("IS_A").alias("type"),
            child.alias("start_id"),
            "start_kind",
            pl.col("parent").alias("end_id"),
            "end_kind",
            pl.lit(CURATED).alias("weight"),
        ),
        Edges,
    )


def _codes(codes: pl.DataFrame) -> pl.DataFrame:
    return conform(
        codes.select(
            pl.col(ROW).alias("row"),
            pl.lit("XREF").alias("type"),
            pl.col("#code").alias("start_id"),
            pl.lit("Disease").alias("start_kind"),
            pl.col("#phecode").alias("end_id"),
            pl.lit("Disease").alias("end_kind"),
            pl.col("vocabulary_id").alias("relation"),
        ),
        Edges,
    )


READER = Reader("phecode", 1, NoOptions, read)
