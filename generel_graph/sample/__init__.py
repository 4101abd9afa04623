"""From the graph to what is learnt from: training pairs by Cypher, a file a task, read in columns."""

from generel_graph.sample.corpus import read_corpus
from generel_graph.sample.reports import read_reports
from generel_graph.sample.tasks import TASKS, Task, chosen

__all__ = ["TASKS", "Task", "chosen", "read_corpus", "read_reports"]
