"""Recipes: the prepared queries of `cypher/recipes/`, parsed from the headers of their files.

A header has a question, notes, one line per parameter, `returns:` with the columns, and `nothing:` with what to try if
there are no rows. A line `$disease: Disease = 'MONDO:0008383' — the disease` states name, type, default and meaning.
Types are those of NAMED, whose values are ids, names or codes, and of PLAIN. An `s` makes a list (`Kinds`), `?` allows
null, and `SNP or position` also takes a genomic position.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generel_etl.errors import GraphError, UsageError
from generel_etl.schema import CONCEPT_KINDS, CONDITIONS
from generel_graph.graph import Capabilities
from generel_graph.graph.statements import NEWEST, statement, statement_names

FOLDER = "recipes"
NAMED: dict[str, tuple[str, ...]] = {  # types whose values name a node or a model, and the kinds of the node
    "SNP": ("SNP",),
    "Concept": CONCEPT_KINDS,
    "Disease": CONDITIONS,
    "Drug": ("Drug",),
    "Gene": ("Gene",),
    "Model": (),
    "Phenotype": CONDITIONS,
}
PLAIN = ("Kind", "Vector", "Integer", "Number", "Text", "Date")
_TYPES = "|".join((*NAMED, *PLAIN))
PARAMETER = re.compile(
    rf"^// \$(?P<name>\w+): (?P<type>{_TYPES})(?P<list>s?)(?P<position> or position)?(?P<null>\??) = "
    r"(?P<default>.+?) — (?P<meaning>.+)$",
    re.MULTILINE,
)
_USED = re.compile(r"\$(\w+)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a recipe."""

    name: str
    type: str  # a key of NAMED, or one of PLAIN
    is_list: bool
    takes_position: bool  # also takes build:chromosome:position
    is_nullable: bool
    default: Any
    meaning: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the nodes that its values name; () if they name no nodes."""
        return NAMED.get(self.type, ())

    @property
    def type_name(self) -> str:
        """The type as the header states it, as "Phenotypes" or "SNP or position"."""
        position, null = " or position" if self.takes_position else "", "?" if self.is_nullable else ""
        return f"{self.type}{'s' if self.is_list else ''}{position}{null}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One recipe in the dialect of a server."""

    name: str
    question: str
    notes: str
    parameters: tuple[Parameter, ...]
    returns: str  # its columns, with units
    nothing: str  # what to try if there are no rows
    cypher: str  # with the slots of its models

    @property
    def defaults(self) -> dict[str, Any]:
        """The default of each parameter."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def pasteable(self, parameters: Mapping[str, Any]) -> str:
        """The question and the statement with values in place of its parameters, to paste into Neo4j Browser.

        `parameters` override the defaults. The program itself sends parameters and never this text.
        """
        values = self.defaults | {name: value for name, value in parameters.items() if value is not None}
        lines = [line for line in self.cypher.splitlines() if not line.startswith("//")]
        # Numbers, texts, lists, true, false and null of JSON are also Cypher literals.
        filled = _USED.sub(lambda match: json.dumps(values[match[1]], ensure_ascii=False), "\n".join(lines))
        return f"// {self.question}\n{filled}"


def recipe_names() -> list[str]:
    """The names of all recipes, sorted."""
    return [name.removeprefix(f"{FOLDER}/") for name in statement_names() if name.startswith(f"{FOLDER}/")]


def list_recipes() -> list[tuple[str, str]]:
    """Name and question of each recipe; needs no server."""
    return [(name, _parse(name, statement(f"{FOLDER}/{name}", 0, 1, NEWEST)).question) for name in recipe_names()]


def read_recipe(name: str, capabilities: Capabilities, slot: int, other: int | None = None) -> Recipe:
    """One recipe for a server and the slot of a model; `other` is the slot of the second model of a comparison.

    Raises UsageError with the nearest name for an unknown one, GraphError for a missing slot.
    """
    check_recipe(name)
    return _parse(name, statement(f"{FOLDER}/{name}", slot, other, capabilities.dialect))


def check_recipe(name: str) -> None:
    """Raise UsageError with the nearest name for an unknown recipe; needs no server."""
    if name not in recipe_names():
        raise UsageError("no such recipe", where=FOLDER, found=name, valid=recipe_names())


def _parse(name: str, text: str) -> Recipe:
    header = [line for line in text.splitlines() if line.startswith("//")]
    parts: dict[str, list[str]] = {"notes": [], "returns": [], "nothing": []}
    parameters: list[Parameter] = []
    part = "notes"
    for line in header[1:]:
        content = line.removeprefix("//").strip()
        if content.startswith("$"):
            parameters.append(_parameter(name, line))
            continue
        word, colon, rest = content.partition(": ")
        if colon and word in ("returns", "nothing"):
            part, content = word, rest
        parts[part].append(content)
    question = header[0].removeprefix("//").strip()
    notes, returns, nothing = (" ".join(parts[key]) for key in ("notes", "returns", "nothing"))
    return Recipe(name, question, notes, tuple(parameters), returns, nothing, text)


def _parameter(recipe: str, line: str) -> Parameter:
    match = PARAMETER.match(line)
    if match is None:
        raise GraphError(
            "not a parameter line",
            where=f"{FOLDER}/{recipe}.cypher",
            found=line,
            valid=["// $disease: Disease = 'MONDO:0008383' — the disease", *NAMED, *PLAIN],
        )
    return Parameter(
        match["name"],
        match["type"],
        bool(match["list"]),
        bool(match["position"]),
        bool(match["null"]),
        json.loads(match["default"].replace("'", '"')),
        match["meaning"],
    )
