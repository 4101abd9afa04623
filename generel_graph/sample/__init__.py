"""From the graph to what is learnt from: training pairs by Cypher, a file a task, read in columns."""

from generel_graph.sample.corpus import corpus_name, read_corpus, sampling
from generel_graph.sample.kept import keep, read_kept, read_kept_nodes
from generel_graph.sample.provenance import read_provenance
from generel_graph.sample.reports import read_reports
from generel_graph.sample.tasks import TASKS, Task, chosen

__all__ = [
    "TASKS",
    "Task",
    "chosen",
    "corpus_name",
    "keep",
    "read_corpus",
    "read_kept",
    "read_kept_nodes",
    "read_provenance",
    "read_reports",
    "sampling",
]
