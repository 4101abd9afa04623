"""What is made here, in forms that other programs read."""

from generel_graph.export.encoder import export_encoder, write_encoder

__all__ = ["export_encoder", "write_encoder"]
