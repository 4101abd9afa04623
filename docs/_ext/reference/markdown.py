"""Markdown tables and comments of source files, which the generated parts share."""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; cells are escaped for it, and line breaks in them become spaces."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def code(text: object) -> str:
    """Text as inline code; empty text stays empty."""
    return f"`{text}`" if str(text) else ""


def plain(text: str) -> str:
    """Escape characters that Markdown would read as emphasis, links or math outside inline code."""
    parts = text.split("`")
    escaped = (p if i % 2 else _escape(p) for i, p in enumerate(parts))
    return "`".join(escaped)


def _escape(text: str) -> str:
    for character in "\\*_<>[]$":
        text = text.replace(character, "\\" + character)
    return text


def sentence(text: str) -> str:
    """A comment with its first letter in upper case, unless that letter begins code or a name with capitals."""
    first = text.split(" ", 1)[0].rstrip(",;:")
    return text[:1].upper() + text[1:] if first.islower() and first.isalpha() else text


def field_comments(kind: type[Any]) -> dict[str, str]:
    """The comment of each field of a class and its bases: on the lines of the field, or directly above them."""
    comments: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("generel"):
            comments |= _own_comments(base)
    return comments


def _own_comments(kind: type[Any]) -> dict[str, str]:
    source = inspect.getsource(kind)
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.ClassDef)
    spans = {
        item.target.id: (item.lineno, item.end_lineno or item.lineno)
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    } | {
        item.targets[0].id: (item.lineno, item.end_lineno or item.lineno)
        for item in node.body
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name)
    }
    return _comments_of_spans(source, spans)


def dict_comments(module: ModuleType, name: str) -> dict[str, str]:
    """The comment of each entry of a literal dict of a module, by its key."""
    source = inspect.getsource(module)
    for node in ast.parse(source).body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == name and isinstance(node.value, ast.Dict):
            spans = {
                str(key.value): (key.lineno, value.end_lineno or value.lineno)
                for key, value in zip(node.value.keys, node.value.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
            return _comments_of_spans(source, spans)
    return {}


def _comments_of_spans(source: str, spans: dict[str, tuple[int, int]]) -> dict[str, str]:
    trailing: dict[int, str] = {}
    alone: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            where = alone if not token.line[: token.start[1]].strip() else trailing
            where[token.start[0]] = token.string.lstrip("#").strip()
    comments = {}
    for name, (first, last) in spans.items():
        parts: list[str] = []
        line = first - 1
        while line in alone:
            parts.insert(0, alone[line])
            line -= 1
        parts += [text for i in range(first, last + 1) for text in (trailing.get(i), alone.get(i)) if text]
        comments[name] = " ".join(parts)
    return comments
