"""Questions to the graph and its space: search, score, query, subgraph, recipes."""

from generel_graph.ask.effects import effects
from generel_graph.ask.pin import Pinned
from generel_graph.ask.query import query
from generel_graph.ask.recipe import Recipe, cook, read_recipe, recipe_names
from generel_graph.ask.region import NOTE, REGION_COLUMNS, WINDOW, Region, region
from generel_graph.ask.score import ADDED, ENDS, read_pairs, score, to_tsv
from generel_graph.ask.search import Answer, Hit, search
from generel_graph.ask.space import Locus, Placed, Space, Spaces
from generel_graph.ask.subgraph import subgraph
from generel_graph.ask.whole import read_space

__all__ = [
    "ADDED",
    "ENDS",
    "NOTE",
    "REGION_COLUMNS",
    "WINDOW",
    "Answer",
    "Hit",
    "Locus",
    "Pinned",
    "Placed",
    "Recipe",
    "Region",
    "Space",
    "Spaces",
    "cook",
    "effects",
    "query",
    "read_pairs",
    "read_recipe",
    "read_space",
    "recipe_names",
    "region",
    "score",
    "search",
    "subgraph",
    "to_tsv",
]
