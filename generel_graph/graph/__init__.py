"""The way to Neo4j: connect, capabilities, Cypher files, batches, columnar reads."""

from generel_graph.graph.capabilities import Capabilities
from generel_graph.graph.connect import Graph
from generel_graph.graph.statements import DIALECTS

__all__ = ["DIALECTS", "Capabilities", "Graph"]
