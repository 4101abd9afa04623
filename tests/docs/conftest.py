"""The pages of the documentation as the tests read them: code blocks, inline code, and the commands in both."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
CAPTION = re.compile(r"\A:caption: (.+)\n+")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced code block of a page."""

    language: str
    caption: str  # "" without one; a file, or a file and where in it the text belongs
    text: str

    @property
    def file(self) -> str:
        """The file that the caption names."""
        return self.caption.partition(",")[0]


def code_blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page in their order."""
    blocks = []
    for match in FENCE.finditer(page.read_text(encoding="utf-8")):
        language = match["info"].replace("{code-block}", "").strip()
        caption = CAPTION.match(match["body"])
        text = match["body"][caption.end() :] if caption else match["body"]
        blocks.append(Block(language, caption[1].replace("`", "") if caption else "", text))
    return blocks


def copy_code(root: Path) -> None:
    """Copy the packages and the Cypher files to an empty folder, as they are laid out in the repository."""
    for name in ("generel_graph", "etl", "cypher", "examples/quickstart", "browser"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.jar"))


def apply_page(page: Path, root: Path) -> list[Block]:
    """Do what a page says under `root`: write or extend the file that the caption of each code block names.

    A caption is a file, which is written, or a file and where the text belongs: `FILE, in NAME` (last item of the
    literal that is assigned to NAME), `FILE, before NAME` (before that assignment) or `FILE, after the imports`.
    Returns the blocks with a caption.
    """
    blocks = [block for block in code_blocks(page) if block.caption]
    for block in blocks:
        path = root / block.file
        where = block.caption.partition(", ")[2]
        if where:
            path.write_text(insert(path.read_text(encoding="utf-8"), where, block.text), encoding="utf-8")
        else:
            assert not path.exists(), f"{page.name} would overwrite {block.file}"
            path.write_text(block.text, encoding="utf-8")
    return blocks


def insert(source: str, where: str, text: str) -> str:
    """Put text into Python source where a caption says."""
    lines = source.splitlines(keepends=True)
    body = ast.parse(source).body
    if where == "after the imports":
        last = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)][-1]
        return "".join([*lines[: last.end_lineno], text, *lines[last.end_lineno :]])
    word, name = where.split()
    (node,) = (
        node
        for node in body
        for target in ([node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", ()))
        if isinstance(target, ast.Name) and target.id == name
    )
    assert isinstance(node, ast.Assign | ast.AnnAssign)
    if word == "before":
        return "".join([*lines[: node.lineno - 1], text, "\n\n", *lines[node.lineno - 1 :]])
    assert word == "in", f"unknown place in a file: {where}"
    value = node.value
    assert value is not None
    literal = ast.Tuple | ast.List | ast.Dict | ast.Set
    if not isinstance(value, literal):  # the literal is inside a call: the innermost, last one
        value = max((n for n in ast.walk(value) if isinstance(n, literal)), key=lambda n: (n.lineno, n.col_offset))
    assert value.end_lineno is not None
    assert value.end_col_offset is not None
    row, column = value.end_lineno - 1, len(lines[value.end_lineno - 1].encode()[: value.end_col_offset].decode()) - 1
    if not lines[row][:column].strip():  # the bracket closes on a line of its own
        return "".join([*lines[:row], text, *lines[row:]])
    lines[row] = f"{lines[row][:column]}, {text.strip().removesuffix(',')}{lines[row][column:]}"
    return "".join(lines)


def prose(text: str) -> str:
    """Markdown without its fenced and indented code blocks."""
    return "\n".join(line for line in FENCE.sub("", text).splitlines() if not line.startswith("    "))


@pytest.fixture(scope="session")
def wrapper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH with a `generel-graph` that runs the program under test."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "generel-graph"
    paths = os.pathsep.join((str(ROOT), str(ROOT / "etl")))
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{paths}" exec "{sys.executable}" -m generel_graph "$@"\n')
    script.chmod(0o755)
    return folder
