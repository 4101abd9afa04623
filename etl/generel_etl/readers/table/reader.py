"""Tables that the configuration describes: no code for a user's own hits, eQTL, SNP lists, co-occurrence, links.

`columns` says which of the file's columns a canonical one is, `constants` what all rows have. Of several columns
the first that is filled counts (of a list, all). Canonical columns of an edge: `start_id`, `start_name`, `end_id`,
`end_name`, the SNP's `chromosome`, `position`, `ref`, `alt`, `alleles`, `p` (any spelling, also 5E-324), and the
properties of `tables.EDGE_PROPERTIES`. A table's format follows its name (.csv, .parquet, else tabs).

    [sources.my_hits]                       # SNP – disease, and the gene that the study names
    reader = "table"
    files = ["associations.tsv"]
    build = "GRCh38"                        # required with positions
    columns = { start_id = "rsid", chromosome = "chromosome", position = "position" }   # of all its edges
    [[sources.my_hits.edges]]
    type = "ASSOCIATED_WITH"
    columns = { end_id = "disease_id", end_name = "disease", effect_allele = "effect_allele", odds_ratio = "odds_ratio",
                neg_log10_p = "neg_log10_p", pubmed_id = "pubmed_id", published = "published" }
    [[sources.my_hits.edges]]
    type = "REPORTED_GENE"
    columns = { end_name = "gene" }         # rows without a gene just have no such edge

    [sources.blueprint]                     # eQTL: each gene's lead SNP is loaded, the rest if named elsewhere
    reader = "table"
    files = ["eqtl/blueprint_monocyte_tophits.tsv.gz"]
    type = "REGULATES"
    build = "GRCh37"                        # for the SNPs that are "12:1034943"
    columns = { start_id = "SNP", end_id = "Phenotype", beta = "beta", standard_error = "se", p = "pval",
                effect_allele = "effect_allele", other_allele = "other_allele", effect_allele_frequency = "eaf" }
    constants = { tissue = "monocyte", cohort = "Blueprint" }

    [sources.gtex]
    reader = "table"
    files = ["eqtl/gtex_v8_excerpt.tsv.gz"]
    type = "REGULATES"
    columns = { start_id = "SNP.Id", end_name = "Gene.Symbol", p = "P.Value", beta = "NES", tissue = "Tissue" }
    constants = { beta_unit = "NES", cohort = "GTEx v8" }

    [sources.medline]
    reader = "table"
    files = ["cooccurrence/medline_disease_disease.tsv.gz"]
    type = "CO_OCCURS_WITH"
    columns = { start_id = "doid_code_0", start_name = "doid_name_0", end_id = "doid_code_1", end_name = "doid_name_1",
                count = "cooccurrence", expected = "expected" }
    constants = { cohort = "MEDLINE" }

    [sources.hapmap]                        # places of SNPs that other sources name; create = true: of all
    reader = "table"
    files = ["variants/hapmap3_dbsnp151_hg38.snplist.gz"]
    node = "snp"
    build = "GRCh38"
    columns = { id = "rsid", chromosome = "#CHROM", position = "POS", alleles = ["A1", "A2"] }

    [sources.merges]                        # rsIDs that dbSNP merged: old ones lead to the one that lives
    reader = "table"
    files = ["RsMergeArch.bcp.gz"]
    format = "tsv"
    node = "snp"
    prefix = "rs"                           # of ids that are numbers alone
    header = ["rsHigh", "rsLow", "build_id", "orien", "created", "updated", "rsCurrent", "orien2Current", "note"]
    columns = { id = "rsCurrent", alt_ids = "rsHigh" }

    [sources.mondo_references]
    reader = "table"
    files = ["ontologies/mondo_references.csv.gz"]
    type = "XREF"
    columns = { start_id = "ontology_id", start_prefix = "ontology", end_id = "mondo_id" }
    end_prefix = "MONDO"

    [sources.mesh]                          # a vocabulary; kind by tree number
    reader = "table"
    files = ["ontologies/mesh_id_label_mappings.tsv.gz"]
    node = "concept"
    prefix = "MESH"
    header = ["id", "heading", "synonyms", "trees", "rest"]
    list_separator = "|"
    columns = { id = "id", name = "heading", synonyms = "synonyms", kind = "trees" }
    kinds = { C = "Disease", F03 = "Disease", D = "Drug", A = "AnatomicalEntity", G = "BiologicalProcess" }

    [sources.links]                         # KGX: biolink:treats becomes TREATS, "treated by" is turned round
    reader = "table"
    files = ["links.tsv"]
    columns = { start_id = "subject", predicate = "predicate", end_id = "object" }
    relations = { "has indication" = "TREATS" }
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from generel_etl.config import SourceConfig, build_options
from generel_etl.errors import ConfigError, DataError
from generel_etl.parsing.delimited import Layout, Rows, check_columns, read_rows
from generel_etl.parsing.rejects import FILE, LINE, ROW, concat_rejects
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.table.columns import CONCEPT_COLUMNS, EDGE_COLUMNS, SNP_COLUMNS, Mapped, mapped
from generel_etl.readers.table.edges import EMPTY, EdgeOptions, check_edge, read_edges
from generel_etl.readers.table.nodes import check_node, read_concepts, read_snps
from generel_etl.schema import Concepts, Edges, Snps, Tables

FORMATS = ("tsv", "csv", "parquet")
NULLS = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "NR", ".")


@dataclass(frozen=True, slots=True)
class TableOptions(EdgeOptions):
    """The keys of a source that is read as a table: those of one kind of edge, and these."""

    edges: tuple[Mapping[str, Any], ...] = ()  # several kinds of edge; they share `columns` and `constants`
    node: str = ""  # snp or concept: the rows are nodes
    create: bool | None = None  # rows are nodes though nobody else names them; default: concepts yes, SNPs no
    defines: bool = True  # concepts: this is their vocabulary's own file
    kind: str = ""  # concepts
    kinds: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # start of `kind` → kind
    prefix: str = ""  # of ids without one; of SNPs "rs"
    build: str = ""  # of positions: GRCh36, GRCh37, GRCh38
    format: str = ""  # tsv, csv or parquet; default by the file's name
    separator: str = ""
    quote: str = ""  # default: none in tsv, " in csv
    header: tuple[str, ...] = ()  # the columns' names, where the file has no header
    comment: str = ""  # lines before the header that begin so are passed over
    encoding: str = "utf-8"
    list_separator: str = "|"
    nulls: tuple[str, ...] = NULLS  # what stands for "no value"


def read(files: SourceFiles, options: TableOptions) -> Tables:
    """Read tables as described.

    Raises ConfigError for a description that makes no sense, DataError for a column that a file lacks.
    """
    parts = _parts(files, options)
    node = _node(files, options)
    mappings = [mapping for _, mapping, _ in parts] + ([node] if node else [])
    rows = _rows(files, options, tuple(dict.fromkeys(c for m in mappings for c in m.used)))
    concepts: list[pl.DataFrame] = [Concepts.create_empty()]
    snps: list[pl.DataFrame] = [Snps.create_empty()]
    edges: list[pl.DataFrame] = [Edges.create_empty()]
    rejects = [rows.rejects]
    if node is not None and options.node == "snp":
        found, bad = read_snps(
            rows.frame, node, build=options.build, prefix=options.prefix, create=bool(options.create)
        )
        snps.append(found)
        rejects.append(bad)
    elif node is not None:
        found, bad = read_concepts(
            rows.frame,
            node,
            default_kind=options.kind,
            kinds=options.kinds,
            prefix=options.prefix,
            create=options.create is not False,
            defines=options.defines,
        )
        concepts.append(found)
        rejects.append(bad)
    for edge, mapping, where in parts:
        of_edge, of_snps, bad = read_edges(rows.frame, edge, mapping, options.build, where)
        edges.append(of_edge)
        snps.append(of_snps)
        rejects.append(bad)
    made = Tables(rows.rows_read, pl.concat(concepts), pl.concat(snps), pl.concat(edges), locations=rows.locations)
    return replace(made, rejects=_without_gaps(concat_rejects(rejects), made).unique(maintain_order=True))


def _without_gaps(rejects: pl.DataFrame, made: Tables) -> pl.DataFrame:
    """An empty end is no fault in a row that gave something else, nor worth a second reject."""
    gaps = rejects["reason"] == EMPTY
    if not gaps.any():
        return rejects
    others = rejects.filter(~gaps)
    known = pl.concat([t.select("row") for t in (made.concepts, made.snps, made.edges, others)])
    idle = rejects.filter(gaps).join(known, on="row", how="anti").unique("row", keep="first")
    return concat_rejects([others, idle])


def _parts(files: SourceFiles, options: TableOptions) -> list[tuple[EdgeOptions, Mapped, str]]:
    """Each kind of edge with its columns and its place in the configuration."""
    if not options.edges:
        names = {f.name for f in fields(EdgeOptions)}
        edge = EdgeOptions(**{n: getattr(options, n) for n in names})
        if options.node and not options.type:
            return []
        if not options.type and "predicate" not in {*options.columns, *options.constants}:
            raise ConfigError(
                "nothing says what the rows are",
                where=files.where,
                next_step='add `type = "…"` or a `predicate` column (edges), `node = "snp"` or "concept", or `edges`',
            )
        described = [(edge, files.where)]
    else:
        if options.type:
            raise ConfigError("`type` and `edges` exclude each other", where=files.where, found=options.type)
        described = []
        for number, keys in enumerate(options.edges):
            where = f"{files.where}.edges[{number}]"
            inner = SourceConfig(where.removeprefix("sources."), "table", (), options=keys)
            described.append((build_options(EdgeOptions, inner), where))
    found = []
    for edge, where in described:
        shared = {} if not options.edges else _of(options.columns, EDGE_COLUMNS)
        fixed = {} if not options.edges else _of(options.constants, EDGE_COLUMNS)
        allowed = (*EDGE_COLUMNS, *_node_columns(options)) if not options.edges else EDGE_COLUMNS
        mapping = mapped(
            {**shared, **edge.columns},
            {**fixed, **edge.constants},
            allowed,
            options.list_separator,
            options.nulls,
            where,
        )
        check_edge(edge, mapping, options.build, where)
        found.append((edge, mapping, where))
    if options.edges:  # a shared column that nobody reads is a slip of the pen
        mapped(options.columns, options.constants, (*EDGE_COLUMNS, *_node_columns(options)), "", (), files.where)
    return found


def _of(columns: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {n: c for n, c in columns.items() if n in names}


def _node_columns(options: TableOptions) -> tuple[str, ...]:
    return {"snp": SNP_COLUMNS, "concept": CONCEPT_COLUMNS}.get(options.node, ())


def _node(files: SourceFiles, options: TableOptions) -> Mapped | None:
    """The node's columns, where the rows are nodes."""
    if not options.node:
        return None
    names = _node_columns(options)
    edges = EDGE_COLUMNS if options.edges or options.type else ()
    columns, constants = options.columns, options.constants
    if names:
        mapped(columns, constants, (*names, *edges), "", (), files.where)
        columns, constants = _of(columns, names), _of(constants, names)
    mapping = mapped(columns, constants, names or columns, options.list_separator, options.nulls, files.where)
    kinds = (options.kind, *options.kinds.values())
    check_node(options.node, mapping, kinds=kinds, build=options.build, where=files.where)
    return mapping


def _rows(files: SourceFiles, options: TableOptions, used: tuple[str, ...]) -> Rows:
    """The files' rows, with the columns that are used."""
    kinds = {options.format or _format(p) for p in files.paths}
    if len(kinds) > 1:
        raise ConfigError("files of several formats in one source", where=files.where, found=sorted(kinds))
    kind = kinds.pop()
    if kind not in FORMATS:
        raise ConfigError("no such format", where=f"{files.where}.format", found=kind, valid=FORMATS)
    if kind == "parquet":
        return _parquet(files, used)
    for key, text in (("separator", options.separator), ("quote", options.quote)):
        if len(text.encode()) > 1:
            raise ConfigError("one character is expected", where=f"{files.where}.{key}", found=text)
    layout = Layout(
        separator=options.separator or ("," if kind == "csv" else "\t"),
        quote=options.quote or ('"' if kind == "csv" else None),
        columns=options.header,
        comment=options.comment,
        encoding=options.encoding,
    )
    return read_rows(files, layout, needed=used, use=used)


def _format(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".bgz")]
    last = suffixes[-1].lstrip(".") if suffixes else "tsv"
    return last if last in ("csv", "parquet") else "tsv"


def _parquet(files: SourceFiles, used: tuple[str, ...]) -> Rows:
    """Parquet files as text columns, so that all formats go one way; a line is a row's number in its file."""
    frames, rows = [], 0
    for path in files.paths:
        try:
            found = pl.read_parquet_schema(path)
            check_columns(list(found), used, path)
            frame = pl.read_parquet(path, columns=list(used))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DataError(f"not Parquet: {str(error).splitlines()[0]}", where=path) from error
        texts = [
            (
                pl.col(c).list.eval(pl.element().cast(pl.String)).list.join("|")
                if isinstance(t, pl.List)
                else pl.col(c).cast(pl.String)
            )
            for c, t in frame.schema.items()
        ]
        number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
        frames.append(
            frame.select(*texts).with_columns(
                (number + rows).alias(ROW), pl.lit(path.name).alias(FILE), number.alias(LINE)
            )
        )
        rows += frame.height
    return Rows(pl.concat(frames), concat_rejects([]), rows)


READER = Reader("table", 1, TableOptions, read)
