"""The commands of the quick start, the tutorials, README and two how-to pages run, on a real server.

In pages, blocks of the language `bash` run, in their order; blocks of `shell` do not: they take minutes, open a
browser, or need other data. The first line of the `text` block after a `bash` block is a heading that was printed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from generel_graph.cli import cli
from generel_graph.graph import Graph
from tests.conftest import Running, wipe
from tests.docs.conftest import FENCE, ROOT, Block, apply_page, code_blocks, copy_code

PAGES = ("quickstart", "tutorials/your-own-variants", "tutorials/querying", "tutorials/reading-an-evaluation")
# Why a command of README is not run here.
NOT_RUN = {
    "evaluate": "trains a model for each year; tests/pipeline/test_sync.py runs it",
    "browser": "opens a window; tests/ask/test_browser_page.py runs it",
    "map": "lays out the space for seconds; tests/plots/test_map.py runs it",
}


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder with the repository's quick-start data, and the environment of commands."""

    folder: Path
    environment: dict[str, str]

    def run(self, script: str, folder: Path | None = None, **more: str) -> str:
        """Run a script; returns stdout. A command that fails fails the test with what it printed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder or self.folder,
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def project(self) -> Path:
        """The project that the quick start makes."""
        return self.folder / "my-first-project"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, servers: dict[str, Running], wrapper: Path) -> Iterator[Shell]:
    """An empty database, and a short training."""
    server = servers["2026.08.1"]
    with Graph.connect(server.uri, server.user, server.password) as graph:
        wipe(graph)
    folder = tmp_path_factory.mktemp("tutorials")
    shutil.copytree(ROOT / "examples" / "quickstart", folder / "examples" / "quickstart")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("GENEREL_", "NEO4J_"))}
    environment = inherited | {
        "PATH": f"{wrapper}{os.pathsep}{inherited['PATH']}",
        "NEO4J_URI": server.uri,
        "NEO4J_USERNAME": server.user,
        "NEO4J_PASSWORD": server.password,
        "GENEREL_TRAIN_STEPS": "30",
        "GENEREL_TRAIN_ADAPTER_STEPS": "20",
    }
    yield Shell(folder, environment)
    with Graph.connect(server.uri, server.user, server.password) as graph:
        wipe(graph)


def script_of(blocks: list[Block], files: Path) -> tuple[str, list[tuple[int, str]]]:
    """One script that runs the `bash` blocks of a page and writes its captioned files; and what it should print.

    Each block ends with a line that tells its number. The second value: number of a block, first line of the `text`
    block after it.
    """
    parts, expected = [], []
    for number, block in enumerate(blocks):
        if block.caption:
            source = files / f"block-{number}"
            source.write_text(block.text, encoding="utf-8")
            insert = f"sed -i '/^\\[train\\]/{{\ne cat {source}\n}}' {block.file}"
            parts.append(insert if block.file == "generel.toml" else f"cp {source} {block.file}")
        elif block.language == "bash":
            parts.append(f"{block.text}\necho '@@ {number}'")
        elif block.language == "text" and blocks[number - 1].language == "bash":
            expected.append((number - 1, block.text.splitlines()[0]))
    return "\n".join(parts), expected


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run(shell: Shell, page: str, tmp_path: Path) -> None:
    script, expected = script_of(code_blocks(ROOT / "docs" / f"{page}.md"), tmp_path)
    assert "generel-graph" in script
    printed = re.split(r"^@@ (\d+)\n", shell.run(script), flags=re.MULTILINE)
    outputs = dict(zip(map(int, printed[1::2]), printed[0::2], strict=False))
    for number, heading in expected:
        headings = [line.split() for line in outputs[number].splitlines()]
        assert any(line[: len(heading.split())] == heading.split() for line in headings), (heading, outputs[number])


def readme_commands() -> list[str]:
    """The command lines of README's code blocks."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for block in FENCE.finditer(text) for line in block["body"].splitlines()]
    return [line for line in lines if line.startswith("generel-graph ")]


def arguments_of(line: str) -> list[list[str]]:
    """The arguments of the commands of a line, without comments and changes of the folder."""
    commands = [shlex.split(part, comments=True) for part in line.split("&&")]
    return [words[1:] for words in commands if words[0] == "generel-graph"]


def test_the_commands_of_readme_run(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [arguments for line in readme_commands() for arguments in arguments_of(line)]
    assert {arguments[0] for arguments in commands} >= {"init", "sync", "search", "explain", "recipe", *NOT_RUN}
    assert shell.project.is_dir(), "the page of the quick start is run first"
    for key, value in shell.environment.items():
        monkeypatch.setenv(key, value)
    for arguments in commands:
        if arguments[0] in NOT_RUN:
            continue
        monkeypatch.chdir(tmp_path if arguments[0] == "init" else shell.project)
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0, (arguments, done.output, done.exception)


def test_a_new_task_is_sampled(shell: Shell, tmp_path: Path) -> None:
    copied = extended(tmp_path, "add-a-task")
    run_cypher(
        shell,
        "MERGE (c:Concept:Entity:DrugClass {id: 'ATC:X', kind: 'DrugClass'}) WITH c MATCH (d:Drug) "
        "WITH c, d ORDER BY d.id LIMIT 9 CREATE (d)-[:IN_CLASS {weight: 1.0, source: 'test', key: d.id}]->(c)",
    )
    try:
        printed = shell.run("python -m generel_graph tasks --csv -q", shell.project, **copied)
    finally:
        run_cypher(shell, "MATCH (c:DrugClass {id: 'ATC:X'}) DETACH DELETE c")
    (row,) = (line.split(",") for line in printed.splitlines() if line.startswith("drug_class,"))
    assert row[3] == "9"


def test_a_new_recipe_answers(shell: Shell, tmp_path: Path) -> None:
    copied = extended(tmp_path, "add-a-recipe")
    (block,) = (b for b in code_blocks(ROOT / "docs/how-to/add-a-recipe.md") if b.language == "shell")
    command, show = block.text.splitlines()
    answer = shell.run(command.replace("generel-graph", "python -m generel_graph", 1), shell.project, **copied)
    assert answer.splitlines()[0].split() == ["drug", "drug_id"]
    assert len(answer.splitlines()) > 1
    assert "TARGETS" in shell.run(show.replace("generel-graph", "python -m generel_graph", 1), shell.project, **copied)


def extended(root: Path, page: str) -> dict[str, str]:
    """The environment in which a copy of the code, extended as a page says, is the program."""
    copy_code(root)
    assert apply_page(ROOT / "docs" / "how-to" / f"{page}.md", root)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {"PYTHONPATH": os.pathsep.join((str(root), str(root / "etl"))), "PATH": path}


def run_cypher(shell: Shell, cypher: str) -> None:
    """Run a writing statement, which `generel-graph query` refuses."""
    values = shell.environment
    graph = Graph.connect(values["NEO4J_URI"], values["NEO4J_USERNAME"], values["NEO4J_PASSWORD"])
    with graph, graph.driver.session(database=graph.database) as session:
        session.run(cypher).consume()
