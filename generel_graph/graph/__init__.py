"""Access to Neo4j: connection, server capabilities, Cypher files, batched writes and columnar reads."""

from generel_graph.graph.capabilities import Capabilities
from generel_graph.graph.connect import Graph
from generel_graph.graph.statements import DIALECTS

__all__ = ["DIALECTS", "Capabilities", "Graph"]
