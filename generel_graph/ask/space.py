"""What asking needs of a trained model; who opens the session brings it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import NotFoundError

Vector = NDArray[np.float32]
Values = NDArray[np.float64]
SHOWN = 3  # genes that a sentence names
TRAINED, HELD_OUT, UNSEEN = "yes", "held out", "no"
UNKNOWN = "unknown"  # of vectors made elsewhere


@dataclass(frozen=True, slots=True)
class Locus:
    """What an SNP that is no node was placed from."""

    place: str  # "GRCh38:1:1034943"; "" where nobody says it
    genes: tuple[str, ...]  # symbols of genes near it, the nearest first
    snps: int  # of the graph, near it
    regulates: tuple[str, ...]  # symbols of genes of its eQTL rows, the strongest first
    sources: tuple[str, ...]  # that say where it is, or have its eQTL rows

    def sentence(self) -> str:
        """The same in words."""
        parts = []
        if self.genes or self.snps:
            build, chromosome, position = self.place.split(":")[:3]
            near = " and ".join(filter(None, [_count(self.genes, "gene"), _number(self.snps, "SNP")]))
            parts.append(f"{near} near {chromosome}:{position} ({build})")
        if self.regulates:
            parts.append(f"{_count(self.regulates, 'gene')} of eQTL rows")
        said = f", from {', '.join(self.sources)}" if self.sources else ""
        return f"placed from {' and '.join(parts)}{said}"


@dataclass(frozen=True, slots=True)
class SnpVector:
    """Where an SNP that is no node lies in the space, in the form of a stored vector, and why there."""

    vector: Vector  # [dimension]
    locus: Locus


@dataclass(frozen=True, slots=True)
class TrainingExposure:
    """Whether a model was trained on a pair of clusters."""

    answer: str  # TRAINED, HELD_OUT, UNSEEN or UNKNOWN
    tasks: tuple[str, ...]  # names of the tasks that trained on the pair or held it out
    edges: tuple[str, ...]  # the same answer for the two nodes of each edge


class Space(Protocol):
    """One model's space: where texts lie in it, and how a question is put to it."""

    @property
    def model_id(self) -> str:
        """The id that its `:Model` has in the graph."""

    @property
    def dimension(self) -> int:
        """Numbers in a stored vector."""

    def text_vectors(self, texts: Sequence[str]) -> Vector:
        """Place texts in the space, [k, dimension]."""

    def is_truncated(self, text: str) -> bool:
        """Whether a text is longer than the encoder reads."""

    def snp_vectors(self, snps: Sequence[str]) -> Mapping[str, SnpVector | NotFoundError]:
        """Place SNPs that are no nodes, by id (`rs…` or `build:chr:pos[:ref:alt]`); or say why one cannot be."""

    def query_vectors(self, vectors: Vector, asked_kind: str, wanted_kind: str | None) -> tuple[Vector, float]:
        """The vectors [k, dimension] to search with for nodes of `wanted_kind`, and a constant > 0.

        `vectors` are those of nodes of `asked_kind`, or of texts (""). The score of a hit is the cosine of
        the question and its stored vector, divided by the constant: within −1 … 1.
        """

    def effects(self, pairs: Sequence[tuple[str, str]], traits: Mapping[str, Vector]) -> tuple[Values, Values] | None:
        """The |ln odds ratio| to expect of pairs of an SNP's and a trait's id, [p], and where it stands among the
        known ones, 0 … 100, [p]; None where the model knows of no effects.

        `traits`: the stored vectors of the traits, [dimension].
        """

    def training_exposure(
        self, left: Collection[str], right: Collection[str], edges: Sequence[tuple[str, str]]
    ) -> TrainingExposure:
        """Whether the model was trained on a pair of clusters, by the ids of their members.

        `edges`: the ids of the two nodes of each edge between them.
        """


Spaces = Callable[[str], Space]  # from a model's id to its space; raises ModelError where it is not to be had


def placed(space: Space, snp: str) -> SnpVector:
    """Place one SNP that is no node; raises NotFoundError where it cannot be placed."""
    found = space.snp_vectors([snp])[snp]
    if isinstance(found, NotFoundError):
        raise found
    return found


def _number(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}" if n else ""


def _count(names: Sequence[str], what: str) -> str:
    """ "3 genes (A, B, C)"; nothing for none."""
    more = " …" if len(names) > SHOWN else ""
    return f"{_number(len(names), what)} ({', '.join(names[:SHOWN])}{more})" if names else ""
