"""Labels, relationship types, properties and identifiers, from the tables in `generel_etl`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

import dataframely as dy
import polars as pl

from generel_etl import relations as relation_tables
from generel_etl import schema
from generel_etl.identifiers import PREFIXES
from generel_etl.resolve import result
from generel_graph.embed.model_record import ModelRecord
from reference.markdown import code, dict_comments, field_comments, plain, sentence, table

# The properties that a type usually has, beside those of every relationship; checked against the tables of the code.
_EFFECT = ("neg_log10_p", "effect_allele", "other_allele", "standard_error")
USUAL_PROPERTIES: dict[str, tuple[str, ...]] = {
    "ASSOCIATED_WITH": (
        *("study", "pubmed_id", "published", *_EFFECT, "odds_ratio", "beta", "beta_unit", "ci_low", "ci_high"),
        *("effect_allele_frequency", "ancestry", "ancestry_text", "sample_size", "context"),
    ),
    "CORRELATES_WITH": ("cohort", *_EFFECT, "odds_ratio", "ci_low", "ci_high", "cases", "controls"),
    "REGULATES": ("tissue", "cohort", *_EFFECT, "beta"),
    "IN_LD_WITH": ("r2", "population"),
    "LOCATED_IN": ("consequence",),
    "NEAREST_TO": ("distance", "consequence"),
    "REPORTED_GENE": ("study", "pubmed_id", "published"),
    "CO_OCCURS_WITH": ("cohort", "count", "expected", "log_odds_ratio", "ppmi"),
    "HAS_PHENOTYPE": ("frequency", "relation"),
    "GENE_ASSOCIATED_WITH": ("frequency", "context", "relation"),
}
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
        labels = " ".join(f":{label}" for label in schema.node_labels(kind))
        rows.append((code(kind), code(labels), prefixes))
    return table(("kind", "labels", "prefixes of this kind by default"), rows)


def node_properties() -> str:
    """The properties of `:Entity` nodes, from the columns of the resolved nodes."""
    comments = dict_comments(result, "NODE_COLUMNS")
    placed = {"chromosome", "position", "build", "alleles"}
    rows = []
    for name, dtype in result.NODE_COLUMNS.items():
        nodes = (
            "SNP" if name in placed else "concept" if name not in ("id", "kind", "source", "digest", "xrefs") else "all"
        )
        rows.append((code(name), nodes, _type(dtype), plain(sentence(comments.get(name, "")))))
    return table(("property", "nodes", "type", "meaning"), rows)


def source_properties() -> str:
    """The properties of `:Source` nodes."""
    return _fields(result.SourceCounts, leave_out={"edges_by_type", "resolved_by"})


def model_properties() -> str:
    """The properties of `:Model` nodes."""
    return _fields(ModelRecord, leave_out=set())


def common_edge_properties() -> str:
    """The properties that every relationship has."""
    comments = dict_comments(result, "EDGE_COLUMNS")
    own = [name for name in result.EDGE_COLUMNS if name not in {*schema.EDGE_PROPERTIES, "type", "start", "end"}]
    rows = [(code(n), _type(result.EDGE_COLUMNS[n]), plain(sentence(comments.get(n, "")))) for n in own]
    return table(("property", "type", "meaning"), rows)


def _fields(kind: type[Any], leave_out: set[str]) -> str:
    hints, comments = get_type_hints(kind), field_comments(kind)
    names = {str: "text", int: "integer", bool: "true or false"}
    rows = []
    for f in fields(kind):
        if f.name not in leave_out:
            hint = hints[f.name]
            shown = names.get(hint) or ("integer" if hint == int | None else "list of text")
            rows.append((code(f.name), shown, plain(sentence(comments.get(f.name, "")))))
    return table(("property", "type", "meaning"), rows)


def relations() -> str:
    """The relationship types by family; a type that exists in the negative is marked."""
    parts = []
    all_types = relation_tables.RELATIONS
    unknown = {p for named in USUAL_PROPERTIES.values() for p in named} - set(schema.EDGE_PROPERTIES)
    unknown |= set(USUAL_PROPERTIES) - set(all_types)
    if unknown:
        raise LookupError(f"USUAL_PROPERTIES names what the code does not have: {', '.join(sorted(unknown))}")
    for family in relation_tables.FAMILIES:
        rows = []
        for relation in relation_tables.BASE_RELATIONS:
            if relation.family != family:
                continue
            denied = relation_tables.NEGATED + relation.type
            arrow = "–" if relation.symmetric else "→"
            rows.append(
                (
                    code(relation.type),
                    f"{_kinds(relation.start_kinds)} {arrow} {_kinds(relation.end_kinds)}",
                    plain(relation.meaning),
                    ", ".join(map(code, USUAL_PROPERTIES.get(relation.type, ()))),
                    code(denied) if denied in all_types else ("is negative itself" if relation.negative else ""),
                )
            )
        heading = f"### {FAMILY_TITLES.get(family, family)}\n"
        parts += [heading, _without_empty(("type", "between", "meaning", "usual properties", "negative type"), rows)]
    return "\n".join(parts)


def _without_empty(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table without the columns that are empty in all rows."""
    full = [i for i in range(len(headings)) if any(row[i] for row in rows)]
    return table([headings[i] for i in full], [[row[i] for i in full] for row in rows])


def _kinds(names: tuple[str, ...]) -> str:
    if set(names) == set(schema.CONCEPT_KINDS):
        return "any concept"
    return ", ".join(names)


def edge_properties() -> str:
    """The properties of relationships, with their Cypher type and meaning."""
    comments = dict_comments(schema, "EDGE_PROPERTIES")
    comments = {**field_comments(schema.Edges), **{k: v for k, v in comments.items() if v}}
    rows = [
        (
            code(name),
            _type(dtype),
            plain(sentence(comments.get(name, ""))),
            _bounds(schema.Edges.columns().get(name)),
            "yes" if name in schema.KEY_COLUMNS else "",
        )
        for name, dtype in schema.EDGE_PROPERTIES.items()
    ]
    return table(("property", "type", "meaning", "valid values", "part of the key"), rows)


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
