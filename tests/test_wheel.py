"""The built wheel contains the statements, lists, settings and data that the packages use."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_wheel_contains_statements_jar_lists_settings_and_quick_start(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("generel_graph-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    shipped = {
        "cypher": "generel_graph/cypher",
        "examples/quickstart": "generel_graph/quickstart",
        "browser": "generel_graph/browser",
    }
    for folder, inside in shipped.items():
        for path in (p for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            assert f"{inside}/{path.relative_to(ROOT / folder)}" in names
    assert {"generel_graph/py.typed", "generel_etl/py.typed", "generel_graph/server/neo4j.env"} <= names
    assert "generel_graph/server/jars/2026.08.1.txt" in names
    assert not [n for n in names if n.startswith(("tests/", "benchmarks/", "etl/"))]
    # Imported from the wheel alone, the package uses its own statements and quick start.
    code = (
        "from generel_graph.graph.statements import folder, statement; from generel_graph.demo.data import quickstart; "
        "assert 'site' in str(folder()) and 'site' in str(quickstart()); statement('load/merge_nodes')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(tmp_path / "site")}, cwd=tmp_path)
