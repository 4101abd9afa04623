"""One SNP told for one allele: which it is, and how a report of either allele is turned to it.

As `cypher/recipes/snp_effects.cypher` does: a test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generel_graph.graph import Graph

COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C"}
FIRST = "ASSOCIATED_WITH"  # whose reports choose the allele, where there are any


@dataclass(frozen=True, slots=True)
class Alleles:
    """The allele that an SNP's effects are told for, and its two alleles."""

    chosen: str | None  # None: no report names one
    pair: tuple[str, ...]  # both alleles; empty where nobody tells

    def on_strand(self, letter: str | None) -> str | None:
        """A report's letter on the strand of the pair, where the pair tells the strands apart."""
        if letter is None or not self._strand_is_told or letter in self.pair:
            return letter
        other = COMPLEMENT.get(letter)
        return other if other in self.pair else letter

    def sign(self, letter: str | None) -> int:
        """1 for a report of the chosen allele, −1 for one of the other, 0 where that is not told."""
        told = self.on_strand(letter)
        if told is None or self.chosen is None:
            return 0
        if told == self.chosen:
            return 1
        return -1 if told in self.pair and self.chosen in self.pair else 0

    @property
    def _strand_is_told(self) -> bool:
        return len(self.pair) == 2 and COMPLEMENT.get(self.pair[0]) != self.pair[1]


NO_ALLELES = Alleles(None, ())


def read_alleles(graph: Graph, snp: str) -> Alleles:
    """The alleles of an SNP of the graph: as its node says, else as a report with both says, else as all reports do."""
    rows = graph.rows("ask/list_alleles", snp=snp)
    some = [row for row in rows if row["type"] == FIRST] or rows
    if not some:
        return NO_ALLELES
    known = Alleles(None, _pair(some))
    times: Counter[str] = Counter()
    for row in some:
        times[known.on_strand(row["effect_allele"]) or ""] += row["reports"]
    chosen = min(times, key=lambda letter: (-times[letter], letter))
    return Alleles(chosen, known.pair)


def _pair(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    if len(rows[0]["alleles"] or ()) == 2:
        return tuple(rows[0]["alleles"])
    both = [(row["effect_allele"], row["other_allele"]) for row in rows if row["other_allele"] is not None]
    if both:
        return both[0]
    letters = sorted({row["effect_allele"] for row in rows})
    if len(letters) == 2 and COMPLEMENT.get(letters[0]) != letters[1]:
        return tuple(letters)
    return ()
