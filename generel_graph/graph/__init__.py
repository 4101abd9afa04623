"""The way to Neo4j: connect, capabilities, Cypher files, batches, columnar reads."""

from generel_graph.graph.capabilities import FORMS, Capabilities
from generel_graph.graph.connect import Graph

__all__ = ["FORMS", "Capabilities", "Graph"]
