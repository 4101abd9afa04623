"""Evaluation: test pairs that a model was not trained on, baselines without training, and the results."""

from generel_graph.evaluate.baselines import SPACE, Embedded, methods
from generel_graph.evaluate.effects import cohort_test, later_effects, without_half
from generel_graph.evaluate.held_out import HeldOut
from generel_graph.evaluate.later import later_tests
from generel_graph.evaluate.pairs import pair_benchmarks
from generel_graph.evaluate.report import Benchmark, Scored, pool

__all__ = [
    "SPACE",
    "Benchmark",
    "Embedded",
    "HeldOut",
    "Scored",
    "cohort_test",
    "later_effects",
    "later_tests",
    "methods",
    "pair_benchmarks",
    "pool",
    "without_half",
]
