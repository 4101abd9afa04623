"""Phecodes (Denny et al. 2013, doi:10.1038/nbt.2749): names and groups (`pheinfo.tsv`), and the map from ICD codes.

    [sources.phecode]
    reader = "phecode"
    files = ["phecode/pheinfo.tsv", "phecode/phecode_map.tsv"]

The files are recognised by their columns; their order does not matter, and the map is optional. `pheinfo` defines
`PHECODE:008.51` (phecodes are read as text: "008" is not "8") with its group as description, and IS_A the nearest
phecode above it that exists (008.5, or 008). A row of the map gives ICD code -XREF-> phecode, which does not state
identity: a phecode groups many codes, so each code has a narrower meaning. If another vocabulary lists that code, the
edge joins the two.
"""

from __future__ import annotations

import polars as pl

from generel_etl.errors import DataError
from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.records import edge_table, endpoint
from generel_etl.parsing.rejects import FILE, LINE, ROW, Check, concat_rejects, split_valid_rows
from generel_etl.reader import NoOptions, Reader, SourceFiles
from generel_etl.relations import with_suggestion
from generel_etl.schema import Concepts, Tables, conform
from generel_etl.weights import CURATED

INFO_COLUMNS = ("phecode", "description")
MAP_COLUMNS = ("vocabulary_id", "code", "phecode")
KNOWN = (*INFO_COLUMNS, "groupnum", "group", "color", "vocabulary_id", "code")
VOCABULARIES = ("ICD9CM", "ICD10CM", "ICD10")
SYMPTOMS = "symptoms"  # the group of phecodes that are findings, not diseases


def phecode(text: pl.Expr) -> pl.Expr:
    """ "008.51" → "PHECODE:008.51"; null if the text is not a phecode, such as an "8" that a spreadsheet truncated."""
    return "PHECODE:" + text.str.extract(r"^\s*([0-9]{3,4}(?:\.[0-9]{1,2})?)\s*$", 1)


def read(files: SourceFiles, options: NoOptions) -> Tables:
    """Read phecodes and the map into concepts, edges and rejects.

    Layout: tab-separated with a header. Phecode definitions 1.2: phecode, description, and optionally groupnum, group
    and color (`pheinfo`). The map: vocabulary_id (ICD9CM, ICD10CM, ICD10), code, phecode (`phecode_map`). Both are data
    sets of the R package PheWAS. Source of the format: https://github.com/PheWAS/PheWAS

    Raises DataError if no file defines phecodes, or for missing or unknown columns.
    """
    rows = read_rows(files, Layout(), needed=("phecode",), known=KNOWN)
    frame = rows.frame
    columns = [c for c in frame.columns if c not in (ROW, FILE, LINE)]
    where = ", ".join(map(str, files.paths))
    if "description" not in columns:
        raise DataError("no file defines phecodes (phecode, description, group)", where=where)
    if len({"vocabulary_id", "code"} & set(columns)) == 1:
        check_columns(columns, MAP_COLUMNS, where)
    absent = [name for name in KNOWN if name not in columns]
    frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)
    frame, bad_phecodes = split_valid_rows(
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
    defined, bad_definitions = split_valid_rows(
        frame.filter(~is_map),
        [
            Check("description", pl.col("description").str.strip_chars().str.len_bytes() > 0, "no name"),
            Check("phecode", pl.col("#phecode").is_first_distinct(), "duplicate of an earlier row"),
        ],
    )
    codes, bad_codes = split_valid_rows(
        frame.filter(is_map).with_columns(
            curie(pl.concat_str("vocabulary_id", pl.lit(":"), "code")).alias("#code"),
        ),
        [
            Check(
                "vocabulary_id",
                pl.col("vocabulary_id").is_in(VOCABULARIES),
                with_suggestion("unknown vocabulary", pl.col("vocabulary_id"), VOCABULARIES),
            ),
            Check("code", pl.col("#code").is_not_null(), "no code"),
        ],
    )
    return Tables(
        rows_read=rows.rows_read,
        concepts=_concepts(defined),
        edges=pl.concat([_parents(defined), _codes(codes)]),
        rejects=concat_rejects([rows.rejects, bad_phecodes, bad_definitions, bad_codes]),
        locations=rows.locations,
    )


def _kind() -> pl.Expr:
    is_symptom = pl.col("group").str.strip_chars().str.to_lowercase() == SYMPTOMS
    return pl.when(is_symptom.fill_null(False)).then(pl.lit("Phenotype")).otherwise(pl.lit("Disease"))


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
    """IS_A from each phecode to the nearest defined phecode above it."""
    kinds = defined.select("#phecode", _kind().alias("kind"))
    child, above = pl.col("#phecode"), kinds.rename({"#phecode": "parent", "kind": "end_kind"})
    # 008.51 is below 008.5, or below 008 if 008.5 is not defined; 008.5 is below 008.
    prefixes = [child.str.extract(pattern, 1) for pattern in (r"^(.*\.[0-9])[0-9]$", r"^(.*)\.[0-9]{1,2}$")]
    candidates = [
        defined.select(ROW, "#phecode", _kind().alias("start_kind"), prefix.alias("parent")).join(above, on="parent")
        for prefix in prefixes
    ]
    nearest_parents = pl.concat(candidates).unique("#phecode", keep="first", maintain_order=True).sort(ROW)
    return edge_table(
        nearest_parents,
        "IS_A",
        endpoint("#phecode", pl.col("start_kind")),
        endpoint("parent", pl.col("end_kind")),
        weight=pl.lit(CURATED),
    )


def _codes(codes: pl.DataFrame) -> pl.DataFrame:
    """XREF from each ICD code to its phecode: evidence without a weight."""
    return edge_table(
        codes, "XREF", endpoint("#code", "Disease"), endpoint("#phecode", "Disease"), relation="vocabulary_id"
    )


READER = Reader("phecode", 2, NoOptions, read)
