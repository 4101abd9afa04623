"""Vectors on the nodes: write a model's vectors into a free slot, index them, then activate the model."""

from generel_graph.embed.import_vectors import VectorFile, read_vectors
from generel_graph.embed.indexes import index_states
from generel_graph.embed.model_record import ModelRecord, WriteBack
from generel_graph.embed.models import activate, active_model, delete_model, find_model, list_models
from generel_graph.embed.write_back import Part, update, write_model, write_parts

__all__ = [
    "ModelRecord",
    "Part",
    "VectorFile",
    "WriteBack",
    "activate",
    "active_model",
    "delete_model",
    "find_model",
    "index_states",
    "list_models",
    "read_vectors",
    "update",
    "write_model",
    "write_parts",
]
