"""Questions to the graph and its space: search, score, query, subgraph, recipes."""

from generel_graph.ask.cook import Served, cook, prepare
from generel_graph.ask.query import query
from generel_graph.ask.recipe import Parameter, Recipe, check_recipe, list_recipes, read_recipe, recipe_names
from generel_graph.ask.score import ADDED, ENDS, read_pairs, score, to_tsv
from generel_graph.ask.search import Answer, Hit, search
from generel_graph.ask.space import Locus, Placed, Space, Spaces
from generel_graph.ask.subgraph import subgraph

__all__ = [
    "ADDED",
    "ENDS",
    "Answer",
    "Hit",
    "Locus",
    "Parameter",
    "Placed",
    "Recipe",
    "Served",
    "Space",
    "Spaces",
    "check_recipe",
    "cook",
    "list_recipes",
    "prepare",
    "query",
    "read_pairs",
    "read_recipe",
    "recipe_names",
    "score",
    "search",
    "subgraph",
    "to_tsv",
]
