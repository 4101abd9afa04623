"""From what is resolved to the graph: the difference alone, by bulk import or in batches."""

from generel_graph.load.batches import load_batches
from generel_graph.load.bulk import load_bulk
from generel_graph.load.digests import deep_digest, digest_of, graph_digest
from generel_graph.load.lease import lease
from generel_graph.load.report import LoadReport

__all__ = ["LoadReport", "deep_digest", "digest_of", "graph_digest", "lease", "load_batches", "load_bulk"]
