"""The layout keeps its promises: few packages, one direction, one name for one thing, lazy heavy imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GRAPH, ETL = ROOT / "generel_graph", ROOT / "etl" / "generel_etl"
MODULES = {"__init__", "__main__", "session", "model_folder", "metrics", "stored_vectors", "prefetch"}
MOST_PACKAGES = 16
SINGLE_IMPORTER = {"__init__", "__main__", "session"}  # modules that one importer is enough for


def sources() -> dict[Path, ast.Module]:
    """Every module of both packages, parsed."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for top in (GRAPH, ETL) for path in top.rglob("*.py")}


def module_name(path: Path) -> str:
    """The dotted name of a module's file."""
    parts = path.relative_to(ETL.parent if path.is_relative_to(ETL) else ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(tree: ast.Module, names: set[str]) -> set[str]:
    """The modules of the two packages that a module imports, at the top or in a function."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found |= {whole if whole in names else node.module} & names
    return found


def import_graph() -> dict[str, set[str]]:
    """Which modules each module imports."""
    parsed = {module_name(path): tree for path, tree in sources().items()}
    return {name: imported_modules(tree, set(parsed)) - {name} for name, tree in parsed.items()}


def test_the_top_level_is_one_package_a_verb_and_seven_modules() -> None:
    packages = [path.parent for path in GRAPH.glob("*/__init__.py")]
    assert len(packages) <= MOST_PACKAGES
    assert {path.stem for path in GRAPH.glob("*.py")} == MODULES


def test_every_module_at_the_top_has_several_importers() -> None:
    graph = import_graph()
    for stem in MODULES - SINGLE_IMPORTER:
        assert sum(f"generel_graph.{stem}" in imports for imports in graph.values()) > 1, stem


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = import_graph()
    state: dict[str, int] = {}
    circle: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        state[name] = 1
        for other in sorted(graph[name]):
            if state.get(other) == 1 and not circle:
                walked = [*path, name]
                circle.extend([*walked[walked.index(other) :], other])
            elif other not in state:
                visit(other, (*path, name))
        state[name] = 2

    for name in sorted(graph):
        if name not in state:
            visit(name, ())
    assert not circle, " → ".join(circle)


def test_no_two_classes_share_a_name() -> None:
    places = defaultdict(list)
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert not {name: files for name, files in places.items() if len(files) > 1}


def loaded_modules(code: str) -> set[str]:
    """The top-level packages that a new interpreter has loaded after some code."""
    shown = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    paths = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ETL.parent)!r}]"
    program = f"{paths}\n{code}\n{shown}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_learning_loads_no_database_driver() -> None:
    assert "neo4j" not in loaded_modules("import generel_graph.learn, generel_graph.encode")


@pytest.mark.parametrize(
    "code",
    [
        "from click.testing import CliRunner; from generel_graph.cli import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0",
        "import generel_graph.cli.pipeline, generel_graph.pipeline.sync, generel_graph.load",
        "import generel_graph.cli.inspect, generel_graph.pipeline.report",
    ],
    ids=["--help", "load", "status"],
)
def test_commands_that_need_no_model_load_no_torch(code: str) -> None:
    assert not {"torch", "transformers"} & loaded_modules(code)
