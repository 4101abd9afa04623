"""Human gene symbols of the HGNC: the custom download or `hgnc_complete_set`.

    [sources.hgnc]
    reader = "hgnc"
    files = ["genes/hgnc_entries.tsv.gz"]

A gene's name is its symbol, and its description the approved name; alias and previous symbols are synonyms. A withdrawn
symbol is a reject that states the replacement, and its id becomes one of the `alt_ids` of the gene that replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.files import read_text
from generel_etl.parsing.rejects import Check, as_rejects, concat_rejects, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.schema import Concepts, Tables, conform


@dataclass(frozen=True, slots=True)
class HgncOptions:
    """The keys of a source with `reader = "hgnc"`."""

    encoding: str = "utf-8"  # text encoding of the file


@dataclass(frozen=True, slots=True)
class _Columns:
    """The column names of one of the two layouts, and its list separator."""

    id: str
    symbol: str
    name: str
    status: str
    synonyms: tuple[str, ...]
    entrez: tuple[str, ...]  # the first column with a value is used
    ensembl: tuple[str, ...]
    uniprot: tuple[str, ...]
    separator: str  # a regular expression

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that identify a gene; a download may lack any of the others."""
        return (self.id, self.symbol, self.name)


_CUSTOM = _Columns(
    id="HGNC ID",
    symbol="Approved symbol",
    name="Approved name",
    status="Status",
    synonyms=("Alias symbols", "Previous symbols"),
    entrez=("NCBI Gene ID(supplied by NCBI)", "NCBI Gene ID"),
    ensembl=("Ensembl gene ID", "Ensembl ID(supplied by Ensembl)"),
    uniprot=("UniProt ID(supplied by UniProt)", "UniProt ID"),
    separator=r"[,|]",
)
_COMPLETE = _Columns(
    id="hgnc_id",
    symbol="symbol",
    name="name",
    status="status",
    synonyms=("alias_symbol", "prev_symbol"),
    entrez=("entrez_id",),
    ensembl=("ensembl_gene_id",),
    uniprot=("uniprot_ids",),
    separator=r"\|",
)
_REPLACED_BY = r"(?i)\bsee\b.*?(HGNC:\d+)"


def read(files: SourceFiles, options: HgncOptions) -> Tables:
    """Read genes into concepts; withdrawn symbols become rejects.

    Layout: tab-separated with a header. Either HGNC's `hgnc_complete_set` (hgnc_id, symbol, name, status, …; lists
    separated by `|` and quoted) or the custom download ("HGNC ID", "Approved symbol", "Approved name", "Status", …;
    lists separated by `,` or `|`, without quoting). Source of the format: https://www.genenames.org/help/download/

    Raises DataError for a missing column.
    """
    header = read_text(files.paths[0], options.encoding).partition(b"\n")[0].decode()
    names = _COMPLETE if _COMPLETE.id in header.split("\t") else _CUSTOM
    # The complete set quotes lists with several members; in the custom download a quotation mark is a character.
    quote = '"' if names is _COMPLETE else None
    rows = read_rows(files, Layout(quote=quote, encoding=options.encoding))
    check_columns(rows.frame.columns, names.required, files.paths[0])
    status = pl.col(names.status) if names.status in rows.frame.columns else pl.lit("Approved")
    frame = rows.frame.with_columns(
        curie(pl.col(names.id), "HGNC").alias("id"),
        pl.col(names.symbol).str.strip_chars().alias("#symbol"),
        pl.col(names.name).str.strip_chars().alias("#name"),
        status.fill_null("Approved").str.contains("(?i)withdrawn").alias("#withdrawn"),
    ).with_columns(curie(pl.col("#name").str.extract(_REPLACED_BY, 1)).alias("#replacement"))
    frame, bad = split_valid_rows(
        frame,
        (
            Check(names.id, pl.col("id").str.starts_with("HGNC:"), "not an HGNC id"),
            Check(names.symbol, pl.col("#symbol").str.len_bytes() > 0, "no symbol"),
            Check(names.id, pl.col("id").is_first_distinct(), "duplicate id: an earlier row has it"),
        ),
    )
    genes = frame.filter(~pl.col("#withdrawn"))
    withdrawn = _with_last_replacement(frame.filter("#withdrawn"))
    replacements = withdrawn.group_by(pl.col("#replacement").alias("id")).agg(pl.col("id").sort().alias("alt_ids"))
    reason = pl.coalesce(pl.format("withdrawn, replaced by {}", "#replacement"), pl.lit("withdrawn, no replacement"))
    withdrawn_rejects = as_rejects(withdrawn, names.status, reason, pl.format("{} {}", "id", "#symbol"))
    concepts = genes.select(
        pl.col("#row").alias("row"),
        "id",
        pl.lit("Gene").alias("kind"),
        pl.col("#symbol").alias("name"),
        pl.col("#name").alias("description"),
        _synonyms(names, genes.columns).alias("synonyms"),
        _xrefs(names, genes.columns).alias("xrefs"),
        pl.lit(True).alias("defined"),
    ).join(replacements, on="id", how="left")
    return Tables(
        rows_read=rows.rows_read,
        concepts=conform(concepts, Concepts),
        rejects=concat_rejects([rows.rejects, bad, withdrawn_rejects]),
        locations=rows.locations,
    )


def _with_last_replacement(withdrawn: pl.DataFrame) -> pl.DataFrame:
    """Put the last gene of each chain of replacements into `#replacement`; null if that gene is withdrawn too."""
    replacements = dict(zip(withdrawn["id"], withdrawn["#replacement"], strict=True))
    last = []
    for first in replacements.values():
        gene, seen = first, set[str]()
        while gene in replacements and gene not in seen:
            seen.add(gene)
            gene = replacements[gene]
        last.append(None if gene in seen else gene)
    return withdrawn.with_columns(pl.Series("#replacement", last, dtype=pl.String))


def _list_members(column: str, separator: str) -> pl.Expr:
    """The members of a cell's list, without surrounding blanks and without empty members."""
    members = pl.col(column).str.replace_all(separator, "\x1f").str.split("\x1f")
    return members.list.eval(pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != ""))


def _synonyms(names: _Columns, columns: list[str]) -> pl.Expr:
    lists = [_list_members(c, names.separator) for c in names.synonyms if c in columns]
    if not lists:
        return pl.lit(None, dtype=pl.List(pl.String))
    empty = pl.lit([], dtype=pl.List(pl.String))
    return pl.concat_list(members.fill_null(empty) for members in lists).list.unique(maintain_order=True)


def _xrefs(names: _Columns, columns: list[str]) -> pl.Expr:
    """NCBI Gene, Ensembl and UniProt ids, each from the first of its columns with a value."""
    groups = []
    for group, prefix in ((names.entrez, "NCBIGene"), (names.ensembl, "ENSEMBL"), (names.uniprot, "UNIPROT")):
        present = [_list_members(c, names.separator) for c in group if c in columns]
        if present:
            ids = pl.coalesce(*present).list.eval(curie(pl.element(), prefix)).list.drop_nulls()
            groups.append(ids.fill_null(pl.lit([], dtype=pl.List(pl.String))))
    return pl.concat_list(groups) if groups else pl.lit(None, dtype=pl.List(pl.String))


READER = Reader("hgnc", 2, HgncOptions, read)
