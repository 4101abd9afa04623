"""HPO's disease annotations, `phenotype.hpoa` (Gargano et al. 2024, doi:10.1093/nar/gkad1005).

    [sources.hpo_annotations]
    reader = "hpo_annotations"
    files = ["hpo/phenotype.hpoa"]

A row of aspect P gives Disease -HAS_PHENOTYPE-> Phenotype, or NOT_HAS_PHENOTYPE if the qualifier is NOT or none of the
examined patients had the phenotype ("0/7", Excluded). Rows of other aspects state inheritance, clinical course,
modifiers or medical history. These are not phenotypes of the disease, so the rows are rejects that name their aspect.
"""

from __future__ import annotations

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, fold_name, read_rows
from generel_etl.parsing.records import edge_table, endpoint
from generel_etl.parsing.rejects import Check, concat_rejects, split_valid_rows
from generel_etl.reader import NoOptions, Reader, SourceFiles
from generel_etl.readers.hpo.frequency import frequency, frequency_flags
from generel_etl.relations import NEGATED
from generel_etl.schema import Tables
from generel_etl.weights import CURATED, PREDICTED, flag_list

# fmt: off
COLUMNS = (
    "database_id", "disease_name", "qualifier", "hpo_id", "reference", "evidence", "onset", "frequency", "sex",
    "modifier", "aspect", "biocuration",
)
# fmt: on
LAYOUT = Layout(comment="#", spellings={fold_name(name): name for name in COLUMNS})
PHENOTYPE = "P"
OTHER_ASPECTS = {
    "I": "a mode of inheritance",
    "C": "a clinical course",
    "M": "a clinical modifier",
    "H": "a past medical history",
}
TYPE = "HAS_PHENOTYPE"
COMPUTED = "IEA"  # extracted from OMIM's text by a program; PCS, TAS and ICE are curated by a person


def read(files: SourceFiles, options: NoOptions) -> Tables:
    """Read annotations into edges and rejects.

    Layout: HPO's `phenotype.hpoa`, tab-separated, without quoting, with comment lines (`#`) and the twelve COLUMNS. The
    header is `database_id …`, or a comment line `#DatabaseID …` (before 2023). Source of the format:
    https://obophenotype.github.io/human-phenotype-ontology/annotations/phenotype_hpoa/

    Raises DataError for a missing or unknown column.
    """
    rows = read_rows(files, LAYOUT, needed=COLUMNS[:-1], known=COLUMNS)
    frame = rows.frame.with_columns(
        curie(pl.col("database_id")).alias("#disease"),
        curie(pl.col("hpo_id")).alias("#phenotype"),
        pl.col("aspect").str.strip_chars().str.to_uppercase().alias("#aspect"),
    )
    aspect, is_negated = pl.col("#aspect"), pl.col("qualifier").str.to_uppercase() == "NOT"
    not_a_phenotype = pl.format(
        "{}, not a phenotype of the disease", aspect.replace_strict(OTHER_ASPECTS, default=None)
    )
    frame, bad = split_valid_rows(
        frame,
        [
            Check("database_id", pl.col("#disease").is_not_null(), "not a disease id such as OMIM:154700"),
            Check("hpo_id", pl.col("#phenotype").str.starts_with("HP:"), "not an HPO term"),
            Check("qualifier", is_negated | pl.col("qualifier").is_null(), "neither empty nor NOT"),
            Check(
                "aspect",
                aspect == PHENOTYPE,
                pl.coalesce(not_a_phenotype, pl.lit("unknown aspect; valid: P, I, C, M, H")),
            ),
        ],
    )
    return Tables(
        rows_read=rows.rows_read,
        edges=_edges(frame, is_negated),
        rejects=concat_rejects([rows.rejects, bad]),
        locations=rows.locations,
    )


def _edges(frame: pl.DataFrame, is_negated: pl.Expr) -> pl.DataFrame:
    share = frequency(pl.col("frequency"))
    type_ = (
        pl.when((is_negated | (share == 0)).fill_null(False)).then(pl.lit(f"{NEGATED}{TYPE}")).otherwise(pl.lit(TYPE))
    )
    reference = pl.col("reference").str.strip_chars()
    # Distinguishes annotations of one reference: evidence, sex, age at onset, modifier.
    context = pl.concat_str(
        "evidence",
        pl.col("sex").str.to_lowercase(),
        "onset " + pl.col("onset"),
        "modifier " + pl.col("modifier"),
        separator="; ",
        ignore_nulls=True,
    )
    return edge_table(
        frame,
        type_,
        endpoint("#disease", "Disease", pl.col("disease_name").str.strip_chars()),
        endpoint("#phenotype", "Phenotype"),
        weight=pl.when(pl.col("evidence") == COMPUTED).then(PREDICTED).otherwise(CURATED),
        flags=flag_list(**frequency_flags(pl.col("frequency"))),
        study=reference,
        pubmed_id=reference.str.extract(r"PMID:\s*([0-9]+)", 1),
        frequency=share,
        context=context,
    )


READER = Reader("hpo_annotations", 2, NoOptions, read)
