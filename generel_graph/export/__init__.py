"""Export the graph and its vectors as files for other programs; `encoder` is imported separately: it needs torch."""

from generel_graph.export.kgx import export_kgx
from generel_graph.export.tables import export_edges, export_nodes
from generel_graph.export.vectors import export_vectors

__all__ = ["export_edges", "export_kgx", "export_nodes", "export_vectors"]
