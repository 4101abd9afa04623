"""Texts to vectors: the one place that learning, embedding and asking share."""

from generel_graph.encode.encoder import Encoder
from generel_graph.encode.finetune import LanguageModel

__all__ = ["Encoder", "LanguageModel"]
