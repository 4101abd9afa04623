"""Hetionet 1.0 (Himmelstein et al. 2017, doi:10.7554/eLife.26726): a table of nodes and SIF edges.

    [sources.hetionet]
    reader = "hetionet"
    files = ["hetionet/hetionet-v1.0-nodes.tsv.gz", "hetionet/hetionet-v1.0-edges.sif.gz"]

The files are told apart by their header lines (`id name kind`, `source metaedge target`), in any order. Nodes are
mentions with a name; an edge to a node that no file has keeps its id, and dangles until a source knows it.
"""

from __future__ import annotations

import polars as pl

from generel_etl.errors import DataError
from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.rejects import FILE, LINE, ROW, Check, gather, split_valid_rows
from generel_etl.reader import NoOptions, Reader, SourceFiles
from generel_etl.relations import METAEDGES, nearest
from generel_etl.schema import Concepts, Edges, Tables, conform
from generel_etl.weights import CURATED, PREDICTED

NODES, EDGES = ("id", "name", "kind"), ("source", "metaedge", "target")
# Hetionet's kind: ours, and the prefix of its bare ids (DOID, UBERON and GO have theirs).
KINDS_HERE: dict[str, tuple[str, str]] = {
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
# Mined from MEDLINE, or worked out from structures and evolutionary rates; all others are curated or measured.
COMPUTED = ("DlA", "DpS", "DrD", "CrC", "GcG")


def read(files: SourceFiles, options: NoOptions) -> Tables:
    """Read nodes and edges; raises DataError where one of the two files is missing or has other columns."""
    rows = read_rows(files, Layout())
    frame = rows.frame
    where = ", ".join(map(str, files.paths))
    found = [c for c in frame.columns if c not in (ROW, FILE, LINE)]
    if not set(NODES) & set(found) or not set(EDGES) & set(found):
        lacking = "nodes (id, name, kind)" if not set(NODES) & set(found) else "edges (source, metaedge, target)"
        raise DataError(f"none of the files holds {lacking}", where=where, next_step="name both files under `files`")
    check_columns(found, (*NODES, *EDGES), where, (*NODES, *EDGES))
    is_node = pl.any_horizontal(pl.col(c).is_not_null() for c in NODES)
    nodes, bad_nodes = split_valid_rows(_ids(frame.filter(is_node), {"node": "id"}), _known("node", "id"))
    edges, bad_edges = split_valid_rows(
        _ids(frame.filter(~is_node), {"x": "source", "y": "target"}),
        [
            Check(
                "metaedge",
                pl.col("metaedge").is_in(list(METAEDGES)),
                nearest("unknown metaedge", pl.col("metaedge"), METAEDGES),
            ),
            *_known("x", "source"),
            *_known("y", "target"),
        ],
    )
    return Tables(
        rows_read=rows.rows_read,
        concepts=_concepts(nodes),
        edges=_edges(edges, nodes),
        rejects=gather([rows.rejects, bad_nodes, bad_edges]),
        places=rows.places,
    )


def _ids(frame: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """Add `<name>_kind` (Hetionet's) and `<name>_curie` for each column of ids like "Gene::2625"."""
    kinds = {kind: prefix for kind, (_, prefix) in KINDS_HERE.items()}
    for name, column in columns.items():
        distinct = frame.select(pl.col(column).unique()).with_columns(
            pl.col(column).str.split_exact("::", 1).struct.rename_fields([f"{name}_kind", "local"]).alias("parts")
        )
        distinct = distinct.unnest("parts")
        local = pl.col("local").str.replace(r"^(WP\d+)_.*$", "WIKIPATHWAYS:$1")  # the revision goes
        prefix = (
            pl.when(local.str.contains(":"))
            .then(pl.lit(""))
            .otherwise(pl.col(f"{name}_kind").replace_strict(kinds, default=None, return_dtype=pl.String))
        )
        distinct = distinct.select(column, f"{name}_kind", curie(pl.concat_str(prefix, local)).alias(f"{name}_curie"))
        frame = frame.join(distinct, on=column, how="left", maintain_order="left")
    return frame


def _known(name: str, column: str) -> list[Check]:
    kind = pl.col(f"{name}_kind")
    return [
        Check(column, kind.is_in(list(KINDS_HERE)), nearest("unknown kind", kind, KINDS_HERE)),
        Check(column, pl.col(f"{name}_curie").is_not_null(), "not an id of its kind"),
    ]


def _kind(name: str) -> pl.Expr:
    return pl.col(f"{name}_kind").replace_strict(
        {k: ours for k, (ours, _) in KINDS_HERE.items()}, return_dtype=pl.String
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
    for name in "xy":
        edges = (
            edges.drop("name")
            .join(
                names.rename({"node_curie": f"{name}_curie"}),
                on=f"{name}_curie",
                how="left",
                maintain_order="left",
            )
            .rename({"name": f"{name}_name"})
            .with_columns(pl.lit(None, dtype=pl.String).alias("name"))
        )
    metaedge = pl.col("metaedge")
    turned = metaedge.is_in([name for name, directed in METAEDGES.items() if directed.swap])

    def end(first: pl.Expr, second: pl.Expr) -> pl.Expr:
        return pl.when(turned).then(second).otherwise(first)

    x, y = (tuple(pl.col(f"{n}_{c}") for c in ("curie", "name")) for n in "xy")
    return conform(
        edges.select(
            pl.col(ROW).alias("row"),
            metaedge.replace_strict({m: d.type for m, d in METAEDGES.items()}, return_dtype=pl.String).alias("type"),
            end(x[0], y[0]).alias("start_id"),
            end(_kind("x"), _kind("y")).alias("start_kind"),
            end(x[1], y[1]).alias("start_name"),
            end(y[0], x[0]).alias("end_id"),
            end(_kind("y"), _kind("x")).alias("end_kind"),
            end(y[1], x[1]).alias("end_name"),
            pl.when(metaedge.is_in(COMPUTED)).then(PREDICTED).otherwise(CURATED).alias("weight"),
            metaedge.alias("relation"),
        ),
        Edges,
    )


READER = Reader("hetionet", 1, NoOptions, read)
