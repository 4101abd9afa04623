"""The text encoder that training, embedding and queries share."""

from generel_graph.encode.encoder import Encoder
from generel_graph.encode.finetune import LanguageModel

__all__ = ["Encoder", "LanguageModel"]
