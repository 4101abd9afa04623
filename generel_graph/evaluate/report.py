"""The results of all methods on all tests, pooled over periods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from generel_graph.evaluate.held_out import HeldOut
from generel_graph.metrics import Result, Values, compare


@dataclass(frozen=True, slots=True)
class Scored:
    """A test and each method's scores of its pairs, the space first."""

    test: HeldOut
    scores: Mapping[str, Values]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One test with one kind of negatives, and the results of each method."""

    name: str
    measure: str
    negatives: str
    n: int  # true pairs; of `spearman` all pairs
    groups: int  # the papers of the pairs, which the bootstrap draws
    results: tuple[Result, ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON values; NaN is null."""
        return {
            "name": self.name,
            "measure": self.measure,
            "negatives": self.negatives,
            "n": self.n,
            "groups": self.groups,
            "results": [_result_json(result) for result in self.results],
        }


def _result_json(result: Result) -> dict[str, Any]:
    values = {
        "method": result.method,
        "value": result.value,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "ahead": result.ahead,
        "ahead_low": result.ahead_low,
        "ahead_high": result.ahead_high,
    }
    return {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in values.items()}


def pool(scored: Iterable[Scored], draws: int, seed: int) -> list[Benchmark]:
    """Pool the periods of each test and compare the methods on it.

    Each period has a model of its own, so a measure is computed within the period and averaged, weighted by the number
    of true pairs.
    """
    by_test: dict[tuple[str, str], list[Scored]] = {}
    for each in scored:
        by_test.setdefault((each.test.name, each.test.negatives), []).append(each)
    benchmarks = []
    for (name, negatives), parts in by_test.items():
        truth = np.concatenate([s.test.truth for s in parts])
        papers = np.concatenate([s.test.papers for s in parts])
        periods = np.concatenate([s.test.period for s in parts])
        scores = {method: np.concatenate([s.scores[method] for s in parts]) for method in parts[0].scores}
        for measure in parts[0].test.measures:
            results = compare(measure, scores, truth, papers, strata=periods, draws=draws, seed=seed)
            benchmarks.append(
                Benchmark(
                    name=name,
                    measure=measure,
                    negatives=negatives,
                    n=len(truth) if measure == "spearman" else int(truth.sum()),
                    groups=len(np.unique(papers)),
                    results=tuple(results),
                )
            )
    return benchmarks
