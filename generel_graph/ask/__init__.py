"""Questions to the graph and its space: search, score, explain, query, subgraph, recipes."""

from generel_graph.ask.explain import Explanation, explain
from generel_graph.ask.query import query
from generel_graph.ask.recipe import Recipe, cook, read_recipe, recipe_names
from generel_graph.ask.score import ADDED, ENDS, read_pairs, score, to_tsv
from generel_graph.ask.search import Answer, Hit, search
from generel_graph.ask.space import Locus, Placed, Seen, Space, Spaces, Stated
from generel_graph.ask.subgraph import subgraph

__all__ = [
    "ADDED",
    "ENDS",
    "Answer",
    "Explanation",
    "Hit",
    "Locus",
    "Placed",
    "Recipe",
    "Seen",
    "Space",
    "Spaces",
    "Stated",
    "cook",
    "explain",
    "query",
    "read_pairs",
    "read_recipe",
    "recipe_names",
    "score",
    "search",
    "subgraph",
    "to_tsv",
]
