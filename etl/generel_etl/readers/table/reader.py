"""Tables that the configuration describes, without code: association hits, eQTLs, SNP lists, co-occurrence, links.

`columns` maps canonical columns to the file's columns, and `constants` gives values that all rows share. Of several
file columns the first with a value is used (for a list: all). Canonical columns of an edge: `start_id`, `start_name`,
`end_id`, `end_name`, the SNP's `chromosome`, `position`, `ref`, `alt`, `alleles`, `p` (in any notation, also 5E-324),
and the properties in `schema.EDGE_PROPERTIES`. The format follows from the file name (.csv, .parquet, otherwise
tab-separated).

    [sources.my_hits]                       # SNP – disease, and the gene that the study names
    reader = "table"
    files = ["associations.tsv"]
    build = "GRCh38"                        # required with positions
    columns = { start_id = "rsid", chromosome = "chromosome", position = "position" }   # of all edges
    [[sources.my_hits.edges]]
    type = "ASSOCIATED_WITH"
    columns = { end_id = "disease_id", end_name = "disease", effect_allele = "effect_allele", odds_ratio = "odds_ratio",
                neg_log10_p = "neg_log10_p", pubmed_id = "pubmed_id", published = "published" }
    [[sources.my_hits.edges]]
    type = "REPORTED_GENE"
    columns = { end_name = "gene" }         # rows without a gene have no such edge

    [sources.blueprint]                     # eQTL: each gene's lead SNP is loaded, others only if named elsewhere
    reader = "table"
    files = ["eqtl/blueprint_monocyte_tophits.tsv.gz"]
    type = "REGULATES"
    build = "GRCh37"                        # of SNPs such as "12:1034943"
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

    [sources.hapmap]                        # positions of SNPs that other sources name; create = true: of all SNPs
    reader = "table"
    files = ["variants/hapmap3_dbsnp151_hg38.snplist.gz"]
    node = "snp"
    build = "GRCh38"
    columns = { id = "rsid", chromosome = "#CHROM", position = "POS", alleles = ["A1", "A2"] }

    [sources.merges]                        # rsIDs that dbSNP merged: old ids lead to the current one
    reader = "table"
    files = ["RsMergeArch.bcp.gz"]
    format = "tsv"
    node = "snp"
    prefix = "rs"                           # of ids that are numbers
    header = ["rsHigh", "rsLow", "build_id", "orien", "created", "updated", "rsCurrent", "orien2Current", "note"]
    columns = { id = "rsCurrent", alt_ids = "rsHigh" }

    [sources.mondo_references]
    reader = "table"
    files = ["ontologies/mondo_references.csv.gz"]
    type = "XREF"
    columns = { start_id = "ontology_id", start_prefix = "ontology", end_id = "mondo_id" }
    end_prefix = "MONDO"

    [sources.mesh]                          # a vocabulary; the kind follows from the tree number
    reader = "table"
    files = ["ontologies/mesh_id_label_mappings.tsv.gz"]
    node = "concept"
    prefix = "MESH"
    header = ["id", "heading", "synonyms", "trees", "rest"]
    list_separator = "|"
    columns = { id = "id", name = "heading", synonyms = "synonyms", kind = "trees" }
    kinds = { C = "Disease", F03 = "Disease", D = "Drug", A = "AnatomicalEntity", G = "BiologicalProcess" }

    [sources.links]                         # KGX: biolink:treats becomes TREATS, "treated by" its inverse
    reader = "table"
    files = ["links.tsv"]
    columns = { start_id = "subject", predicate = "predicate", end_id = "object" }
    relations = { "has indication" = "TREATS" }
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import polars as pl

from generel_etl.config import SourceConfig, build_options
from generel_etl.errors import ConfigError
from generel_etl.parsing.rejects import concat_rejects
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.table.columns import CONCEPT_COLUMNS, EDGE_COLUMNS, SNP_COLUMNS, ColumnMapping, map_columns
from generel_etl.readers.table.edges import EMPTY, read_edges
from generel_etl.readers.table.files import read_table_rows
from generel_etl.readers.table.nodes import check_node, read_concepts, read_snps
from generel_etl.readers.table.options import EdgeOptions, TableOptions, check_edge
from generel_etl.schema import Concepts, Edges, Snps, Tables


def read(files: SourceFiles, options: TableOptions) -> Tables:
    """Read tables as the options describe them into concepts, SNPs, edges and rejects.

    Layout: any delimited text (CSV: https://www.rfc-editor.org/rfc/rfc4180) or Parquet
    (https://parquet.apache.org/docs/file-format). The options name the columns. Predicates and categories follow KGX
    (https://github.com/biolink/kgx/blob/master/specification/kgx-format.md).

    Raises ConfigError for an invalid description, DataError for a column that a file lacks.
    """
    edge_kinds = _edge_kinds(files, options)
    node_mapping = _node_mapping(files, options)
    mappings = [mapping for _, mapping, _ in edge_kinds] + ([node_mapping] if node_mapping else [])
    columns = tuple(dict.fromkeys(c for m in mappings for c in m.file_columns))
    rows = read_table_rows(files, options, columns)
    concepts: list[pl.DataFrame] = [Concepts.create_empty()]
    snps: list[pl.DataFrame] = [Snps.create_empty()]
    edges: list[pl.DataFrame] = [Edges.create_empty()]
    rejects = [rows.rejects]
    if node_mapping is not None and options.node == "snp":
        listed, bad = read_snps(
            rows.frame, node_mapping, build=options.build, prefix=options.prefix, create=bool(options.create)
        )
        snps.append(listed)
        rejects.append(bad)
    elif node_mapping is not None:
        vocabulary, bad = read_concepts(
            rows.frame,
            node_mapping,
            default_kind=options.kind,
            kinds=options.kinds,
            prefix=options.prefix,
            create=options.create is not False,
            defines=options.defines,
        )
        concepts.append(vocabulary)
        rejects.append(bad)
    for edge, mapping, where in edge_kinds:
        new_edges, new_snps, bad = read_edges(rows.frame, edge, mapping, options.build, where)
        edges.append(new_edges)
        snps.append(new_snps)
        rejects.append(bad)
    tables = Tables(rows.rows_read, pl.concat(concepts), pl.concat(snps), pl.concat(edges), locations=rows.locations)
    return replace(
        tables, rejects=_without_empty_endpoints(concat_rejects(rejects), tables).unique(maintain_order=True)
    )


def _without_empty_endpoints(rejects: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Remove rejects for an empty endpoint from rows that have a record or another reject; keep one for other rows."""
    is_empty = rejects["reason"] == EMPTY
    if not is_empty.any():
        return rejects
    others = rejects.filter(~is_empty)
    used_rows = pl.concat([t.select("row") for t in (tables.concepts, tables.snps, tables.edges, others)])
    unused = rejects.filter(is_empty).join(used_rows, on="row", how="anti").unique("row", keep="first")
    return concat_rejects([others, unused])


def _edge_kinds(files: SourceFiles, options: TableOptions) -> list[tuple[EdgeOptions, ColumnMapping, str]]:
    """Each kind of edge: its options, its columns, and its path in the configuration."""
    if not options.edges:
        names = {f.name for f in fields(EdgeOptions)}
        edge = EdgeOptions(**{n: getattr(options, n) for n in names})
        if options.node and not options.type:
            return []
        if not options.type and "predicate" not in {*options.columns, *options.constants}:
            raise ConfigError(
                "the options do not state what a row is",
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
    edge_kinds = []
    for edge, where in described:
        shared_columns = {} if not options.edges else _only(options.columns, EDGE_COLUMNS)
        shared_constants = {} if not options.edges else _only(options.constants, EDGE_COLUMNS)
        allowed = (*EDGE_COLUMNS, *_node_columns(options)) if not options.edges else EDGE_COLUMNS
        mapping = map_columns(
            {**shared_columns, **edge.columns},
            {**shared_constants, **edge.constants},
            allowed,
            options.list_separator,
            options.nulls,
            where,
        )
        check_edge(edge, mapping, options.build, where)
        edge_kinds.append((edge, mapping, where))
    if options.edges:  # a shared column that no kind of edge and no node has is a typing error
        map_columns(options.columns, options.constants, (*EDGE_COLUMNS, *_node_columns(options)), "", (), files.where)
    return edge_kinds


def _only(columns: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {n: c for n, c in columns.items() if n in names}


def _node_columns(options: TableOptions) -> tuple[str, ...]:
    return {"snp": SNP_COLUMNS, "concept": CONCEPT_COLUMNS}.get(options.node, ())


def _node_mapping(files: SourceFiles, options: TableOptions) -> ColumnMapping | None:
    """The columns of the nodes, if the rows are nodes."""
    if not options.node:
        return None
    names = _node_columns(options)
    edge_columns = EDGE_COLUMNS if options.edges or options.type else ()
    columns, constants = options.columns, options.constants
    if names:
        map_columns(columns, constants, (*names, *edge_columns), "", (), files.where)
        columns, constants = _only(columns, names), _only(constants, names)
    mapping = map_columns(columns, constants, names or columns, options.list_separator, options.nulls, files.where)
    kinds = (options.kind, *options.kinds.values())
    check_node(options.node, mapping, kinds=kinds, build=options.build, where=files.where)
    return mapping


READER = Reader("table", 2, TableOptions, read)
