"""From what is resolved to the graph: the difference alone, by bulk import or in batches."""

from generel_graph.load.batches import LoadReport, load_batches
from generel_graph.load.bulk import load_bulk

__all__ = ["LoadReport", "load_batches", "load_bulk"]
