"""HPO's gene annotations, `genes_to_phenotype.txt` (Gargano et al. 2024, doi:10.1093/nar/gkad1005).

    [sources.hpo_genes]
    reader = "hpo_genes"
    files = ["hpo/genes_to_phenotype.txt"]
    diseases = true              # also Gene -GENE_ASSOCIATED_WITH-> Disease, one edge per pair

A row states that a disease of the gene has the phenotype. It gives Gene -GENE_ASSOCIATED_WITH-> Phenotype with the
disease as `context`, so a gene and a phenotype that several diseases join have one edge per disease. The relationship
is NOT_GENE_ASSOCIATED_WITH if none of the examined patients had the phenotype ("0/7").
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, fold_name, read_rows
from generel_etl.parsing.records import edge_table, endpoint
from generel_etl.parsing.rejects import Check, concat_rejects, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.hpo.frequency import frequency, frequency_flags
from generel_etl.relations import NEGATED
from generel_etl.schema import Tables
from generel_etl.weights import CURATED, flag_list

COLUMNS = ("ncbi_gene_id", "gene_symbol", "hpo_id", "hpo_name")
OPTIONAL = ("frequency", "disease_id")
OLD_COLUMNS = {
    "entrez-gene-id": "ncbi_gene_id",
    "entrez-gene-symbol": "gene_symbol",
    "HPO-Term-ID": "hpo_id",
    "HPO-Term-Name": "hpo_name",
    "Frequency-Raw": "frequency",
    "disease-ID for link": "disease_id",
}
IGNORED = ("Frequency-HPO", "Additional Info from G-D source", "G-D source")
LAYOUT = Layout(
    comment="#",
    spellings={fold_name(n): n for n in (*COLUMNS, *OPTIONAL, *IGNORED)}
    | {fold_name(old): new for old, new in OLD_COLUMNS.items()},
)
TYPE = "GENE_ASSOCIATED_WITH"


@dataclass(frozen=True, slots=True)
class HpoGenesOptions:
    """The keys of a source with `reader = "hpo_genes"`."""

    diseases: bool = True  # also an edge from the gene to the disease, if the file names it


def read(files: SourceFiles, options: HpoGenesOptions) -> Tables:
    """Read the genes' edges and rejects.

    Layout: HPO's `genes_to_phenotype.txt`, tab-separated, without quoting. Since 2023: the header `ncbi_gene_id …` with
    COLUMNS and OPTIONAL. Before 2023: a comment line `#Format: entrez-gene-id<tab>…` as header, with OLD_COLUMNS; some
    of these files exchange the columns of term id and term name, which is recognised by the ids. Source of the format:
    https://obophenotype.github.io/human-phenotype-ontology/annotations/genes_to_phenotype/

    Raises DataError for a missing or unknown column.
    """
    rows = read_rows(files, LAYOUT, needed=COLUMNS, known=(*COLUMNS, *OPTIONAL, *IGNORED))
    frame = rows.frame
    for name in (*OPTIONAL, "Frequency-HPO"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    text = {name: _text(name) for name in (*COLUMNS, *OPTIONAL, "Frequency-HPO")}
    is_exchanged = text["hpo_name"].str.starts_with("HP:").fill_null(False)
    frame = frame.with_columns(
        curie(text["ncbi_gene_id"], "NCBIGene").alias("#gene"),
        text["gene_symbol"].alias("#symbol"),
        curie(pl.when(is_exchanged).then(text["hpo_name"]).otherwise(text["hpo_id"])).alias("#phenotype"),
        pl.when(is_exchanged).then(text["hpo_id"]).otherwise(text["hpo_name"]).alias("#name"),
        pl.coalesce(text["frequency"], text["Frequency-HPO"]).alias("#frequency"),
        curie(text["disease_id"]).alias("#disease"),
    )
    frame, bad = split_valid_rows(
        frame,
        [
            Check("ncbi_gene_id", pl.col("#gene").str.contains(r"^NCBIGene:[0-9]+$"), "not an NCBI Gene id"),
            Check("hpo_id", pl.col("#phenotype").str.starts_with("HP:"), "not an HPO term"),
            Check("disease_id", pl.col("#disease").is_not_null() | text["disease_id"].is_null(), "not a disease id"),
        ],
    )
    edges = [_phenotypes(frame)]
    if options.diseases:
        edges.append(_diseases(frame))
    return Tables(
        rows_read=rows.rows_read,
        edges=pl.concat(edges),
        rejects=concat_rejects([rows.rejects, bad]),
        locations=rows.locations,
    )


def _text(column: str) -> pl.Expr:
    """A column's text; null for "-"."""
    text = pl.col(column).str.strip_chars()
    return pl.when(~text.is_in(["", "-"])).then(text)


def _phenotypes(frame: pl.DataFrame) -> pl.DataFrame:
    share = frequency(pl.col("#frequency"))
    type_ = pl.when((share == 0).fill_null(False)).then(pl.lit(NEGATED + TYPE)).otherwise(pl.lit(TYPE))
    return edge_table(
        frame,
        type_,
        endpoint("#gene", "Gene", "#symbol"),
        endpoint("#phenotype", "Phenotype", "#name"),
        weight=pl.lit(CURATED),
        flags=flag_list(**frequency_flags(pl.col("#frequency"))),
        frequency=share,
        context="#disease",
    )


def _diseases(frame: pl.DataFrame) -> pl.DataFrame:
    """One edge for each pair of gene and disease, from the first row that has both."""
    pairs = frame.filter(pl.col("#disease").is_not_null()).unique(
        ["#gene", "#disease"], keep="first", maintain_order=True
    )
    return edge_table(
        pairs, TYPE, endpoint("#gene", "Gene", "#symbol"), endpoint("#disease", "Disease"), weight=pl.lit(CURATED)
    )


READER = Reader("hpo_genes", 2, HpoGenesOptions, read)
