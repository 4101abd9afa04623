"""What is here, in forms that other programs read; `encoder` is imported by itself, since it needs torch."""

from generel_graph.export.kgx import export_kgx
from generel_graph.export.tables import export_edges, export_nodes
from generel_graph.export.vectors import export_vectors

__all__ = ["export_edges", "export_kgx", "export_nodes", "export_vectors"]
