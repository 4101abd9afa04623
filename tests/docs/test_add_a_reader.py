"""The page "Add a reader", followed to the letter in a copy of the package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT, apply_page, copy_code

PAGE = ROOT / "docs" / "how-to" / "add-a-reader.md"
STAGE = """
import json
from pathlib import Path
from generel_etl.stage import stage_source
from generel_graph.config import load_config

config = load_config(Path("generel.toml"))
(source,) = config.sources
stage = stage_source(source, config.etl)
print(json.dumps({
    "edges": stage.edges().select("start_id", "end_name", "effect_allele", "odds_ratio", "study").collect().rows(),
    "rejects": stage.rejects().select("line", "column", "found", "reason").collect().rows(),
    "rows_read": stage.rows_read,
}))
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code after the steps of the page."""
    root = tmp_path_factory.mktemp("reader")
    copy_code(root)
    blocks = apply_page(PAGE, root)
    changed = {block.file for block in blocks}
    assert changed == {
        "notes.txt",
        "etl/generel_etl/readers/locus_notes.py",
        "etl/generel_etl/readers/__init__.py",
        "generel.toml",
    }
    (root / "generel.toml").write_text('data_dir = "."\n' + (root / "generel.toml").read_text(encoding="utf-8"))
    return root


def run(root: Path, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GENEREL_", "NEO4J_"))}
    environment["PYTHONPATH"] = os.pathsep.join((str(root), str(root / "etl")))
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_new_reader_reads_the_file_of_the_page(copied: Path) -> None:
    where = run(copied, "-c", "import generel_etl; print(generel_etl.__path__[0])")
    assert where.startswith(str(copied)), "the copy is tested, not the installed package"
    staged = json.loads(run(copied, "-c", STAGE))
    assert staged["edges"] == [
        ["rs2476601", "type 1 diabetes mellitus", "A", 1.9, "ward round"],
        ["rs3087243", "rheumatoid arthritis", "G", 1.15, "ward round"],
    ]
    assert staged["rejects"] == [[4, "rsid", "snp-seven", "not an rsID"]]
    assert staged["rows_read"] == 3


def test_the_new_reader_is_in_the_reference(copied: Path) -> None:
    sys_path = f"import sys; sys.path.insert(0, {str(ROOT / 'docs' / '_ext')!r}); "
    text = run(copied, "-c", sys_path + "from reference.configuration import reader_options; print(reader_options())")
    assert "## `locus_notes`" in text
    assert '| `study` | `""` | text | Study of all rows |' in text
