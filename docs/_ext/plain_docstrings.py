"""Read docstrings and help texts as plain text: only `backticks`, paragraphs, lists and indented blocks are markup.

The docstrings of this project are written for people who read the code. A name such as `NOT_TREATS` or a formula with
`*` would be a syntax error in reStructuredText, so every special character outside backticks is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx_click.ext import ClickDirective

_CODE = re.compile(r"`([^`\n]+)`")
_SPECIAL = re.compile(r"([\\*|_<>])")
_BULLET = re.compile(r"(\s*)([-*])(\s+)(.*)")


def escape(text: str) -> str:
    """Turn a plain line into reStructuredText: `code` becomes ``code``, every other special character is escaped."""
    parts = _CODE.split(text)
    return "".join(
        f"``{part}``" + ("\\ " if i + 1 < len(parts) and parts[i + 1][:1].isalnum() else "")
        if i % 2
        else _SPECIAL.sub(r"\\\1", part).replace("`", "\\`")
        for i, part in enumerate(parts)
    )


def to_rst(lines: Iterable[str]) -> list[str]:
    """Turn plain text into reStructuredText; a block indented by four spaces or more becomes a literal block."""
    out: list[str] = []
    literal = False
    for line in _join_code(lines):
        blank = not line.strip()
        indented = line.startswith("    ")
        if blank:
            out.append("")
        elif indented and (literal or not out or not out[-1].strip()):
            if not literal:
                out += ["::", ""]
            literal = True
            out.append(line)
        else:
            if literal:
                out.append("")
            literal = False
            bullet = _BULLET.fullmatch(line)
            out.append(f"{bullet[1]}{bullet[2]}{bullet[3]}{escape(bullet[4])}" if bullet else escape(line))
    return [*out, ""]


def _join_code(lines: Iterable[str]) -> list[str]:
    """Join lines inside a pair of backticks that spans them, so that the code is one literal."""
    joined: list[str] = []
    open_code = False
    for line in lines:
        if open_code:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
        open_code = joined[-1].count("`") % 2 == 1 if line.strip() else False
    return joined


def _docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = to_rst(lines)


def _help(app: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """Help texts of click: a paragraph that begins with `\\b` keeps its line breaks."""
    lines[:] = help_to_rst(ctx.command.help or "")


_EXAMPLE = re.compile(r"(Examples?):\s+(.+)", re.DOTALL)


def help_to_rst(text: str) -> list[str]:
    """Turn a click help text into reStructuredText; paragraphs marked `\\b` become literal blocks."""
    out: list[str] = []
    for paragraph in re.split(r"\n[ \t]*\n", text.split("\f", maxsplit=1)[0].strip("\n")):
        lines = [line.rstrip() for line in paragraph.splitlines()]
        example = _EXAMPLE.fullmatch(paragraph.strip())
        if example and "\b" not in paragraph:
            out += [f"{example[1]}::", "", "    " + " ".join(example[2].split()), ""]
        elif any(line.strip() == "\b" for line in lines):
            kept = [line for line in lines if line.strip() != "\b"]
            if kept[0].endswith(":"):
                out += [escape(kept.pop(0)), ""]
            margin = min((len(line) - len(line.lstrip()) for line in kept if line.strip()), default=0)
            out += ["::", "", *("    " + line[margin:] for line in kept), ""]
        else:
            out += [*map(escape, _join_code(line.strip() for line in lines)), ""]
    return out


_SHOWN = re.compile(r"( {4,})(.+)")
_PATH = re.compile(r"PosixPath\('([^']*)'\)")


def _options(app: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """Escape the help of options and arguments; directives and their fields stay as sphinx-click wrote them."""
    for i, line in enumerate(lines):
        indented = _SHOWN.fullmatch(line)
        text = indented[2] if indented else ""
        if indented and not text.startswith((":", ".. ")):
            lines[i] = indented[1] + escape(text)
        elif text.startswith(":default:"):
            lines[i] = _PATH.sub(r"\1", line)


class CommandBody(ClickDirective):
    """A command as sphinx-click describes it, without a heading: the page has one."""

    def run(self) -> list[nodes.Node]:
        """The content of the section that sphinx-click makes."""
        return [child for section in super().run() for child in section.children[1:]]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and connect the events of autodoc and sphinx-click."""
    app.add_directive("command", CommandBody)
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("sphinx-click-process-description", _help)
    app.connect("sphinx-click-process-options", _options)
    app.connect("sphinx-click-process-arguments", _options)
    return {"version": "1", "parallel_read_safe": True}
