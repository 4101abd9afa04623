"""Export the graph as KGX tables, nodes.tsv and edges.tsv, with Biolink's classes and predicates.

KGX (https://github.com/biolink/kgx, specification/kgx-format.md): a header, tabs, lists joined by "|". A node has id,
category, name, description, synonym, xref, provided_by; an edge id, subject, predicate, object, category,
primary_knowledge_source, knowledge_level, agent_type, negated, original_predicate, publications, p_value.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.export.biolink import category, curie, infores, statement
from generel_graph.export.pages import edge_pages, new_folder, node_pages, unchanged
from generel_graph.graph.open import open_graph

NODES = ("id", "category", "name", "description", "synonym", "xref", "provided_by")
EDGES = (
    "id",
    "subject",
    "predicate",
    "object",
    "category",
    "primary_knowledge_source",
    "knowledge_level",
    "agent_type",
    "negated",
    "original_predicate",
    "publications",
    "p_value",
)
SEPARATOR = "|"  # of the values of a list
MAX_NEG_LOG10_P = 300.0  # smaller p-values are written as 1e-300, close to the smallest 64-bit float


def export_kgx(config: Config, folder: Path, progress: Progress = silent) -> tuple[int, int]:
    """Write `nodes.tsv` and `edges.tsv` to a new folder and return the numbers of nodes and edges.

    Raises UsageError for a folder that is not empty, GraphError if the graph changes meanwhile.
    """
    with open_graph(config, progress) as graph, new_folder(folder) as new, unchanged(graph):
        nodes = _write(new / "nodes.tsv", NODES, map(_node, _rows(node_pages(graph, progress))))
        edges = _write(new / "edges.tsv", EDGES, map(_edge, _rows(edge_pages(graph, progress))))
    return nodes, edges


def _rows(pages: Iterable[pl.DataFrame]) -> Iterator[dict[str, Any]]:
    for page in pages:
        yield from page.iter_rows(named=True)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    n = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            n += 1
    return n


def _node(row: Mapping[str, Any]) -> list[str]:
    synonyms = [*(row["synonyms"] or ()), *(row["other_synonyms"] or ())]
    return [
        curie(row["id"]),
        category(row["kind"]),
        _one_line(row["name"] or row["id"]),
        _one_line(row["description"] or ""),
        _joined(synonyms),
        _joined(map(curie, row["xrefs"] or ())),
        infores(row["source"]),
    ]


def _edge(row: Mapping[str, Any]) -> list[str]:
    stated = statement(row["type"])
    p = row["neg_log10_p"]
    return [
        f"{row['source']}:{row['key']}",
        curie(row["start"]),
        stated.predicate,
        curie(row["end"]),
        "biolink:Association",
        infores(row["source"]),
        stated.knowledge_level,
        stated.agent_type,
        "true" if stated.negated else "false",
        row["type"],
        f"PMID:{row['pubmed_id']}" if row["pubmed_id"] else "",
        "" if p is None else f"{10 ** -min(p, MAX_NEG_LOG10_P):.4g}",
    ]


def _joined(values: Iterable[str]) -> str:
    return SEPARATOR.join(_one_line(value).replace(SEPARATOR, "/") for value in values)


def _one_line(text: str) -> str:
    """The text without tabs and line breaks, which the format cannot quote."""
    return " ".join(text.split())
