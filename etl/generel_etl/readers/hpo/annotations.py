"""HPO's annotations of rare diseases, `phenotype.hpoa` (Gargano et al. 2024, doi:10.1093/nar/gkad1005).

    [sources.hpo_annotations]
    reader = "hpo_annotations"
    files = ["hpo/phenotype.hpoa"]

A row of aspect P gives Disease -HAS_PHENOTYPE-> Phenotype, or NOT_HAS_PHENOTYPE where the qualifier is NOT or the
phenotype was found in none of those looked at ("0/7", Excluded). Rows of other aspects say how a disease is
inherited or goes on, or what was before it: no phenotype of it, so they are rejects that name their aspect.
Both headers are read: `database_id …` and `#DatabaseID …` (before 2023).
"""

from __future__ import annotations

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, fold, read_rows
from generel_etl.parsing.rejects import ROW, Check, gather, split_valid_rows
from generel_etl.reader import NoOptions, Reader, SourceFiles
from generel_etl.readers.hpo.frequency import frequency, frequency_flags
from generel_etl.relations import NEGATED
from generel_etl.schema import Edges, Tables, conform
from generel_etl.weights import CURATED, PREDICTED, flag_list

# fmt: off
COLUMNS = (
    "database_id", "disease_name", "qualifier", "hpo_id", "reference", "evidence", "onset", "frequency", "sex",
    "modifier", "aspect", "biocuration",
)
# fmt: on
LAYOUT = Layout(comment="#", spellings={fold(name): name for name in COLUMNS})
PHENOTYPE = "P"
OTHER_ASPECTS = {
    "I": "a mode of inheritance",
    "C": "a clinical course",
    "M": "a clinical modifier",
    "H": "a past medical history",
}
COMPUTED = "IEA"  # read off OMIM's text by a program; PCS, TAS and ICE are a person's


def read(files: SourceFiles, options: NoOptions) -> Tables:
    """Read annotations into edges and rejects; raises DataError for a missing or unknown column."""
    rows = read_rows(files, LAYOUT, needed=COLUMNS[:-1], known=COLUMNS)
    frame = rows.frame.with_columns(
        curie(pl.col("database_id")).alias("#disease"),
        curie(pl.col("hpo_id")).alias("#phenotype"),
        pl.col("aspect").str.strip_chars().str.to_uppercase().alias("#aspect"),
    )
    aspect, said_not = pl.col("#aspect"), pl.col("qualifier").str.to_uppercase() == "NOT"
    other = pl.format("{}, not a phenotype of the disease", aspect.replace_strict(OTHER_ASPECTS, default=None))
    frame, bad = split_valid_rows(
        frame,
        [
            Check("database_id", pl.col("#disease").is_not_null(), "not an id of a disease, such as OMIM:154700"),
            Check("hpo_id", pl.col("#phenotype").str.starts_with("HP:"), "not an HPO term"),
            Check("qualifier", said_not | pl.col("qualifier").is_null(), "neither empty nor NOT"),
            Check("aspect", aspect == PHENOTYPE, pl.coalesce(other, pl.lit("unknown aspect: P, I, C, M or H"))),
        ],
    )
    return Tables(
        rows_read=rows.rows_read,
        edges=_edges(frame, said_not),
        rejects=gather([rows.rejects, bad]),
        places=rows.places,
    )


def _edges(frame: pl.DataFrame, said_not: pl.Expr) -> pl.DataFrame:
    share = frequency(pl.col("frequency"))
    negated = (said_not | (share == 0)).fill_null(False)
    reference = pl.col("reference").str.strip_chars()
    # What tells one annotation of a reference from another: who was looked at, when, in which form.
    context = pl.concat_str(
        "evidence",
        pl.col("sex").str.to_lowercase(),
        "onset " + pl.col("onset"),
        "modifier " + pl.col("modifier"),
        separator="; ",
        ignore_nulls=True,
    )
    return conform(
        frame.select(
            pl.col(ROW).alias("row"),
            pl.when(negated).then(pl.lit(f"{NEGATED}HAS_PHENOTYPE")).otherwise(pl.lit("HAS_PHENOTYPE")).alias("type"),
            pl.col("#disease").alias("start_id"),
            pl.lit("Disease").alias("start_kind"),
            pl.col("disease_name").str.strip_chars().alias("start_name"),
            pl.col("#phenotype").alias("end_id"),
            pl.lit("Phenotype").alias("end_kind"),
            pl.when(pl.col("evidence") == COMPUTED).then(PREDICTED).otherwise(CURATED).alias("weight"),
            flag_list(**frequency_flags(pl.col("frequency"))).alias("flags"),
            reference.alias("study"),
            reference.str.extract(r"PMID:\s*([0-9]+)", 1).alias("pubmed_id"),
            share.alias("frequency"),
            context.alias("context"),
        ),
        Edges,
    )


READER = Reader("hpo_annotations", 1, NoOptions, read)
