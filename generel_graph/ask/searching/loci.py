"""One SNP a locus: of those near each other on a chromosome, the nearest to the question."""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Iterable
from typing import Protocol, TypeVar

WINDOW = 250_000  # base pairs to either side
MHC = ("6", 25_000_000, 34_000_000)  # where everything is in LD with everything: one locus


class Placed(Protocol):
    """What has a place on a chromosome, or none ("" and 0)."""

    @property
    def chromosome(self) -> str:
        """As "6" or "X"; "" for a concept, or an SNP whose place nobody says."""

    @property
    def position(self) -> int:
        """Base pairs from 1; 0 for none."""


T = TypeVar("T", bound=Placed)


def apart(ranked: Iterable[T]) -> list[T]:
    """Those of `ranked`, best first, that lie farther than WINDOW from every better one; what has no place stays."""
    kept: list[T] = []
    taken: dict[str, list[int]] = {}
    for item in ranked:
        if item.chromosome and item.position:
            places = taken.setdefault(item.chromosome, [])
            position = _folded(item)
            at = bisect(places, position)
            if any(abs(position - near) <= WINDOW for near in places[max(at - 1, 0) : at + 1]):
                continue
            insort(places, position)
        kept.append(item)
    return kept


def _folded(item: Placed) -> int:
    """The position, that of the MHC's middle for all within it."""
    chromosome, first, last = MHC
    inside = item.chromosome == chromosome and first <= item.position <= last
    return (first + last) // 2 if inside else item.position
