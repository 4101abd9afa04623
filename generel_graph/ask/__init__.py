"""Questions to the graph and its space: search, score, explain, query, subgraph, recipes."""

from generel_graph.ask.explain.explain import Explanation, explain
from generel_graph.ask.networks import subgraph
from generel_graph.ask.output_files import GRAPH, form_of, write_network, write_rows
from generel_graph.ask.pinned_model import PinnedModel, active, still_active
from generel_graph.ask.query import query, query_network, vector_of
from generel_graph.ask.recipes.recipe import Parameter, Recipe, check_recipe, list_recipes, read_recipe, recipe_names
from generel_graph.ask.recipes.run import RecipeResult, prepare, run_recipe
from generel_graph.ask.score import ADDED, ENDS, read_pairs, score, to_tsv
from generel_graph.ask.search.query_spec import WAYS, GenomicRegion, SearchOptions, SearchQuery
from generel_graph.ask.search.search import Hit, ResolvedTerm, SearchResult, search
from generel_graph.ask.space import Locus, SnpVector, Space, Spaces, TrainingExposure
from generel_graph.ask.views.effects import effects
from generel_graph.ask.views.region import NOTE, REGION_COLUMNS, WINDOW, Region, region
from generel_graph.ask.views.space import read_space

__all__ = [
    "ADDED",
    "ENDS",
    "GRAPH",
    "NOTE",
    "REGION_COLUMNS",
    "WAYS",
    "WINDOW",
    "Explanation",
    "GenomicRegion",
    "Hit",
    "Locus",
    "Parameter",
    "PinnedModel",
    "Recipe",
    "RecipeResult",
    "Region",
    "ResolvedTerm",
    "SearchOptions",
    "SearchQuery",
    "SearchResult",
    "SnpVector",
    "Space",
    "Spaces",
    "TrainingExposure",
    "active",
    "check_recipe",
    "effects",
    "explain",
    "form_of",
    "list_recipes",
    "prepare",
    "query",
    "query_network",
    "read_pairs",
    "read_recipe",
    "read_space",
    "recipe_names",
    "region",
    "run_recipe",
    "score",
    "search",
    "still_active",
    "subgraph",
    "to_tsv",
    "vector_of",
    "write_network",
    "write_rows",
]
