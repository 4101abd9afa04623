"""Paths between two clusters, ranked by degree-weighted path counts of their metapaths (Himmelstein 2015, 2017).

The score of a step is `weight · (d_start · d_end)^−w`, where d is the number of clusters that its endpoints are joined
to by that type in that direction, and w = 0.4. The score of a path is the product of its steps, that of a metapath the
sum of its paths. A path through a hub therefore has a low score, even if it is short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from generel_graph.ask.explain.neighbourhood import DAMPING, PairNeighbourhood, Step, reverse

ScoredPath = tuple[tuple[str, ...], tuple[Step, ...], float]  # clusters between the endpoints, steps, score
ARROWS = {1: ("—", "→"), -1: ("←", "—"), 0: ("—", "—")}


@dataclass(frozen=True, slots=True)
class RankedPath:
    """One path: the clusters between the endpoints, and its score."""

    between: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Metapath:
    """All paths with the same steps between the same kinds."""

    steps: tuple[Step, ...]
    kinds: tuple[str, ...]  # of the endpoints and of the clusters between them
    score: float  # the degree-weighted path count
    count: int
    paths: tuple[RankedPath, ...]  # best first

    def words(self) -> str:
        """ "SNP —LOCATED_IN→ Gene ←TARGETS— Drug"."""
        words = self.kinds[0]
        for (type_, direction), kind in zip(self.steps, self.kinds[1:], strict=True):
            tail, head = ARROWS[direction]
            words += f" {tail}{type_}{head} {kind}"
        return words


def rank_metapaths(around: PairNeighbourhood, endpoints: tuple[str, str], kinds: tuple[str, str]) -> list[Metapath]:
    """All metapaths of two and three steps from one endpoint to the other, best first; `kinds`: of the endpoints."""
    groups: dict[tuple[tuple[Step, ...], tuple[str, ...]], dict[tuple[str, ...], float]] = {}
    for between, steps, score in _paths(around, endpoints):
        key = steps, (kinds[0], *map(around.kind, between), kinds[1])
        groups.setdefault(key, {})[between] = score
    metapaths = [
        Metapath(steps, of, sum(scores.values()), len(scores), _ranked(scores))
        for (steps, of), scores in groups.items()
    ]
    return sorted(metapaths, key=lambda m: (-m.score, m.kinds, m.steps))


def rank_shared(around: PairNeighbourhood, endpoints: tuple[str, str]) -> list[RankedPath]:
    """The shared neighbours of both endpoints, by the sum of the scores of the paths through them, best first."""
    scores: dict[tuple[str, ...], float] = {}
    for between, _, score in _two_steps(around, endpoints):
        scores[between] = scores.get(between, 0.0) + score
    return list(_ranked(scores))


def _ranked(paths: Mapping[tuple[str, ...], float]) -> tuple[RankedPath, ...]:
    return tuple(RankedPath(b, s) for b, s in sorted(paths.items(), key=lambda item: (-item[1], item[0])))


def _paths(around: PairNeighbourhood, endpoints: tuple[str, str]) -> Iterator[ScoredPath]:
    yield from _two_steps(around, endpoints)
    yield from _three_steps(around, endpoints)


def _two_steps(around: PairNeighbourhood, endpoints: tuple[str, str]) -> Iterator[ScoredPath]:
    a, b = endpoints
    for x in around.left.steps.keys() & around.right.steps.keys() - {a, b}:
        for (one, first), (other, last) in product(around.left.steps[x].items(), around.right.steps[x].items()):
            score = _step_score(around, a, one, x, first) * _step_score(around, x, reverse(other), b, last)
            yield (x,), (one, reverse(other)), score


def _three_steps(around: PairNeighbourhood, endpoints: tuple[str, str]) -> Iterator[ScoredPath]:
    a, b = endpoints
    for (x, y), middle in around.joins.items():
        starts = [(one, _step_score(around, a, one, x, weight)) for one, weight in around.left.steps[x].items()]
        finals = [
            (reverse(w), _step_score(around, y, reverse(w), b, weight)) for w, weight in around.right.steps[y].items()
        ]
        for step, weight in middle.items():
            through = _step_score(around, x, step, y, weight)
            for (one, first), (other, last) in product(starts, finals):
                yield (x, y), (one, step, other), first * through * last


def _step_score(around: PairNeighbourhood, start: str, step: Step, end: str, weight: float) -> float:
    return float(weight * (around.degree(start, step) * around.degree(end, reverse(step))) ** -DAMPING)
