"""Queries of the graph and its space: search, score, explain, query, recipes, subgraphs and tables for plots."""

from generel_graph.ask.explain.explain import Explanation, explain
from generel_graph.ask.networks import subgraph
from generel_graph.ask.query import QueryResult, query
from generel_graph.ask.recipes.run import RecipeResult, run_recipe
from generel_graph.ask.score import ScoreResult, score
from generel_graph.ask.search.query_spec import SearchOptions, SearchQuery
from generel_graph.ask.search.search import SearchResult, search
from generel_graph.ask.views.effects import EffectsResult, effects
from generel_graph.ask.views.locus import LocusResult, locus
from generel_graph.ask.views.map import MapResult

__all__ = [
    "EffectsResult",
    "Explanation",
    "LocusResult",
    "MapResult",
    "QueryResult",
    "RecipeResult",
    "ScoreResult",
    "SearchOptions",
    "SearchQuery",
    "SearchResult",
    "effects",
    "explain",
    "locus",
    "query",
    "run_recipe",
    "score",
    "search",
    "subgraph",
]
