"""Named questions: the files of `cypher/recipes/`, which can be pasted into the Browser as they are printed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generel_graph.ask.pin import Pinned, pinned, still_active
from generel_graph.ask.query import query
from generel_graph.ask.space import Spaces
from generel_graph.errors import UsageError
from generel_graph.graph import Capabilities, Graph
from generel_graph.graph.cypher import folder, statement

FOLDER = "recipes"
FORMS = ("_26", "_5")  # of a question that needs a vector index: the server's form is taken
_DEFAULT = re.compile(r"^// :param (\w+) => (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One named question as this server takes it."""

    name: str
    sentence: str  # what it tells
    cypher: str  # with the slot of the active model
    defaults: Mapping[str, Any]  # of its parameters

    def pasteable(self, parameters: Mapping[str, Any]) -> str:
        """The statement under its parameters as the Browser's own `:param` lines, with some values of the caller's."""
        lines = [
            f":param {name} => {parameters[name]!r}" if parameters.get(name) is not None else f":param {name} => {text}"
            for name, text in _DEFAULT.findall(self.cypher)
        ]
        return "\n".join([*lines, *(line for line in self.cypher.splitlines() if not line.startswith("//"))])


def recipe_names() -> list[str]:
    """The names that there are, without the server's form."""
    names = {path.stem for path in (folder() / FOLDER).glob("*.cypher")}
    return sorted({re.sub(r"_(26|5)$", "", name) for name in names})


def read_recipe(name: str, capabilities: Capabilities, slot: int) -> Recipe:
    """One recipe for a server and a slot; raises UsageError with the nearest for an unknown name."""
    if name not in recipe_names():
        raise UsageError("no such recipe", where=FOLDER, found=name, valid=recipe_names())
    form = FORMS[0] if capabilities.filtered_vector_search else FORMS[1]
    plain = (folder() / FOLDER / f"{name}.cypher").is_file()
    text = statement(f"{FOLDER}/{name}{'' if plain else form}", slot)
    defaults = {key: _literal(value) for key, value in _DEFAULT.findall(text)}
    return Recipe(name, text.splitlines()[0].removeprefix("// "), text, defaults)


def cook(
    graph: Graph,
    spaces: Spaces,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    embed: Mapping[str, str] | None = None,
) -> tuple[list[str], list[list[Any]]]:
    """Answer a recipe; column names and rows. Parameters that are not given have the file's own values.

    `embed` gives parameters that are vectors of texts; `constant` then follows from the model.
    Raises UsageError for an unknown name or parameter, GraphError.
    """
    parameters, embed = dict(parameters or {}), dict(embed or {})

    def answer(model: Pinned) -> tuple[list[str], list[list[Any]]]:
        found = read_recipe(name, graph.capabilities, model.slot)
        for key in (*parameters, *embed):
            if key not in found.defaults:
                raise UsageError("the recipe has no such parameter", where=name, found=key, valid=found.defaults)
        values = {key: value for key, value in found.defaults.items() if key not in embed} | parameters
        if embed and "constant" in found.defaults and "constant" not in parameters:
            values["constant"] = _constant(spaces, model)
        result = query(graph, spaces, found.cypher, values, embed)
        still_active(graph, model)
        return result

    return pinned(graph, answer)


def _constant(spaces: Spaces, model: Pinned) -> float:
    """What a text's cosines are divided by."""
    import numpy as np

    space = spaces(model.id)
    probe = np.zeros((1, model.dimension), dtype=np.float32)
    return space.question(probe, "", None)[1]


def _literal(text: str) -> Any:
    """A Cypher literal of a `:param` line: number, text in single quotes, list, true, false or null."""
    return json.loads(text.replace("'", '"'))
