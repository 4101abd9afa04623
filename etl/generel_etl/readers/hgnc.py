"""Human genes as HGNC lists them: the custom download and `hgnc_complete_set`.

    [sources.hgnc]
    reader = "hgnc"
    files = ["genes/hgnc_entries.tsv.gz"]

A gene is named by its symbol and described by its approved name; alias and previous symbols are synonyms. A withdrawn
symbol is a reject that says what replaced it, and its id goes to the `alt_ids` of that gene.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.files import read_text
from generel_etl.parsing.rejects import Check, gather, rejected, split_valid_rows
from generel_etl.reader import Reader, SourceFiles
from generel_etl.schema import Concepts, Tables, conform


@dataclass(frozen=True, slots=True)
class HgncOptions:
    """The keys of a source that is read as HGNC."""

    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class _Names:
    """What one of the two layouts calls a column, and how it parts lists."""

    id: str
    symbol: str
    name: str
    status: str
    synonyms: tuple[str, ...]
    entrez: tuple[str, ...]  # the first that is filled
    ensembl: tuple[str, ...]
    uniprot: tuple[str, ...]
    separator: str

    @property
    def required(self) -> tuple[str, ...]:
        """Without these no gene can be told; of the others a download may leave out any."""
        return (self.id, self.symbol, self.name)


_CUSTOM = _Names(
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
_COMPLETE = _Names(
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
_SEE = r"(?i)\bsee\b.*?(HGNC:\d+)"


def read(files: SourceFiles, options: HgncOptions) -> Tables:
    """Read genes and what withdrew them; raises DataError for a column that is missing."""
    first = read_text(files.paths[0], options.encoding).partition(b"\n")[0].decode()
    names = _COMPLETE if _COMPLETE.id in first.split("\t") else _CUSTOM
    # The complete set quotes lists that hold a bar; in the custom download a quotation mark is a character.
    quote = '"' if names is _COMPLETE else None
    rows = read_rows(files, Layout(quote=quote, encoding=options.encoding))
    check_columns(rows.frame.columns, names.required, files.paths[0])
    known = names.status in rows.frame.columns
    status = pl.col(names.status) if known else pl.lit("Approved")
    frame = rows.frame.with_columns(
        curie(pl.col(names.id), "HGNC").alias("id"),
        pl.col(names.symbol).str.strip_chars().alias("#symbol"),
        pl.col(names.name).str.strip_chars().alias("#name"),
        status.fill_null("Approved").str.contains("(?i)withdrawn").alias("#withdrawn"),
    ).with_columns(curie(pl.col("#name").str.extract(_SEE, 1)).alias("#heir"))
    frame, bad = split_valid_rows(
        frame,
        (
            Check(names.id, pl.col("id").str.starts_with("HGNC:"), "not an HGNC id"),
            Check(names.symbol, pl.col("#symbol").str.len_bytes() > 0, "no symbol"),
            Check(names.id, pl.col("id").is_first_distinct(), "this id stands in an earlier row"),
        ),
    )
    genes = frame.filter(~pl.col("#withdrawn"))
    withdrawn = _follow(frame.filter("#withdrawn"))
    heirs = withdrawn.group_by(pl.col("#heir").alias("id")).agg(pl.col("id").sort().alias("alt_ids"))
    reason = pl.coalesce(pl.format("withdrawn, replaced by {}", "#heir"), pl.lit("withdrawn, no replacement"))
    gone = rejected(withdrawn, names.status, reason, pl.format("{} {}", "id", "#symbol"))
    concepts = genes.select(
        pl.col("#row").alias("row"),
        "id",
        pl.lit("Gene").alias("kind"),
        pl.col("#symbol").alias("name"),
        pl.col("#name").alias("description"),
        _synonyms(names, genes.columns).alias("synonyms"),
        _xrefs(names, genes.columns).alias("xrefs"),
        pl.lit(True).alias("defined"),
    ).join(heirs, on="id", how="left")
    return Tables(
        rows_read=rows.rows_read,
        concepts=conform(concepts, Concepts),
        rejects=gather([rows.rejects, bad, gone]),
        places=rows.places,
    )


def _follow(withdrawn: pl.DataFrame) -> pl.DataFrame:
    """Put the last of a chain of replacements in `#heir`; null where it ends in a gene that is withdrawn itself."""
    heirs = dict(zip(withdrawn["id"], withdrawn["#heir"], strict=True))
    last = []
    for first in heirs.values():
        heir, seen = first, set[str]()
        while heir in heirs and heir not in seen:
            seen.add(heir)
            heir = heirs[heir]
        last.append(None if heir in seen else heir)
    return withdrawn.with_columns(pl.Series("#heir", last, dtype=pl.String))


def _parts(column: str, separator: str) -> pl.Expr:
    """A cell's list: parted, stripped, without empty members."""
    parted = pl.col(column).str.replace_all(separator, "\x1f").str.split("\x1f")
    return parted.list.eval(pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != ""))


def _synonyms(names: _Names, columns: list[str]) -> pl.Expr:
    parts = [_parts(c, names.separator) for c in names.synonyms if c in columns]
    if not parts:
        return pl.lit(None, dtype=pl.List(pl.String))
    empty = pl.lit([], dtype=pl.List(pl.String))
    return pl.concat_list(p.fill_null(empty) for p in parts).list.unique(maintain_order=True)


def _xrefs(names: _Names, columns: list[str]) -> pl.Expr:
    """NCBI, Ensembl and UniProt ids; each kind from its first column that is filled."""
    groups = []
    for group, prefix in ((names.entrez, "NCBIGene"), (names.ensembl, "ENSEMBL"), (names.uniprot, "UNIPROT")):
        present = [_parts(c, names.separator) for c in group if c in columns]
        if present:
            ids = pl.coalesce(*present).list.eval(curie(pl.element(), prefix)).list.drop_nulls()
            groups.append(ids.fill_null(pl.lit([], dtype=pl.List(pl.String))))
    return pl.concat_list(groups) if groups else pl.lit(None, dtype=pl.List(pl.String))


READER = Reader("hgnc", 1, HgncOptions, read)
