"""What asking needs of a trained model; who opens the session brings it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Values = NDArray[np.float64]


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

    def question(self, vectors: Vector, asked_kind: str, wanted_kind: str | None) -> tuple[Vector, float]:
        """The vectors [k, dimension] to search with for nodes of `wanted_kind`, and a constant > 0.

        `vectors` are those of nodes of `asked_kind`, or of texts (""). The score of a hit is the cosine of
        the question and its stored vector, divided by the constant: within −1 … 1.
        """

    def effects(self, pairs: Sequence[tuple[str, str]], traits: Mapping[str, Vector]) -> tuple[Values, Values] | None:
        """The |ln odds ratio| to expect of pairs of an SNP's and a trait's id, [p], and where it stands among the
        known ones, 0 … 100, [p]; None where the model knows of no effects.

        `traits`: the stored vectors of the traits, [dimension].
        """


Spaces = Callable[[str], Space]  # from a model's id to its space; raises ModelError where it is not to be had
