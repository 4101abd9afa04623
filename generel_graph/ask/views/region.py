"""What is known of a stretch of the genome about one disease: its SNPs, their nearness to it, and their genes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generel_etl.errors import NotFoundError, UsageError
from generel_graph.ask.entity_linking import link
from generel_graph.ask.pinned_model import PinnedModel, Vectors, pinned_with, stored_vectors
from generel_graph.ask.similarity import cosines
from generel_graph.ask.space import Spaces
from generel_graph.graph import Graph

WINDOW = 500_000  # base pairs to either side
REGION_COLUMNS = (
    "id",
    "position",
    "neg_log10_p",
    "trait",
    "study",
    "pubmed_id",
    "reports",
    "r2",
    "posterior",
    "cosine",
)
NOTE = "Cosine is nearness in the learnt space, not fine-mapping: it does not tell which SNP is causal."


@dataclass(frozen=True, slots=True)
class Region:
    """A window around an SNP, seen from a disease."""

    snp: str
    disease: str  # its name
    disease_id: str  # of the cluster's representative
    kinds_below: int  # other concepts that are kinds of it, whose reports count as its own
    build: str  # that of the SNP: the only one that is shown
    chromosome: str
    first: int
    last: int
    rows: tuple[Mapping[str, Any], ...]  # an SNP each, by position; columns: REGION_COLUMNS
    genes: tuple[Mapping[str, Any], ...]  # id, name, first, last, snps: spans of SNPs, not of genes
    other_builds: int  # SNPs of other builds at these positions, which are left out
    ld: bool  # whether LD to the SNP is known of another one here
    model: str  # id of the model that answered


def region(graph: Graph, spaces: Spaces, snp: str, disease: str, window: int = WINDOW) -> Region:
    """The SNPs within `window` base pairs of one, each with its strongest report of a disease and its cosine to it.

    Reports of kinds of the disease (IS_A) count. Raises UsageError if `snp` is none or the window is empty,
    NotFoundError for an SNP or disease that is no node, or an SNP without a place.
    """
    if window < 1:
        raise UsageError("a window is a number of base pairs", where="--window", found=window, valid=["1 or more"])
    index, place = _snp(graph, snp)
    trait, name = _trait(graph, disease)
    below = graph.row("ask/list_below", cluster=trait)["ids"]
    at = {"chromosome": place["chromosome"], "from": max(1, place["position"] - window)}
    at["to"] = place["position"] + window
    found = graph.rows("ask/list_region", snp=index, traits=below, **at)
    rows = [row for row in found if row["build"] == place["build"]]
    ids = [row["id"] for row in rows]
    nearness, model = pinned_with(graph, [trait], lambda m, own: (_cosines(graph, m, spaces, ids, trait, own), m.id))
    shown = [{**row, "cosine": cosine} for row, cosine in zip(rows, nearness, strict=True)]
    return Region(
        index,
        name,
        trait,
        len(below) - 1,
        place["build"],
        place["chromosome"],
        at["from"],
        at["to"],
        tuple({column: row[column] for column in REGION_COLUMNS} for row in shown),
        tuple(graph.rows("ask/list_region_genes", build=place["build"], **at)),
        len(found) - len(rows),
        any(row["r2"] is not None for row in rows if row["id"] != index),
        model,
    )


def _snp(graph: Graph, text: str) -> tuple[str, Mapping[str, Any]]:
    """The id of the SNP that a text names, and its place."""
    found = link(graph, text)
    if found.id is None or found.kind != "SNP":
        raise UsageError(
            "a region is around an SNP", found=text, next_step="give an rsID, or build:chromosome:position"
        )
    place = graph.row("ask/get_position", id=found.id)
    if place["position"] is None:
        raise NotFoundError(
            "no source says where this SNP lies", found=found.id, next_step="load a table that has it, with its build"
        )
    return found.id, place


def _trait(graph: Graph, text: str) -> tuple[str, str]:
    """Id and name of the concept that a text names."""
    found = link(graph, text)
    if found.id is None or found.kind == "SNP":
        raise NotFoundError(
            "this names no disease, trait or other concept of the graph",
            where="--disease",
            found=text,
            next_step=f"see what it may be called: generel-graph search {text!r} --kind Disease",
        )
    return found.id, found.name or found.id


def _cosines(
    graph: Graph, model: PinnedModel, spaces: Spaces, snps: Sequence[str], trait: str, own: Vectors
) -> list[float | None]:
    """The score of each SNP with the trait, whose `own` vector it is; None for one without a vector."""
    vectors = stored_vectors(graph, model, snps)
    return cosines(spaces(model.id), vectors | own, snps, [trait] * len(snps))
