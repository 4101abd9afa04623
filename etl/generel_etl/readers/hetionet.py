"""Hetionet 1.0 (Himmelstein et al. 2017, doi:10.7554/eLife.26726): a table of nodes and edges in SIF.

    [sources.hetionet]
    reader = "hetionet"
    files = ["hetionet/hetionet-v1.0-nodes.tsv.gz", "hetionet/hetionet-v1.0-edges.sif.gz"]

The two files are recognised by their headers (`id name kind`, `source metaedge target`); their order does not matter.
Nodes are mentions with a name. An edge to a node that is not in the files keeps the node's id, and is dangling until
another source defines that node.
"""

from __future__ import annotations

import polars as pl

from generel_etl.errors import DataError
from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.records import edge_table, endpoint, swap_endpoints
from generel_etl.parsing.rejects import FILE, LINE, ROW, Check, concat_rejects, split_valid_rows
from generel_etl.reader import NoOptions, Reader, SourceFiles
from generel_etl.relations import METAEDGES, with_suggestion
from generel_etl.schema import Concepts, Tables, conform
from generel_etl.weights import CURATED, PREDICTED

NODE_COLUMNS, EDGE_COLUMNS = ("id", "name", "kind"), ("source", "metaedge", "target")
# By Hetionet's kind: the kind here, and the prefix of ids that have none (DOID, UBERON and GO ids have theirs).
HETIONET_KINDS: dict[str, tuple[str, str]] = {
    "Anatomy": ("AnatomicalEntity", ""),
    "Biological Process": ("BiologicalProcess", ""),
    "Cellular Component": ("CellularComponent", ""),
    "Compound": ("Drug", "DRUGBANK:"),
    "Disease": ("Disease", ""),
    "Gene": ("Gene", "NCBIGene:"),
    "Molecular Function": ("MolecularActivity", ""),
    "Pathway": ("Pathway", "PATHWAYCOMMONS:"),
    "Pharmacologic Class": ("DrugClass", "NDFRT:"),
    "Side Effect": ("Phenotype", "UMLS:"),
    "Symptom": ("Phenotype", "MESH:"),
}
_FILES = {"nodes": NODE_COLUMNS, "edges": EDGE_COLUMNS}
# Metaedges mined from MEDLINE, or computed from structures and evolutionary rates; others are curated or measured.
PREDICTED_METAEDGES = ("DlA", "DpS", "DrD", "CrC", "GcG")


def read(files: SourceFiles, options: NoOptions) -> Tables:
    """Read nodes and edges into concepts, edges and rejects.

    Layout: Hetionet 1.0's `hetionet-v1.0-nodes.tsv` (id, name, kind) and `hetionet-v1.0-edges.sif` (source, metaedge,
    target), tab-separated with a header. Ids are "Kind::identifier". Source of the format:
    https://github.com/hetio/hetionet/tree/main/hetnet/tsv

    Raises DataError if one of the two files is missing or has other columns.
    """
    rows = read_rows(files, Layout())
    frame = rows.frame
    where = ", ".join(map(str, files.paths))
    columns = [c for c in frame.columns if c not in (ROW, FILE, LINE)]
    missing = [f"{name} ({', '.join(of)})" for name, of in _FILES.items() if not set(of) & set(columns)]
    if missing:
        raise DataError(f"no file with {missing[0]}", where=where, next_step="name both files under `files`")
    check_columns(columns, (*NODE_COLUMNS, *EDGE_COLUMNS), where, (*NODE_COLUMNS, *EDGE_COLUMNS))
    is_node = pl.any_horizontal(pl.col(c).is_not_null() for c in NODE_COLUMNS)
    nodes, bad_nodes = split_valid_rows(_with_ids(frame.filter(is_node), {"node": "id"}), _id_checks("node", "id"))
    edges, bad_edges = split_valid_rows(
        _with_ids(frame.filter(~is_node), {"x": "source", "y": "target"}),
        [
            Check(
                "metaedge",
                pl.col("metaedge").is_in(list(METAEDGES)),
                with_suggestion("unknown metaedge", pl.col("metaedge"), METAEDGES),
            ),
            *_id_checks("x", "source"),
            *_id_checks("y", "target"),
        ],
    )
    return Tables(
        rows_read=rows.rows_read,
        concepts=_concepts(nodes),
        edges=_edges(edges, nodes),
        rejects=concat_rejects([rows.rejects, bad_nodes, bad_edges]),
        locations=rows.locations,
    )


def _with_ids(frame: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """Add `<name>_kind` (Hetionet's kind) and `<name>_curie` for each column of ids such as "Gene::2625"."""
    kinds = {kind: prefix for kind, (_, prefix) in HETIONET_KINDS.items()}
    for name, column in columns.items():
        distinct = frame.select(pl.col(column).unique()).with_columns(
            pl.col(column).str.split_exact("::", 1).struct.rename_fields([f"{name}_kind", "local"]).alias("parts")
        )
        distinct = distinct.unnest("parts")
        local = pl.col("local").str.replace(r"^(WP\d+)_.*$", "WIKIPATHWAYS:$1")  # without the revision
        prefix = (
            pl.when(local.str.contains(":"))
            .then(pl.lit(""))
            .otherwise(pl.col(f"{name}_kind").replace_strict(kinds, default=None, return_dtype=pl.String))
        )
        distinct = distinct.select(column, f"{name}_kind", curie(pl.concat_str(prefix, local)).alias(f"{name}_curie"))
        frame = frame.join(distinct, on=column, how="left", maintain_order="left")
    return frame


def _id_checks(name: str, column: str) -> list[Check]:
    kind = pl.col(f"{name}_kind")
    return [
        Check(column, kind.is_in(list(HETIONET_KINDS)), with_suggestion("unknown kind", kind, HETIONET_KINDS)),
        Check(column, pl.col(f"{name}_curie").is_not_null(), "not a valid id of its kind"),
    ]


def _kind(name: str) -> pl.Expr:
    return pl.col(f"{name}_kind").replace_strict(
        {name: kind for name, (kind, _) in HETIONET_KINDS.items()}, return_dtype=pl.String
    )


def _concepts(nodes: pl.DataFrame) -> pl.DataFrame:
    return conform(
        nodes.filter(pl.col("name").is_not_null())
        .select(
            pl.col(ROW).alias("row"),
            pl.col("node_curie").alias("id"),
            _kind("node").alias("kind"),
            "name",
            pl.lit(False).alias("defined"),
        )
        .unique("id", keep="first", maintain_order=True),
        Concepts,
    )


def _edges(edges: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    names = nodes.select("node_curie", "name").unique("node_curie", keep="first")
    for side in "xy":
        edges = (
            edges.drop("name")
            .join(
                names.rename({"node_curie": f"{side}_curie"}),
                on=f"{side}_curie",
                how="left",
                maintain_order="left",
            )
            .rename({"name": f"{side}_name"})
            .with_columns(pl.lit(None, dtype=pl.String).alias("name"))
        )
    metaedge = pl.col("metaedge")
    swapped = metaedge.is_in([name for name, directed in METAEDGES.items() if directed.swap])
    x, y = (endpoint(f"{side}_curie", _kind(side), f"{side}_name") for side in "xy")
    return edge_table(
        edges,
        metaedge.replace_strict({m: d.type for m, d in METAEDGES.items()}, return_dtype=pl.String),
        *swap_endpoints(x, y, swapped),
        weight=pl.when(metaedge.is_in(PREDICTED_METAEDGES)).then(PREDICTED).otherwise(CURATED),
        relation=metaedge,
    )


READER = Reader("hetionet", 2, NoOptions, read)
