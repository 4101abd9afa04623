"""Texts to vectors: the one place that learning, embedding and asking share."""

from generel_graph.encode.encoder import Encoder

__all__ = ["Encoder"]
