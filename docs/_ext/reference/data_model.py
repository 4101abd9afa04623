"""Labels, relationship types, properties and identifiers, from the tables in `generel_etl`."""

from __future__ import annotations

from typing import Any

import dataframely as dy
import polars as pl

from generel_etl import relations as relation_tables
from generel_etl import schema
from generel_etl.identifiers import PREFIXES
from reference.markdown import code, dict_comments, field_comments, plain, sentence, table

FAMILY_TITLES = {
    "variant": "Variants",
    "identity": "Identity and cross-references",
    "hierarchy": "Hierarchy",
    "co_occurrence": "Co-occurrence",
    "knowledge": "Knowledge",
}


def kinds() -> str:
    """The kinds of nodes with their labels and the prefixes whose ids have that kind by default."""
    rows = []
    for kind in schema.KINDS:
        prefixes = ", ".join(p.name for p in PREFIXES if p.kind == kind)
        labels = " ".join(f":{label}" for label in schema.labels(kind))
        rows.append((code(kind), code(labels), prefixes))
    return table(("kind", "labels", "prefixes of this kind by default"), rows)


def relations() -> str:
    """The relationship types by family; a type that exists in the negative is marked."""
    parts = []
    all_types = relation_tables.RELATIONS
    for family in relation_tables.FAMILIES:
        rows = []
        for relation in relation_tables.STATED:
            if relation.family != family:
                continue
            denied = relation_tables.NEGATED + relation.type
            arrow = "–" if relation.symmetric else "→"
            rows.append(
                (
                    code(relation.type),
                    f"{_kinds(relation.starts)} {arrow} {_kinds(relation.ends)}",
                    plain(relation.meaning),
                    code(denied) if denied in all_types else ("is negative itself" if relation.negative else ""),
                )
            )
        heading = f"### {FAMILY_TITLES.get(family, family)}\n"
        parts += [heading, table(("type", "between", "meaning", "negative type"), rows)]
    return "\n".join(parts)


def _kinds(names: tuple[str, ...]) -> str:
    if set(names) == set(schema.CONCEPT_KINDS):
        return "any concept"
    return ", ".join(names)


def edge_properties() -> str:
    """The properties of relationships, with their Cypher type and meaning."""
    comments = dict_comments(schema, "EDGE_PROPERTIES")
    comments = {**field_comments(schema.Edges), **{k: v for k, v in comments.items() if v}}
    rows = [
        (code(name), _type(dtype), plain(sentence(comments.get(name, ""))), _bounds(schema.Edges.columns().get(name)))
        for name, dtype in schema.EDGE_PROPERTIES.items()
    ]
    return table(("property", "type", "meaning", "valid values"), rows)


def record_tables() -> str:
    """The tables that a reader may return, with the meaning of their columns."""
    parts = []
    for name, kind in schema.TABLES.items():
        text = plain((kind.__doc__ or "").split("\n\n")[0].strip())
        comments = field_comments(kind)
        types = kind.create_empty().schema
        rows = []
        for column, definition in kind.columns().items():
            if name == "edges" and column in schema.EDGE_PROPERTIES:
                continue
            needed = "no" if definition.nullable else "yes"
            note = plain(sentence(comments.get(column, "")))
            rows.append((code(column), _type(types[column]), needed, note))
        parts += [f"### `{name}`\n", text + "\n", table(("column", "type", "required", "meaning"), rows)]
        if name == "edges":
            parts.append(
                "The table also has a column for every [relationship property](#properties-of-relationships).\n"
            )
    return "\n".join(parts)


def prefixes() -> str:
    """The vocabularies whose identifiers are normalised, with the other spellings that are read."""
    rows = [(code(p.name), ", ".join(code(s) for s in p.spellings), p.kind or "") for p in PREFIXES]
    return table(("prefix", "other spellings", "kind by default"), rows)


def _type(dtype: Any) -> str:
    names = {
        pl.String: "text",
        pl.Int64: "integer",
        pl.Float64: "number",
        pl.Boolean: "true or false",
        pl.Date: "date",
    }
    if isinstance(dtype, pl.List):
        inner = _type(dtype.inner)
        return f"list of {inner}" + ("s" if inner in ("integer", "number") else "")
    return next((name for key, name in names.items() if dtype == key), str(dtype))


def _bounds(column: dy.Column | None) -> str:
    """The range that the schema allows."""
    low, high = getattr(column, "min", None), getattr(column, "max", None)
    above = getattr(column, "min_exclusive", None)
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"≥ {low:g}"
    return f"> {above:g}" if above is not None else ""
