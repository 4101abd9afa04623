"""Running a recipe: its parameters are resolved, values that depend on the model are set, and the statement is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from generel_etl.errors import NotFoundError, UsageError
from generel_graph.ask.clusters import read_clusters
from generel_graph.ask.entity_linking import EntityLink, link_or_snp
from generel_graph.ask.pinned_model import PinnedModel, active, pinned, still_active
from generel_graph.ask.query import QueryResult, query
from generel_graph.ask.recipes.recipe import Parameter, Recipe, read_recipe
from generel_graph.ask.search.lexical import by_words
from generel_graph.ask.space import Space, Spaces, snp_vector
from generel_graph.graph import Graph
from generel_graph.graph.statements import SLOTS

if TYPE_CHECKING:
    import pandas as pd

OTHER = "other"  # the parameter for a second model
OFFERED = 5  # names that an error suggests


@dataclass(frozen=True, slots=True)
class RecipeResult(QueryResult):
    """The answer of a recipe, and the values that it was run with."""

    recipe: Recipe
    values: Mapping[str, Any]  # of the parameters, without the vectors of texts
    resolved: Mapping[str, str]  # what the text of a parameter was resolved to, in words

    @property
    def cypher(self) -> str:
        """The statement with its values, to paste into Neo4j Browser."""
        return self.recipe.pasteable(self.values)

    def frame(self) -> pd.DataFrame:
        """The rows as a pandas frame; `attrs["cypher"]` is the statement to paste."""
        frame = QueryResult.frame(self)  # super() without arguments fails in a slotted dataclass
        frame.attrs["cypher"] = self.cypher
        return frame


@dataclass(frozen=True, slots=True)
class PreparedRecipe:
    """A recipe with the values of its parameters."""

    recipe: Recipe
    values: Mapping[str, Any]  # without those of `texts`
    texts: Mapping[str, str]  # texts whose vectors are the values of parameters
    resolved: Mapping[str, str]


def run_recipe(
    graph: Graph,
    spaces: Spaces,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    embed: Mapping[str, str] | None = None,
    published_before: date | None = None,
) -> RecipeResult:
    """Run a recipe; parameters that are not given have the default of the file.

    A parameter that is an id also takes a name, symbol or code, and a vector parameter takes a text; `embed` gives such
    texts separately. `published_before` is the default of the parameter of this name.
    Raises UsageError for an unknown name or parameter or a value of a wrong type, NotFoundError for a text that names
    nothing or if there is no second model, GraphError.
    """

    def answer(model: PinnedModel) -> RecipeResult:
        ready = _prepare(graph, model, spaces, name, dict(parameters or {}), dict(embed or {}), published_before)
        result = query(graph, spaces, ready.recipe.cypher, ready.values, ready.texts)
        still_active(graph, model)
        return RecipeResult(
            result.columns, result.rows, result.driver_rows, graph, ready.recipe, ready.values, ready.resolved
        )

    return pinned(graph, answer)


def prepare_recipe(
    graph: Graph, spaces: Spaces, name: str, parameters: Mapping[str, Any] | None = None
) -> RecipeResult:
    """A recipe with its values and no rows: the statement is not run. Raises as `run_recipe` does."""
    ready = _prepare(graph, active(graph), spaces, name, dict(parameters or {}), {}, None)
    return RecipeResult([], [], [], graph, ready.recipe, ready.values, ready.resolved)


def _prepare(
    graph: Graph,
    model: PinnedModel,
    spaces: Spaces,
    name: str,
    supplied: Mapping[str, Any],
    texts: Mapping[str, str],
    published_before: date | None,
) -> PreparedRecipe:
    """The values of all parameters; `supplied` and `texts` are those of the caller."""
    # The recipe is read first for its parameters, which state whether it compares two models.
    first = read_recipe(name, graph.capabilities, model.slot, (model.slot + 1) % SLOTS)
    parameters = {parameter.name: parameter for parameter in first.parameters}
    for key in (*supplied, *texts):
        if key not in parameters:
            raise UsageError("the recipe has no such parameter", where=name, found=key, valid=parameters)
    for key in texts:
        if parameters[key].type != "Vector":
            raise UsageError("this parameter is not a vector", where=f"{name}: {key}", next_step=f"use -p {key}=…")
    texts = {**texts, **{k: v for k, v in supplied.items() if parameters[k].type == "Vector" and isinstance(v, str)}}
    supplied = {key: value for key, value in supplied.items() if key not in texts}
    values = {key: parameter.default for key, parameter in parameters.items() if key not in texts}
    if published_before is not None and "published_before" in values:
        values["published_before"] = published_before.isoformat()
    resolved: dict[str, str] = {}
    for key, value in supplied.items():
        values[key] = _checked(name, parameters[key], value, model)
        if parameters[key].kinds and values[key] is not None:
            values[key], resolved[key] = _resolve(graph, model, spaces, name, parameters[key], values[key])
    other = _other_model(graph, model, values[OTHER]) if OTHER in values else None
    if other is not None:
        values[OTHER] = other.id
    for key, of in (("learnt", model), ("other_learnt", other)):
        if key in values and key not in supplied and of is not None:
            values[key] = _learnt(spaces(of.id), of.dimension)
    if texts and "constant" in values and "constant" not in supplied:
        values["constant"] = _constant(spaces(model.id), model)
    recipe = read_recipe(name, graph.capabilities, model.slot, other.slot if other else None)
    return PreparedRecipe(recipe, values, texts, resolved)


def _checked(recipe: str, parameter: Parameter, value: Any, model: PinnedModel) -> Any:
    """The value in the type of its parameter; raises UsageError."""
    where = f"{recipe}: {parameter.name}"
    if value is None and parameter.is_nullable:
        return None
    if parameter.is_list:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise UsageError("expected a list of texts", where=where, found=value, valid=['["a", "b"]'])
        return [_kind(where, text, model) for text in texts] if parameter.type == "Kind" else texts
    match parameter.type:
        case "Date":
            try:
                return date.fromisoformat(str(value)).isoformat()
            except ValueError as error:
                raise UsageError("expected a day", where=where, found=value, valid=["2015-01-01"]) from error
        case "Integer" | "Number":
            numbers = int if parameter.type == "Integer" else (int, float)
            if not isinstance(value, numbers) or isinstance(value, bool) or value < 0:
                what = "an integer" if parameter.type == "Integer" else "a number"
                raise UsageError(f"expected {what} of 0 or more", where=where, found=value, valid=[parameter.default])
            return value
        case "Vector":
            if not isinstance(value, list) or not all(isinstance(number, int | float) for number in value):
                raise UsageError("expected a text, or a list of numbers", where=where, found=value)
            return value
    text = str(value) if isinstance(value, int | float) else value
    if not isinstance(text, str):
        valid = [] if parameter.default is None else [parameter.default]
        raise UsageError("expected a text", where=where, found=value, valid=valid)
    return _kind(where, text, model) if parameter.type == "Kind" else text


def _kind(where: str, kind: str, model: PinnedModel) -> str:
    spellings = {name.lower(): name for name in model.kinds}
    if kind.strip().lower() not in spellings:
        raise UsageError("the active model has no vectors of this kind", where=where, found=kind, valid=model.kinds)
    return spellings[kind.strip().lower()]


def _resolve(
    graph: Graph, model: PinnedModel, spaces: Spaces, recipe: str, parameter: Parameter, value: Any
) -> tuple[Any, str]:
    """The id, or ids, of what a value names, and the same in words."""
    texts = value if isinstance(value, list) else [value]
    nodes = [_resolve_text(graph, model, spaces, f"{recipe}: {parameter.name}", parameter, text) for text in texts]
    sentence = ", ".join(words for _, words in nodes)
    return ([id_ for id_, _ in nodes] if isinstance(value, list) else nodes[0][0]), sentence


def _resolve_text(
    graph: Graph, model: PinnedModel, spaces: Spaces, where: str, parameter: Parameter, text: str
) -> tuple[str, str]:
    link = link_or_snp(graph, text)
    if link.snp is not None and parameter.takes_position:
        is_rsid = link.snp.startswith("rs")
        position = snp_vector(spaces(model.id), link.snp).locus.position if is_rsid else link.snp
        if position:
            return position, f"{link.snp} is not in the graph; its position {position} is used"
    if link.kind in parameter.kinds and link.id is not None:
        return link.id, f"{link.name} ({link.kind}, {link.id})"
    for cluster in read_clusters(graph, [other.id for other in link.others]).values():
        if cluster.members[0].kind in parameter.kinds:
            return cluster.id, f"{cluster.head.name} ({cluster.head.kind}, {cluster.id})"
    what = parameter.type if parameter.type == "SNP" else parameter.type.lower()
    raise NotFoundError(
        f"this names no {what} of the graph" + (f", but the {link.kind} {link.id}" if link.kind else ""),
        where=where,
        found=text,
        valid=_similar_names(graph, link, parameter.kinds),
        next_step=f"search for it: generel-graph search {text!r}",
    )


def _similar_names(graph: Graph, link: EntityLink, kinds: tuple[str, ...]) -> list[str]:
    """Names of the wanted kinds that share words with a text."""
    order = by_words(graph, link.text, kinds)
    clusters = read_clusters(graph, order)
    heads = [clusters[id_].head for id_ in order if id_ in clusters]
    return [head.name for head in heads if head.kind in kinds][:OFFERED]


def _other_model(graph: Graph, model: PinnedModel, id_: str | None) -> PinnedModel:
    """The complete model with this id, otherwise the newest one that is not active."""
    rows = [row["model"] for row in graph.rows("graph/list_models")]
    others = {
        row["id"]: PinnedModel(row["id"], row["slot"], row["dimension"], tuple(row["kinds"] or ()))
        for row in rows
        if row["state"] == "complete" and row["id"] != model.id
    }
    if not others:
        raise NotFoundError(
            "there is no second model to compare with: only one model has vectors in the graph",
            where=graph.uri,
            found=model.id,
            next_step="train another: `generel-graph sync` with other settings retains the vectors of this one",
        )
    if id_ is not None and id_ not in others:
        raise NotFoundError("no such model beside the active one", where=OTHER, found=id_, valid=others)
    return others[id_] if id_ is not None else next(iter(others.values()))


def _learnt(space: Space, dimension: int) -> int:
    """How many numbers of a stored vector, from the first, a query between concepts uses."""
    query_vector, _ = space.query_vectors(np.ones((1, dimension), dtype=np.float32), "", None)
    return int(np.flatnonzero(query_vector[0])[-1]) + 1


def _constant(space: Space, model: PinnedModel) -> float:
    """The divisor of the cosines of a free text."""
    return space.query_vectors(np.zeros((1, model.dimension), dtype=np.float32), "", None)[1]
