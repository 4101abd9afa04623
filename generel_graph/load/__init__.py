"""Load the resolved sources into the graph: the complete graph by bulk import, or the difference in batches."""

from generel_graph.load.batches import LoadReport, load_batches
from generel_graph.load.bulk import load_bulk

__all__ = ["LoadReport", "load_batches", "load_bulk"]
