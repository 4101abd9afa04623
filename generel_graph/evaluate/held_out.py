"""A held-out test: true pairs and negatives, or pairs with a value each; and drawing the negatives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from generel_graph.corpus.arrays import is_in_sorted
from generel_graph.metrics import BY_RANK

MAX_DRAWS = 8  # times that a negative is drawn again because a paper reports it
Ids = NDArray[np.int64]
Drawn = tuple[Ids, Ids, Ids]  # of each negative: the row of its true pair, left node, right node


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One test with one kind of negatives: pairs of clusters, true or negative; or pairs with a value each."""

    name: str
    negatives: str  # how the negatives were drawn
    left: Ids  # [n], nodes
    right: Ids  # [n]
    truth: NDArray[np.float64]  # [n], 1 and 0, or the values
    papers: Ids  # [n], of the pair, or of the true pair that a negative was made from
    period: Ids  # [n]
    measures: tuple[str, ...] = BY_RANK


def held_out_test(
    name: str,
    negatives: str,
    left: Ids,
    right: Ids,
    papers: Ids,
    drawn: Drawn,
    period: int,
    measures: tuple[str, ...] = BY_RANK,
) -> HeldOut:
    """A test of true pairs (`left`, `right`, [p]) and their drawn negatives."""
    rows, other_left, other_right = drawn
    truth = np.r_[np.ones(len(left)), np.zeros(len(rows))]
    return HeldOut(
        name=name,
        negatives=negatives,
        left=np.concatenate([left, other_left]),
        right=np.concatenate([right, other_right]),
        truth=truth,
        papers=np.concatenate([papers, papers[rows]]),
        period=np.full(len(truth), period, dtype=np.int64),
        measures=measures,
    )


def draw_negatives(
    rng: np.random.Generator,
    left: Ids,
    right: Ids,
    *,
    side: int,
    pool: Ids,
    weight: Ids | None,
    per_pair: int,
    excluded: Ids,
    n: int,
) -> Drawn:
    """Draw `per_pair` negatives for each true pair by replacing its left (side 0) or right node (side 1).

    `pool` [k]: the candidates; `weight` [k]: drawn in proportion to it, None: uniformly. `excluded`: sorted keys
    left · n + right of pairs that are no negatives. A drawn pair among them is drawn again, up to MAX_DRAWS times; a
    true pair whose draws all fail has fewer negatives.
    """
    probabilities: NDArray[np.float64] | None = None if weight is None else weight / weight.sum()
    rows = np.repeat(np.arange(len(left)), per_pair)
    others = np.full(len(rows), -1, dtype=np.int64)
    pending = np.arange(len(rows))
    for _ in range(MAX_DRAWS):
        drawn = rng.choice(pool, size=len(pending), p=probabilities)
        row = rows[pending]
        key = drawn * n + right[row] if side == 0 else left[row] * n + drawn
        accepted = ~is_in_sorted(excluded, key)
        others[pending[accepted]] = drawn[accepted]
        pending = pending[~accepted]
        if not len(pending):
            break
    filled = others >= 0
    rows, others = rows[filled], others[filled]
    return (rows, others, right[rows]) if side == 0 else (rows, left[rows], others)


def days(day: date) -> int:
    """Days since 1970-01-01, the unit of the dates of reports."""
    return (day - date(1970, 1, 1)).days
