"""The demo: load the quick-start data without a fifth of its locus–disease pairs, and query the result."""

from generel_graph.demo.answers import Answers, answer
from generel_graph.demo.data import DemoProject, prepare

__all__ = ["Answers", "DemoProject", "answer", "prepare"]
