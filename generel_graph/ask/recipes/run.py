"""A recipe answered: what its parameters name is found, what only the model knows is filled in, and it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from generel_etl.errors import NotFoundError, UsageError
from generel_graph.ask.clusters import read_clusters
from generel_graph.ask.entity_linking import EntityLink, link_or_snp
from generel_graph.ask.pinned_model import PinnedModel, active, pinned, still_active
from generel_graph.ask.query import query
from generel_graph.ask.recipes.recipe import NAMED, Parameter, Recipe, read_recipe
from generel_graph.ask.search.lexical import by_words
from generel_graph.ask.space import Space, Spaces, placed
from generel_graph.graph import Graph
from generel_graph.graph.statements import SLOTS

OTHER = "other"  # the parameter that names a second model
OFFERED = 5  # names that an error proposes


@dataclass(frozen=True, slots=True)
class RecipeResult:
    """A recipe's answer, and what it was asked with."""

    recipe: Recipe
    columns: list[str]
    rows: list[list[Any]]
    values: Mapping[str, Any]  # of its parameters; vectors of texts left out
    taken: Mapping[str, str]  # what a parameter's text was taken for, in words


@dataclass(frozen=True, slots=True)
class PreparedRecipe:
    """A recipe with all values that it is asked with."""

    recipe: Recipe
    values: Mapping[str, Any]  # but those of `texts`
    texts: Mapping[str, str]  # parameters that are vectors of these
    taken: Mapping[str, str]


def run_recipe(
    graph: Graph,
    spaces: Spaces,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    embed: Mapping[str, str] | None = None,
    published_before: date | None = None,
) -> RecipeResult:
    """Answer a recipe. Parameters that are not given have the file's own values.

    A parameter that is the id of something takes a name, symbol or code too, one that is a vector takes a text;
    `embed` gives such texts apart. `published_before` is the day of the parameter of this name where none is given.
    Raises UsageError for an unknown name or parameter or a value of a wrong type, NotFoundError for a text that names
    nothing or a second model that is not there, GraphError.
    """

    def answer(model: PinnedModel) -> RecipeResult:
        ready = _prepare(graph, model, spaces, name, dict(parameters or {}), dict(embed or {}), published_before)
        columns, rows = query(graph, spaces, ready.recipe.cypher, ready.values, ready.texts)
        still_active(graph, model)
        return RecipeResult(ready.recipe, columns, rows, ready.values, ready.taken)

    return pinned(graph, answer)


def prepare(graph: Graph, spaces: Spaces, name: str, parameters: Mapping[str, Any]) -> PreparedRecipe:
    """A recipe with the values that it would be asked with; raises as `run_recipe` does."""
    return _prepare(graph, active(graph), spaces, name, dict(parameters), {}, None)


def _prepare(
    graph: Graph,
    model: PinnedModel,
    spaces: Spaces,
    name: str,
    given: Mapping[str, Any],
    texts: Mapping[str, str],
    published_before: date | None,
) -> PreparedRecipe:
    # A first reading tells the parameters, among them whether there is a second model to look for.
    known = {p.name: p for p in read_recipe(name, graph.capabilities, model.slot, (model.slot + 1) % SLOTS).parameters}
    for key in (*given, *texts):
        if key not in known:
            raise UsageError("the recipe has no such parameter", where=name, found=key, valid=known)
    for key in texts:
        if not known[key].is_vector:
            raise UsageError("this parameter is no vector", where=f"{name}: {key}", next_step=f"give it as -p {key}=…")
    texts = {**texts, **{k: value for k, value in given.items() if known[k].is_vector and isinstance(value, str)}}
    given = {key: value for key, value in given.items() if key not in texts}
    values = {key: parameter.default for key, parameter in known.items() if key not in texts}
    if published_before is not None and "published_before" in values:
        values["published_before"] = published_before.isoformat()
    taken: dict[str, str] = {}
    for key, value in given.items():
        values[key] = _checked(name, known[key], value, model)
        if NAMED.get(known[key].names) and values[key] is not None:
            values[key], taken[key] = _named(graph, model, spaces, name, known[key], values[key])
    other = _other_model(graph, model, values[OTHER]) if OTHER in values else None
    if other is not None:
        values[OTHER] = other.id
    for key, of in (("learnt", model), ("other_learnt", other)):
        if key in values and key not in given and of is not None:
            values[key] = _learnt(spaces(of.id), of.dimension)
    if texts and "constant" in values and "constant" not in given:
        values["constant"] = _constant(spaces(model.id), model)
    return PreparedRecipe(
        read_recipe(name, graph.capabilities, model.slot, other.slot if other else None), values, texts, taken
    )


def _checked(recipe: str, parameter: Parameter, value: Any, model: PinnedModel) -> Any:
    """The value in the type of the parameter's default; raises UsageError."""
    default, where = parameter.default, f"{recipe}: {parameter.name}"
    if value is None and (default is None or "null:" in parameter.meaning):
        return None
    if parameter.name == "published_before":
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError as error:
            raise UsageError("expected a day", where=where, found=value, valid=["2015-01-01"]) from error
    if isinstance(default, list):
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise UsageError("expected a list of texts", where=where, found=value, valid=['["a", "b"]'])
    elif isinstance(default, int | float):
        number = int if isinstance(default, int) else (int, float)
        if not isinstance(value, number) or isinstance(value, bool) or value < 0:
            what = "a whole number" if isinstance(default, int) else "a number"
            raise UsageError(f"expected {what} of 0 or more", where=where, found=value, valid=[default])
    elif isinstance(value, int | float):
        value = str(value)
    elif not isinstance(value, str) and not (default is None and isinstance(value, list)):
        raise UsageError("expected a text", where=where, found=value, valid=[] if default is None else [default])
    if parameter.meaning.startswith(("kind of", "kinds of")):
        return [_kind(where, v, model) for v in value] if isinstance(value, list) else _kind(where, value, model)
    return value


def _kind(where: str, kind: str, model: PinnedModel) -> str:
    spellings = {name.lower(): name for name in model.kinds}
    if kind.strip().lower() not in spellings:
        raise UsageError("the active model has no vectors of this kind", where=where, found=kind, valid=model.kinds)
    return spellings[kind.strip().lower()]


def _named(
    graph: Graph, model: PinnedModel, spaces: Spaces, recipe: str, parameter: Parameter, value: Any
) -> tuple[Any, str]:
    """The id, or ids, of what a value names, and that in words."""
    texts = value if isinstance(value, list) else [value]
    found = [_find(graph, model, spaces, f"{recipe}: {parameter.name}", parameter, text) for text in texts]
    said = ", ".join(words for _, words in found)
    return ([id_ for id_, _ in found] if isinstance(value, list) else found[0][0]), said


def _find(
    graph: Graph, model: PinnedModel, spaces: Spaces, where: str, parameter: Parameter, text: str
) -> tuple[str, str]:
    kinds = NAMED[parameter.names]
    link = link_or_snp(graph, text)
    if link.snp is not None and "or its place" in parameter.meaning:
        place = placed(spaces(model.id), link.snp).locus.place if link.snp.startswith("rs") else link.snp
        if place:
            return place, f"{link.snp} is no node of the graph; its place {place} is"
    if link.kind in kinds and link.id is not None:
        return link.id, f"{link.name} ({link.kind}, {link.id})"
    for cluster in read_clusters(graph, [other.id for other in link.others]).values():
        if cluster.members[0].kind in kinds:
            return cluster.id, f"{cluster.head.name} ({cluster.head.kind}, {cluster.id})"
    raise NotFoundError(
        f"this names no {parameter.names} of the graph" + (f", but the {link.kind} {link.id}" if link.kind else ""),
        where=where,
        found=text,
        valid=_like(graph, link, kinds),
        next_step=f"look for it: generel-graph search {text!r}",
    )


def _like(graph: Graph, link: EntityLink, kinds: tuple[str, ...]) -> list[str]:
    """Names of the wanted kinds that share words with a text."""
    order = by_words(graph, link.text, kinds)
    clusters = read_clusters(graph, order)
    heads = [clusters[id_].head for id_ in order if id_ in clusters]
    return [head.name for head in heads if head.kind in kinds][:OFFERED]


def _other_model(graph: Graph, model: PinnedModel, named: str | None) -> PinnedModel:
    """The complete model that is named, else the newest one that is not active."""
    rows = [row["model"] for row in graph.rows("graph/list_models")]
    others = {
        row["id"]: PinnedModel(row["id"], row["slot"], row["dimension"], tuple(row["kinds"] or ()))
        for row in rows
        if row["state"] == "complete" and row["id"] != model.id
    }
    if not others:
        raise NotFoundError(
            "there is no second model to compare with: the nodes have the vectors of one alone",
            where=graph.uri,
            found=model.id,
            next_step="train another: `generel-graph sync` with other settings keeps the vectors of this one",
        )
    if named is not None and named not in others:
        raise NotFoundError("no such model beside the active one", where=OTHER, found=named, valid=others)
    return others[named] if named is not None else next(iter(others.values()))


def _learnt(space: Space, dimension: int) -> int:
    """How many of a stored vector's numbers, from the first, a question between concepts looks at."""
    question, _ = space.query_vectors(np.ones((1, dimension), dtype=np.float32), "", None)
    return int(np.flatnonzero(question[0])[-1]) + 1


def _constant(space: Space, model: PinnedModel) -> float:
    """What a text's cosines are divided by."""
    return space.query_vectors(np.zeros((1, model.dimension), dtype=np.float32), "", None)[1]
