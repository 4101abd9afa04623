"""The quick start: a small data set of the project's own, a fifth of it hidden, and questions to all of it."""

from generel_graph.demo.answers import Answers, answer
from generel_graph.demo.data import DemoProject, prepare

__all__ = ["Answers", "DemoProject", "answer", "prepare"]
