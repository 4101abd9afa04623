"""Named questions: the files of `cypher/recipes/`, which can be pasted into the Browser as they are printed.

Their headers are read, so they keep to one form: a question, what there is to say of it, a line for each `$parameter`,
`returns:` with the columns, `nothing:` with what to try where no row comes, and values as `:param` lines.
A parameter whose line begins with "id of the disease" (or another word of NAMED) takes a name or a code as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generel_etl.errors import UsageError
from generel_etl.schema import CONCEPT_KINDS, CONDITIONS
from generel_graph.graph import Capabilities
from generel_graph.graph.statements import NEWEST, statement, statement_names

FOLDER = "recipes"
NAMED: dict[str, tuple[str, ...]] = {  # what a parameter may be the id of, and the kinds that this means
    "SNP": ("SNP",),
    "concept": CONCEPT_KINDS,
    "disease": CONDITIONS,
    "drug": ("Drug",),
    "gene": ("Gene",),
    "model": (),
    "phenotype": CONDITIONS,
}
_NAMED = re.compile(rf"^ids? of the (?:\w+ )?({'|'.join(NAMED)})s?\b")
_DEFAULT = re.compile(r"^// :param (\w+) => (.+)$", re.MULTILINE)
_USED = re.compile(r"\$(\w+)")
_TOLD = re.compile(r"^// \$(\w+): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the header tells it."""

    name: str
    meaning: str
    default: Any

    @property
    def names(self) -> str:
        """What its value is the id of, or its values the ids: a word of NAMED; "" for any other value."""
        found = _NAMED.match(self.meaning)
        return found[1] if found else ""

    @property
    def is_vector(self) -> bool:
        """Whether its value is the vector of a text."""
        return self.meaning.startswith("vector of ")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One named question as this server takes it."""

    name: str
    question: str
    notes: str  # what there is to know of it
    parameters: tuple[Parameter, ...]
    returns: str  # its columns, with units
    nothing: str  # what to try where no row comes
    cypher: str  # with the slots of its models

    @property
    def defaults(self) -> dict[str, Any]:
        """The values of parameters that are not given."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def pasteable(self, parameters: Mapping[str, Any]) -> str:
        """The question and its statement, values in the place of parameters: the Browser takes it as one.

        `parameters` go over the defaults. It is for people to paste; the program itself sends parameters.
        """
        values = self.defaults | {name: value for name, value in parameters.items() if value is not None}
        lines = [line for line in self.cypher.splitlines() if not line.startswith("//")]
        # JSON's numbers, texts, lists, true, false and null are Cypher's too
        filled = _USED.sub(lambda found: json.dumps(values[found[1]], ensure_ascii=False), "\n".join(lines))
        return f"// {self.question}\n{filled}"


def recipe_names() -> list[str]:
    """The names of all recipes, sorted."""
    return [name.removeprefix(f"{FOLDER}/") for name in statement_names() if name.startswith(f"{FOLDER}/")]


def list_recipes() -> list[tuple[str, str]]:
    """Name and question of each recipe; asks no server."""
    return [(name, _parse(name, statement(f"{FOLDER}/{name}", 0, 1, NEWEST)).question) for name in recipe_names()]


def read_recipe(name: str, capabilities: Capabilities, slot: int, other: int | None = None) -> Recipe:
    """One recipe for a server and a slot, and the slot of the other model for one that compares two.

    Raises UsageError with the nearest for an unknown name, GraphError where a slot is missing.
    """
    check_recipe(name)
    return _parse(name, statement(f"{FOLDER}/{name}", slot, other, capabilities.dialect))


def check_recipe(name: str) -> None:
    """Raise UsageError with the nearest name for one that there is not; asks no server."""
    if name not in recipe_names():
        raise UsageError("no such recipe", where=FOLDER, found=name, valid=recipe_names())


def _parse(name: str, text: str) -> Recipe:
    header = [line[2:] for line in text.splitlines() if line.startswith("//")]
    parts: dict[str, list[str]] = {"notes": [], "returns": [], "nothing": []}
    part = "notes"
    for line in header[1:]:
        said = line.strip()
        if said.startswith(("$", ":param")):
            continue
        word, colon, rest = said.partition(": ")
        if colon and word in ("returns", "nothing"):
            part, said = word, rest
        parts[part].append(said)
    meanings = dict(_TOLD.findall(text))
    return Recipe(
        name,
        header[0].strip(),
        " ".join(parts["notes"]),
        tuple(Parameter(key, meanings[key], _literal(value)) for key, value in _DEFAULT.findall(text)),
        " ".join(parts["returns"]),
        " ".join(parts["nothing"]),
        text,
    )


def _literal(text: str) -> Any:
    """A Cypher literal of a `:param` line: number, text in single quotes, list, true, false or null."""
    return json.loads(text.replace("'", '"'))
