"""One SNP a locus: of those near each other on a chromosome, the nearest to the question."""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Iterable
from typing import Protocol, TypeVar

from generel_etl.parsing.association_stats import MHC

WINDOW = 250_000  # base pairs to either side


class HasPosition(Protocol):
    """What has a place on a chromosome, or none ("" and 0)."""

    @property
    def chromosome(self) -> str:
        """As "6" or "X"; "" for a concept, or an SNP whose place nobody says."""

    @property
    def position(self) -> int:
        """Base pairs from 1; 0 for none."""


T = TypeVar("T", bound=HasPosition)


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


def _folded(item: HasPosition) -> int:
    """The position; within the MHC, where everything is in LD with everything, that of its middle."""
    first, last = MHC
    inside = item.chromosome == "6" and first <= item.position <= last
    return (first + last) // 2 if inside else item.position
