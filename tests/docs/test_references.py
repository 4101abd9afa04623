"""Paths, commands, options, keys and variables in backticks exist: in pages, in decisions and in docstrings."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from generel_graph.cli import COMMANDS, cli
from generel_graph.config import ModelConfig, Neo4jConfig, TrainConfig
from generel_graph.config.load import OTHER_VARIABLES
from tests.docs.conftest import FENCE, ROOT, prose

PAGES = sorted(
    [
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "decisions").glob("*.md"),
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")),
    ]
)
MODULES = sorted([*(ROOT / "generel_graph").rglob("*.py"), *(ROOT / "etl").rglob("*.py")])
SPAN = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")} | {".ci"}
BASES = (ROOT, ROOT / "etl", ROOT / "etl" / "generel_etl", ROOT / "generel_graph")
PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*/?")
SOURCE = (".py", ".cypher", ".md", ".toml", ".env", ".grass", ".ipynb")
# Files that the program writes, or that belong to a user; they are in no repository.
WRITTEN = {"generel.toml", "README.md", "my_hits.csv", "guide.md"}
SECTIONS = {"neo4j": Neo4jConfig, "model": ModelConfig, "train": TrainConfig}


def spans(text: str) -> Iterator[str]:
    """The texts in single backticks, on one line."""
    for match in SPAN.finditer(text):
        yield " ".join(match[1].split())


def docstrings(path: Path) -> str:
    """All docstrings of a module, one after the other."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return "\n\n".join(ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds))


def text_of(path: Path) -> str:
    """What a file says in prose."""
    return docstrings(path) if path.suffix == ".py" else prose(path.read_text(encoding="utf-8"))


def missing_path(span: str, page: Path) -> bool:
    """Whether a span is a path of the repository that does not exist."""
    name = re.sub(r"(::?\s?[\w.]+|, .*)$", "", span)
    if not PATH.fullmatch(name) or name in WRITTEN:
        return False
    inside = "/" in name and name.partition("/")[0] in TOP
    if not (inside or name.endswith(SOURCE)):
        return False
    bases = [*BASES, page.parent] if "/" in name else [ROOT]
    if any(any(base.glob(name)) if "*" in name else (base / name).exists() for base in bases):
        return False
    return "/" in name or not any(path for path in ROOT.rglob(name) if ".venv" not in path.parts)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_in_backticks_exists(page: Path) -> None:
    assert [span for span in spans(text_of(page)) if missing_path(span, page)] == []


def test_every_path_in_docstrings_exists() -> None:
    wrong = [(str(path), span) for path in MODULES for span in spans(docstrings(path)) if missing_path(span, path)]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", prose(page.read_text(encoding="utf-8")))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_targets_of_make_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        name
        for page in PAGES
        for name in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 3
    assert named <= targets


def command_lines(text: str) -> Iterator[str]:
    """The lines `generel-graph …` in code blocks and in backticks."""
    for block in FENCE.finditer(text):
        for line in block["body"].replace("\\\n", " ").splitlines():
            if re.match(r"\s*(?:\w+=\S+ )?generel-graph\s", line):
                yield line.strip()
    for span in spans(FENCE.sub("", text)):
        first, _, rest = span.partition(" ")
        if first == "generel-graph" or (first in COMMANDS and rest.startswith("--") and first != "plot"):
            yield span if first == "generel-graph" else f"generel-graph {span}"


def wrong_command(line: str) -> str:
    """Why click does not accept a command line; "" if it does. Missing arguments count only after an option."""
    words = [word for word in shlex.split(line, comments=True) if "=" not in word or not word.startswith("GENEREL_")]
    words = words[1:]
    command: click.Command = cli
    context = click.Context(cli, info_name="generel-graph")
    while isinstance(command, click.Group):
        names = [word for word in words if not word.startswith("-")]
        if not names or names[0] in ("…", "...", "COMMAND"):
            break
        inner = command.get_command(context, names[0])
        if inner is None:
            return f"no command {names[0]!r}"
        words.remove(names[0])
        context, command = click.Context(inner, parent=context, info_name=names[0]), inner
    try:
        command.make_parser(context).parse_args(list(words))
    except click.BadOptionUsage as error:
        return "" if words and words[-1].startswith("-") else str(error)  # an option alone names the option
    except click.UsageError as error:
        return error.format_message()
    return ""


def wrong_commands(text: str) -> dict[str, str]:
    """The command lines of a text that click does not accept, with the reasons."""
    reasons = {line: wrong_command(line) for line in command_lines(text)}
    return {line: reason for line, reason in reasons.items() if reason}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_is_understood(page: Path) -> None:
    assert wrong_commands(page.read_text(encoding="utf-8")) == {}


def test_every_command_in_docstrings_is_understood() -> None:
    assert {str(path): wrong for path in MODULES if (wrong := wrong_commands(docstrings(path)))} == {}


def test_the_check_of_commands_finds_mistakes() -> None:
    assert wrong_command("generel-graph snyc")
    assert wrong_command("generel-graph search x --knid SNP")
    assert wrong_command("generel-graph models activate ID") == ""
    assert wrong_command("generel-graph search --kind") == ""


def options() -> set[str]:
    """All options of all commands."""
    found = {"--help", "--version"}

    def collect(command: click.Command, context: click.Context) -> None:
        found.update(name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts))
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                if inner is not None:
                    collect(inner, click.Context(inner, parent=context, info_name=name))

    collect(cli, click.Context(cli, info_name="generel-graph"))
    return found


@pytest.mark.parametrize(
    "page", [p for p in PAGES if "docs" in p.parts or p == ROOT / "README.md"], ids=lambda p: p.name
)
def test_every_option_alone_in_backticks_exists(page: Path) -> None:
    known = options()
    named = {word for span in spans(prose(page.read_text(encoding="utf-8"))) for word in re.findall(r"^--[\w-]+", span)}
    assert named <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_key_and_variable_in_backticks_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    keys = {section: {f.name for f in fields(kind)} for section, kind in SECTIONS.items()}
    wrong = [f"[{s}] {key}" for s, key in re.findall(r"`\[(\w+)\] (\w+)", text) if s in keys and key not in keys[s]]
    variables = {f"GENEREL_{s.upper()}_{key.upper()}" for s in keys for key in keys[s]}
    known = {*variables, *OTHER_VARIABLES, "GENEREL_DATA_DIR", "GENEREL_STATE_DIR", "GENEREL_SHARED_DATA", "GENEREL_"}
    wrong += [name for name in re.findall(r"\bGENEREL_[A-Z0-9_]*", text) if name not in known]
    assert wrong == []
