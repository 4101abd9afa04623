"""The SNPs of a genomic interval with their reports of one disease, their cosine to it, and the genes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generel_etl.errors import NotFoundError, UsageError
from generel_graph.ask.entity_linking import link
from generel_graph.ask.pinned_model import PinnedModel, Vectors, pinned_with, stored_vectors
from generel_graph.ask.similarity import cosines
from generel_graph.ask.space import Spaces
from generel_graph.graph import Graph

if TYPE_CHECKING:
    import pandas as pd

WINDOW = 500_000  # base pairs to each side
COLUMNS = (
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
NOTE = (
    "The cosine measures similarity in the embedding space. It is not fine-mapping and does not identify causal SNPs."
)


@dataclass(frozen=True, slots=True)
class LocusResult:
    """A window around an SNP, with the reports of a disease."""

    snp: str
    disease: str  # its name
    disease_id: str  # of the cluster's representative
    kinds_below: int  # other concepts that are subtypes of it, whose reports count as its own
    build: str  # of the SNP; SNPs of other builds are left out
    chromosome: str
    first: int
    last: int
    rows: tuple[Mapping[str, Any], ...]  # one per SNP, by position; keys: COLUMNS
    genes: tuple[Mapping[str, Any], ...]  # id, name, first, last, snps; the span of the gene's SNPs, not of the gene
    other_builds: int  # SNPs of other builds at these positions
    ld: bool  # whether the LD of another SNP with this one is known
    model: str  # id of the model that answered

    @property
    def position(self) -> int:
        """The position of the SNP."""
        return next(int(row["position"]) for row in self.rows if row["id"] == self.snp)

    def facts(self) -> dict[str, Any]:
        """Everything but the rows: the keys of `as_json` without `snps`."""
        return {
            "snp": self.snp,
            "disease": self.disease,
            "disease_id": self.disease_id,
            "kinds_below": self.kinds_below,
            "build": self.build,
            "chromosome": self.chromosome,
            "first": self.first,
            "last": self.last,
            "genes": self.genes,
            "other_builds": self.other_builds,
            "ld": self.ld,
            "model": self.model,
            "position": self.position,
            "note": NOTE,
        }

    def as_json(self) -> dict[str, Any]:
        """Plain values with stable keys."""
        return {**self.facts(), "snps": [dict(row) for row in self.rows]}

    def frame(self) -> pd.DataFrame:
        """The SNPs as a pandas frame; `attrs` has the other keys of `as_json`."""
        import pandas as pd

        frame = pd.DataFrame(self.rows, columns=list(COLUMNS))
        frame.attrs.update(self.facts())
        return frame


def locus(graph: Graph, spaces: Spaces, snp: str, disease: str, window: int = WINDOW) -> LocusResult:
    """The SNPs within `window` base pairs of one, each with its strongest report of a disease and its cosine to it.

    Reports of subtypes of the disease (IS_A) count. Raises UsageError if `snp` names no SNP or the window is empty,
    NotFoundError for an SNP or disease that is not in the graph, or an SNP without a position.
    """
    if window < 1:
        raise UsageError("a window is a number of base pairs", where="--window", found=window, valid=["1 or more"])
    index, position = _snp(graph, snp)
    trait, name = _trait(graph, disease)
    subtypes = graph.row("ask/list_below", cluster=trait)["ids"]
    interval = {"chromosome": position["chromosome"], "from": max(1, position["position"] - window)}
    interval["to"] = position["position"] + window
    in_all_builds = graph.rows("ask/list_region", snp=index, traits=subtypes, **interval)
    rows = [row for row in in_all_builds if row["build"] == position["build"]]
    ids = [row["id"] for row in rows]
    scores, model = pinned_with(graph, [trait], lambda m, own: (_cosines(graph, m, spaces, ids, trait, own), m.id))
    scored = [{**row, "cosine": cosine} for row, cosine in zip(rows, scores, strict=True)]
    return LocusResult(
        index,
        name,
        trait,
        len(subtypes) - 1,
        position["build"],
        position["chromosome"],
        interval["from"],
        interval["to"],
        tuple({column: row[column] for column in COLUMNS} for row in scored),
        tuple(graph.rows("ask/list_region_genes", build=position["build"], **interval)),
        len(in_all_builds) - len(rows),
        any(row["r2"] is not None for row in rows if row["id"] != index),
        model,
    )


def _snp(graph: Graph, text: str) -> tuple[str, Mapping[str, Any]]:
    """The id of the SNP that a text names, and its position."""
    snp = link(graph, text)
    if snp.id is None or snp.kind != "SNP":
        raise UsageError("a locus is around an SNP", found=text, next_step="give an rsID, or build:chromosome:position")
    position = graph.row("ask/get_position", id=snp.id)
    if position["position"] is None:
        raise NotFoundError(
            "no source states the position of this SNP",
            found=snp.id,
            next_step="load a table that has it, with its build",
        )
    return snp.id, position


def _trait(graph: Graph, text: str) -> tuple[str, str]:
    """Id and name of the concept that a text names."""
    trait = link(graph, text)
    if trait.id is None or trait.kind == "SNP":
        raise NotFoundError(
            "this names no disease, trait or other concept of the graph",
            where="--disease",
            found=text,
            next_step=f"search for its name: generel-graph search {text!r} --kind Disease",
        )
    return trait.id, trait.name or trait.id


def _cosines(
    graph: Graph, model: PinnedModel, spaces: Spaces, snps: Sequence[str], trait: str, own: Vectors
) -> list[float | None]:
    """The score of each SNP with the trait; `own` has the vector of the trait. None for an SNP without a vector."""
    vectors = stored_vectors(graph, model, snps)
    return cosines(spaces(model.id), vectors | own, snps, [trait] * len(snps))
