"""Paths between two clusters, ranked by degree-weighted path counts of their metapaths (Himmelstein 2015, 2017).

A step along an edge of a type weighs `weight · (d_start · d_end)^−w`, d the number of clusters that its ends are
joined to by that type in that direction, w = .4; a path the product of its steps, a metapath the sum of its paths. So
what goes through a hub weighs little, however short it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from generel_graph.ask.explain.neighbourhood import DAMPING, Around, Way, back

ARROWS = {1: ("—", "→"), -1: ("←", "—"), 0: ("—", "—")}


@dataclass(frozen=True, slots=True)
class RankedPath:
    """One path: the clusters between the ends, and what it weighs."""

    between: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Metapath:
    """All paths whose steps are of the same ways between the same kinds."""

    ways: tuple[Way, ...]
    kinds: tuple[str, ...]  # of the ends and what is between
    score: float  # the degree-weighted path count
    count: int
    paths: tuple[RankedPath, ...]  # best first

    def words(self) -> str:
        """ "SNP —LOCATED_IN→ Gene ←TARGETS— Drug"."""
        said = self.kinds[0]
        for (type_, direction), kind in zip(self.ways, self.kinds[1:], strict=True):
            tail, head = ARROWS[direction]
            said += f" {tail}{type_}{head} {kind}"
        return said


def metapaths(around: Around, ends: tuple[str, str], kinds: tuple[str, str]) -> list[Metapath]:
    """All metapaths of two and three steps from one end to the other, best first; `kinds` of the ends."""
    found: dict[tuple[tuple[Way, ...], tuple[str, ...]], dict[tuple[str, ...], float]] = {}
    for between, ways, score in _paths(around, ends):
        key = ways, (kinds[0], *map(around.kind, between), kinds[1])
        found.setdefault(key, {})[between] = score
    ranked = [Metapath(ways, of, sum(some.values()), len(some), _best(some)) for (ways, of), some in found.items()]
    return sorted(ranked, key=lambda m: (-m.score, m.kinds, m.ways))


def shared(around: Around, ends: tuple[str, str]) -> list[RankedPath]:
    """The clusters that both are joined to, by the sum of what the ways over them weigh, best first."""
    found: dict[tuple[str, ...], float] = {}
    for between, _, score in _twos(around, ends):
        found[between] = found.get(between, 0.0) + score
    return list(_best(found))


def _best(paths: Mapping[tuple[str, ...], float]) -> tuple[RankedPath, ...]:
    return tuple(RankedPath(b, s) for b, s in sorted(paths.items(), key=lambda item: (-item[1], item[0])))


def _paths(around: Around, ends: tuple[str, str]) -> Iterator[tuple[tuple[str, ...], tuple[Way, ...], float]]:
    yield from _twos(around, ends)
    yield from _threes(around, ends)


def _twos(around: Around, ends: tuple[str, str]) -> Iterator[tuple[tuple[str, ...], tuple[Way, ...], float]]:
    a, b = ends
    for x in around.left.ways.keys() & around.right.ways.keys() - {a, b}:
        for (one, first), (other, last) in product(around.left.ways[x].items(), around.right.ways[x].items()):
            score = _step(around, a, one, x, first) * _step(around, x, back(other), b, last)
            yield (x,), (one, back(other)), score


def _threes(around: Around, ends: tuple[str, str]) -> Iterator[tuple[tuple[str, ...], tuple[Way, ...], float]]:
    a, b = ends
    for (x, y), middle in around.joins.items():
        starts = [(one, _step(around, a, one, x, weight)) for one, weight in around.left.ways[x].items()]
        finals = [(back(w), _step(around, y, back(w), b, weight)) for w, weight in around.right.ways[y].items()]
        for step, weight in middle.items():
            through = _step(around, x, step, y, weight)
            for (one, first), (other, last) in product(starts, finals):
                yield (x, y), (one, step, other), first * through * last


def _step(around: Around, start: str, step: Way, end: str, weight: float) -> float:
    return float(weight * (around.degree(start, step) * around.degree(end, back(step))) ** -DAMPING)
