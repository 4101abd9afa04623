"""What queries need of a trained model: the `Space` protocol; the session provides an implementation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import NotFoundError

Vector = NDArray[np.float32]
Values = NDArray[np.float64]
SHOWN = 3  # genes named in a sentence
TRAINED, HELD_OUT, UNSEEN = "yes", "held out", "no"
UNKNOWN = "unknown"  # of imported models, and of models without a list of their training pairs


@dataclass(frozen=True, slots=True)
class Locus:
    """What the vector of an SNP that is not in the graph was computed from."""

    position: str  # "GRCh38:1:1034943"; "" if unknown
    genes: tuple[str, ...]  # symbols of genes near it, the nearest first
    snps: int  # number of SNPs of the graph near it
    regulates: tuple[str, ...]  # symbols of genes of its eQTL rows, the strongest first
    sources: tuple[str, ...]  # that state its position or have its eQTL rows

    def as_json(self) -> dict[str, Any]:
        """Plain values with stable keys."""
        return {
            "place": self.position,
            "genes": self.genes,
            "snps": self.snps,
            "regulates": self.regulates,
            "sources": self.sources,
        }

    def sentence(self) -> str:
        """The same in words."""
        parts = []
        if self.genes or self.snps:
            build, chromosome, position = self.position.split(":")[:3]
            near = " and ".join(filter(None, [_count(self.genes, "gene"), _number(self.snps, "SNP")]))
            parts.append(f"{near} near {chromosome}:{position} ({build})")
        if self.regulates:
            parts.append(f"{_count(self.regulates, 'gene')} of eQTL rows")
        sources = f", from {', '.join(self.sources)}" if self.sources else ""
        return f"its vector is from {' and '.join(parts)}{sources}"


@dataclass(frozen=True, slots=True)
class SnpVector:
    """The vector of an SNP that is not in the graph, laid out as a stored vector, and its locus."""

    vector: Vector  # [dimension]
    locus: Locus


@dataclass(frozen=True, slots=True)
class TrainingExposure:
    """Whether a model was trained on a pair of clusters."""

    answer: str  # TRAINED, HELD_OUT, UNSEEN or UNKNOWN
    tasks: tuple[str, ...]  # names of the tasks that trained on the pair or held it out
    edges: tuple[str, ...]  # the same answer for the two nodes of each edge


class Space(Protocol):
    """The space of one model: vectors of texts and SNPs, and query vectors."""

    @property
    def model_id(self) -> str:
        """The id that its `:Model` has in the graph."""

    @property
    def dimension(self) -> int:
        """Numbers in a stored vector."""

    def text_vectors(self, texts: Sequence[str]) -> Vector:
        """The vectors of texts, [k, dimension]."""

    def is_truncated(self, text: str) -> bool:
        """Whether a text is longer than the encoder reads."""

    def snp_vectors(self, snps: Sequence[str]) -> Mapping[str, SnpVector | NotFoundError]:
        """Vectors of SNPs not in the graph, by id (`rs…` or `build:chr:pos[:ref:alt]`); an error for one without."""

    def query_vectors(self, vectors: Vector, query_kind: str, hit_kind: str | None) -> tuple[Vector, float]:
        """The vectors [k, dimension] to search with for nodes of `hit_kind`, and a constant > 0.

        `vectors` are those of nodes of `query_kind`, or of texts (""). The score of a hit is the cosine of the query
        vector and its stored vector, divided by the constant: −1 … 1.
        """

    def effects(self, pairs: Sequence[tuple[str, str]], traits: Mapping[str, Vector]) -> tuple[Values, Values] | None:
        """The expected |ln odds ratio| of pairs of an SNP's and a trait's id, and its percentile.

        Both [p]; the percentile, 0 … 100, is among the known effects. None if the model has no effects.
        `traits`: the stored vectors of the traits, [dimension].
        """

    def training_exposure(
        self, left: Collection[str], right: Collection[str], edges: Sequence[tuple[str, str]]
    ) -> TrainingExposure:
        """Whether the model was trained on a pair of clusters, by the ids of their members.

        `edges`: the ids of the two nodes of each edge between them.
        """


Spaces = Callable[[str], Space]  # from a model's id to its space; raises ModelError if it is missing


def snp_vector(space: Space, snp: str) -> SnpVector:
    """The vector of one SNP that is not in the graph; raises NotFoundError if it has none."""
    vector = space.snp_vectors([snp])[snp]
    if isinstance(vector, NotFoundError):
        raise vector
    return vector


def _number(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}" if n else ""


def _count(names: Sequence[str], what: str) -> str:
    """ "3 genes (A, B, C)"; "" for none."""
    more = " …" if len(names) > SHOWN else ""
    return f"{_number(len(names), what)} ({', '.join(names[:SHOWN])}{more})" if names else ""
