"""Vectors onto the nodes: written into a free slot, indexed, and only then made the ones that are asked."""

from generel_graph.embed.activate import activate
from generel_graph.embed.given import GivenVectors, read_vectors
from generel_graph.embed.indexes import index_states
from generel_graph.embed.records import ModelRecord, WriteBack
from generel_graph.embed.slots import active_model, delete_model, find_model, models
from generel_graph.embed.write_back import Part, update, write_back, write_parts

__all__ = [
    "GivenVectors",
    "ModelRecord",
    "Part",
    "WriteBack",
    "activate",
    "active_model",
    "delete_model",
    "find_model",
    "index_states",
    "models",
    "read_vectors",
    "update",
    "write_back",
    "write_parts",
]
