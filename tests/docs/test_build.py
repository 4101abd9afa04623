"""The documentation builds without a warning, and its generated pages describe the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from generel_etl.readers import READERS
from generel_etl.relations import BASE_RELATIONS
from generel_etl.schema import EDGE_PROPERTIES
from generel_graph.cli import COMMANDS
from generel_graph.corpus.tasks import TASKS

ROOT = Path(__file__).resolve().parents[2]
CELL = r"<t[hd].*?>(.*?)</t[hd]>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    for name in ("sphinx", "myst_parser", "furo", "sphinx_click"):
        pytest.importorskip(name, reason=f"{name} is not installed; it is in the extra `test`")
    folder = tmp_path_factory.mktemp("docs")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(ROOT / "docs"), str(folder)],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def page(site: Path, name: str) -> str:
    return (site / f"{name}.html").read_text(encoding="utf-8")


def test_every_command_has_a_section_in_the_order_of_help(site: Path) -> None:
    text = page(site, "reference/commands")
    positions = [text.index(f'id="generel-graph-{name}"') for name in COMMANDS]
    assert positions == sorted(positions)
    assert 'id="generel-graph-models-activate"' in text


def test_every_reader_task_relation_and_property_is_listed(site: Path) -> None:
    readers, tasks, model = (page(site, f"reference/{name}") for name in ("readers", "tasks", "data-model"))
    assert [r.name for r in READERS if f">{r.name}<" not in readers] == []
    assert [t.name for t in TASKS if f">{t.name}<" not in tasks] == []
    assert [r.type for r in BASE_RELATIONS if f">{r.type}<" not in model] == []
    assert [name for name in EDGE_PROPERTIES if f">{name}<" not in model] == []


def test_every_key_and_column_has_a_meaning(site: Path) -> None:
    """The meaning is the last cell of a row; it is the comment of a field of a dataclass or a schema."""
    without = {}
    for name in ("reference/configuration", "reference/readers", "reference/data-model"):
        for table in re.findall(r"<table.*?</table>", page(site, name), re.DOTALL):
            headings, *rows = (
                [text(cell) for cell in re.findall(CELL, row, re.DOTALL)] for row in table.split("<tr")[1:]
            )
            if "meaning" in headings:
                column = headings.index("meaning")
                without |= {f"{name}: {row[0]}": row for row in rows if not row[column]}
    assert list(without) == []


def text(cell: str) -> str:
    """A table cell without its markup."""
    return re.sub(r"<[^>]*>", "", cell).strip()


def test_a_page_has_no_marker_left(site: Path) -> None:
    assert [str(path) for path in site.rglob("*.html") if "% generated:" in path.read_text(encoding="utf-8")] == []


def test_every_page_can_be_reached_from_the_index(site: Path) -> None:
    index = page(site, "index")
    pages = [path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 20
    assert [str(path) for path in pages if path.name != "index.html" and f'href="{path}"' not in index] == []
