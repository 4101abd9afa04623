"""HPO's genes and phenotypes, `genes_to_phenotype.txt` (Gargano et al. 2024, doi:10.1093/nar/gkad1005).

    [sources.hpo_genes]
    reader = "hpo_genes"
    files = ["hpo/genes_to_phenotype.txt"]
    diseases = true              # also Gene -GENE_ASSOCIATED_WITH-> Disease, one edge a pair

A row says that a disease of the gene has the phenotype: Gene -GENE_ASSOCIATED_WITH-> Phenotype with the disease as
`context`, so that a pair which several diseases join is an edge each; NOT_GENE_ASSOCIATED_WITH where the phenotype was
found in none of those looked at ("0/7"). Read are the layout since 2023 (`ncbi_gene_id …`) and the older ones, whose
header is a comment ("#Format: entrez-gene-id<tab>…") and may call the columns of id and name the wrong way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, fold, read_rows
from generel_etl.parsing.rejects import ROW, Check, gather, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.hpo.frequency import frequency, frequency_flags
from generel_etl.relations import NEGATED
from generel_etl.schema import Edges, Tables, conform
from generel_etl.weights import CURATED, flag_list

COLUMNS = ("ncbi_gene_id", "gene_symbol", "hpo_id", "hpo_name")
OPTIONAL = ("frequency", "disease_id")
OLDER = {
    "entrez-gene-id": "ncbi_gene_id",
    "entrez-gene-symbol": "gene_symbol",
    "HPO-Term-ID": "hpo_id",
    "HPO-Term-Name": "hpo_name",
    "Frequency-Raw": "frequency",
    "disease-ID for link": "disease_id",
}
UNREAD = ("Frequency-HPO", "Additional Info from G-D source", "G-D source")
LAYOUT = Layout(
    comment="#",
    spellings={fold(n): n for n in (*COLUMNS, *OPTIONAL, *UNREAD)} | {fold(old): new for old, new in OLDER.items()},
)
TYPE = "GENE_ASSOCIATED_WITH"


@dataclass(frozen=True, slots=True)
class HpoGenesOptions:
    """The keys of a source that is read as HPO's genes and phenotypes."""

    diseases: bool = True  # an edge to the disease as well, where the file names it


def read(files: SourceFiles, options: HpoGenesOptions) -> Tables:
    """Read genes' edges and rejects; raises DataError for a missing or unknown column."""
    rows = read_rows(files, LAYOUT, needed=COLUMNS, known=(*COLUMNS, *OPTIONAL, *UNREAD))
    frame = rows.frame
    for name in (*OPTIONAL, "Frequency-HPO"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    given = {name: _given(name) for name in (*COLUMNS, *OPTIONAL, "Frequency-HPO")}
    turned = given["hpo_name"].str.starts_with("HP:").fill_null(False)
    frame = frame.with_columns(
        curie(given["ncbi_gene_id"], "NCBIGene").alias("#gene"),
        given["gene_symbol"].alias("#symbol"),
        curie(pl.when(turned).then(given["hpo_name"]).otherwise(given["hpo_id"])).alias("#phenotype"),
        pl.when(turned).then(given["hpo_id"]).otherwise(given["hpo_name"]).alias("#name"),
        pl.coalesce(given["frequency"], given["Frequency-HPO"]).alias("#frequency"),
        curie(given["disease_id"]).alias("#disease"),
    )
    frame, bad = split_valid_rows(
        frame,
        [
            Check("ncbi_gene_id", pl.col("#gene").str.contains(r"^NCBIGene:[0-9]+$"), "not an NCBI Gene id"),
            Check("hpo_id", pl.col("#phenotype").str.starts_with("HP:"), "not an HPO term"),
            Check(
                "disease_id", pl.col("#disease").is_not_null() | given["disease_id"].is_null(), "not an id of a disease"
            ),
        ],
    )
    edges = [_phenotypes(frame)]
    if options.diseases:
        edges.append(_diseases(frame))
    return Tables(
        rows_read=rows.rows_read,
        edges=pl.concat(edges),
        rejects=gather([rows.rejects, bad]),
        places=rows.places,
    )


def _given(column: str) -> pl.Expr:
    """A column's text; "-" stands for none."""
    text = pl.col(column).str.strip_chars()
    return pl.when(~text.is_in(["", "-"])).then(text)


def _phenotypes(frame: pl.DataFrame) -> pl.DataFrame:
    share = frequency(pl.col("#frequency"))
    never = (share == 0).fill_null(False)
    return conform(
        frame.select(
            pl.col(ROW).alias("row"),
            pl.when(never).then(pl.lit(NEGATED + TYPE)).otherwise(pl.lit(TYPE)).alias("type"),
            pl.col("#gene").alias("start_id"),
            pl.lit("Gene").alias("start_kind"),
            pl.col("#symbol").alias("start_name"),
            pl.col("#phenotype").alias("end_id"),
            pl.lit("Phenotype").alias("end_kind"),
            pl.col("#name").alias("end_name"),
            pl.lit(CURATED).alias("weight"),
            flag_list(**frequency_flags(pl.col("#frequency"))).alias("flags"),
            share.alias("frequency"),
            pl.col("#disease").alias("context"),
        ),
        Edges,
    )


def _diseases(frame: pl.DataFrame) -> pl.DataFrame:
    """One edge for each gene and disease, by the first row that has both."""
    pairs = frame.filter(pl.col("#disease").is_not_null()).unique(
        ["#gene", "#disease"], keep="first", maintain_order=True
    )
    return conform(
        pairs.select(
            pl.col(ROW).alias("row"),
            pl.lit(TYPE).alias("type"),
            pl.col("#gene").alias("start_id"),
            pl.lit("Gene").alias("start_kind"),
            pl.col("#symbol").alias("start_name"),
            pl.col("#disease").alias("end_id"),
            pl.lit("Disease").alias("end_kind"),
            pl.lit(CURATED).alias("weight"),
        ),
        Edges,
    )


READER = Reader("hpo_genes", 1, HpoGenesOptions, read)
