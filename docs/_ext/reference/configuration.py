"""The keys of `generel.toml`, from the dataclasses that read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import date
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from generel_etl.config import SourceConfig
from generel_etl.readers import READERS
from generel_graph import config
from generel_graph.config.load import OTHER_VARIABLES
from reference.markdown import code, field_comments, plain, sentence, table

HEADINGS = ("key", "default", "valid values", "meaning")


def configuration() -> str:
    """One section for each table of the file."""
    source = SourceConfig
    parts = [
        "## Top level\n",
        _table(config.Config, {"data_dir", "state_dir"}),
        "## `[sources.NAME]`\n",
        _docstring(source) + " `NAME` is your own name for the source.\n",
        _table(source, {f.name for f in fields(source)} - {"name", "options"}),
    ]
    sections = (
        ("[neo4j]", config.Neo4jConfig),
        ("[model]", config.ModelConfig),
        ("[train]", config.TrainConfig),
        ("[tasks.NAME]", config.TaskConfig),
    )
    for title, kind in sections:
        parts += [f"## `{title}`\n", _docstring(kind) + "\n", _table(kind, {f.name for f in fields(kind)})]
    return "\n".join(parts)


def reader_options() -> str:
    """One section for each reader, with its own keys under `[sources.NAME]`."""
    parts = []
    for reader in READERS:
        module = __import__(reader.read.__module__, fromlist=["*"])
        first = (module.__doc__ or "").split("\n\n")[0].strip()
        parts.append(f"(reader-{reader.name})=\n## `{reader.name}`\n\n{plain(first)}\n")
        own = fields(reader.options)
        if own:
            parts.append(_table(reader.options, {f.name for f in own}))
        else:
            parts.append("This reader has no keys of its own.\n")
        example = _example(module.__doc__ or "")
        if example:
            parts.append(f"```toml\n{example}\n```\n")
    return "\n".join(parts)


def environment_variables() -> str:
    """The variables that are read beside those that are named after a key."""
    return ", ".join(map(code, OTHER_VARIABLES)) + ".\n"


def _example(text: str) -> str:
    """The first indented block of a module's docstring that is TOML."""
    block: list[str] = []
    for line in text.splitlines():
        if line.startswith("    ") or (block and not line.strip()):
            block.append(line[4:])
        elif block:
            break
    shown = "\n".join(block).strip()
    return shown if shown.startswith("[") else ""


def _docstring(kind: type[Any]) -> str:
    return plain((kind.__doc__ or "").split("\n\n")[0].strip())


def _table(kind: type[Any], names: set[str]) -> str:
    hints = get_type_hints(kind, include_extras=True)
    comments = field_comments(kind)
    rows = [
        (code(f.name), _default(f), _valid(hints[f.name]), plain(sentence(comments.get(f.name, ""))))
        for f in fields(kind)
        if f.name in names
    ]
    return table(HEADINGS, rows)


def _default(field: Field[Any]) -> str:
    value: Any = field.default
    if value is MISSING:
        if field.default_factory is MISSING:
            return "required"
        value = field.default_factory() if callable(field.default_factory) else None
    return "unset" if value is None else code(_toml(value))


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list | frozenset):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, Mapping):
        return "{}" if not value else "{ … }"
    return str(value)


def _valid(hint: Any) -> str:
    """What a field's annotation says is valid, in words."""
    rules = getattr(hint, "__metadata__", ())
    base = get_args(hint)[0] if rules else hint
    for rule in rules:
        if hasattr(rule, "names"):
            return ", ".join(code(_toml(name)) for name in rule.names)
        if hasattr(rule, "low"):
            return f"{_type_name(base)}, {_range(rule.low, rule.high)}"
    return _type_name(base)


def _range(low: float, high: float) -> str:
    return f"at least {low:g}" if high == float("inf") else f"{low:g} to {high:g}"


def _type_name(hint: Any) -> str:
    simple = {bool: "`true`, `false`", int: "integer", float: "number", str: "text", date: "date (YYYY-MM-DD)"}
    if hint in simple:
        return simple[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _type_name(next(a for a in arguments if a is not NoneType))
    if origin in (tuple, list, frozenset):
        inner = _type_name(arguments[0])
        return f"list of {inner}s" if inner in ("integer", "number") else f"list of {inner}"
    if origin is not None and issubclass(origin, Mapping):
        return "table"
    return "text or table" if hint is Any else getattr(hint, "__name__", str(hint))
