"""One SNP per locus: of SNPs near each other on a chromosome, the best one."""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Iterable
from typing import Protocol, TypeVar

from generel_etl.parsing.association_stats import MHC

LOCUS_WINDOW = 250_000  # base pairs to each side


class HasPosition(Protocol):
    """Something with a position on a chromosome, or none ("" and 0)."""

    @property
    def chromosome(self) -> str:
        """As "6" or "X"; "" for a concept, or an SNP without a known position."""

    @property
    def position(self) -> int:
        """Base pairs from 1; 0 for none."""


T = TypeVar("T", bound=HasPosition)


def apart(ranked: Iterable[T]) -> list[T]:
    """The items farther than LOCUS_WINDOW from every better one, best first, and all items without a position."""
    chosen: list[T] = []
    chosen_positions: dict[str, list[int]] = {}
    for item in ranked:
        if item.chromosome and item.position:
            positions = chosen_positions.setdefault(item.chromosome, [])
            position = _folded(item)
            index = bisect(positions, position)
            if any(abs(position - near) <= LOCUS_WINDOW for near in positions[max(index - 1, 0) : index + 1]):
                continue
            insort(positions, position)
        chosen.append(item)
    return chosen


def _folded(item: HasPosition) -> int:
    """The position; within the MHC, where LD extends over the entire region, that of its middle."""
    first, last = MHC
    inside = item.chromosome == "6" and first <= item.position <= last
    return (first + last) // 2 if inside else item.position
