"""Figures of all methods on all tests, pooled over periods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from generel_graph.evaluate.later import HeldOut
from generel_graph.metrics import Result, Values, compare


@dataclass(frozen=True, slots=True)
class Scored:
    """A test and each method's scores of its pairs, ours first."""

    tests: HeldOut
    scores: Mapping[str, Values]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One test with one kind of negatives, and what each method came to."""

    name: str
    measure: str
    negatives: str
    n: int  # true pairs; of `spearman` all pairs
    groups: int  # papers that they come from: what the bootstrap draws
    results: tuple[Result, ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON values; NaN is null."""
        told = asdict(self)
        told["results"] = [
            {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in result.items()}
            for result in told["results"]
        ]
        return told


def pool(scored: Iterable[Scored], draws: int, seed: int) -> list[Benchmark]:
    """Put the periods of each test together and compare the methods there.

    A measure is taken inside a period, since each has a model of its own, and averaged by true pairs.
    """
    parts: dict[tuple[str, str], list[Scored]] = {}
    for each in scored:
        parts.setdefault((each.tests.name, each.tests.negatives), []).append(each)
    made = []
    for (name, negatives), some in parts.items():
        truth = np.concatenate([s.tests.truth for s in some])
        papers = np.concatenate([s.tests.papers for s in some])
        periods = np.concatenate([s.tests.period for s in some])
        scores = {method: np.concatenate([s.scores[method] for s in some]) for method in some[0].scores}
        for measure in some[0].tests.measures:
            results = compare(measure, scores, truth, papers, strata=periods, draws=draws, seed=seed)
            made.append(
                Benchmark(
                    name=name,
                    measure=measure,
                    negatives=negatives,
                    n=len(truth) if measure == "spearman" else int(truth.sum()),
                    groups=len(np.unique(papers)),
                    results=tuple(results),
                )
            )
    return made
