"""The commands: help texts with an example, errors with a next step, exit codes."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from generel_graph.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("GENEREL_", "NEO4J_"))}
    return subprocess.run(
        [sys.executable, "-m", "generel_graph", *arguments],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def project(folder: Path, source: str, **files: str) -> Path:
    (folder / "generel.toml").write_text(f'data_dir = "."\n{source}', encoding="utf-8")
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


HITS = """[sources.hits]
reader = "table"
files = ["hits.tsv"]
type = "ASSOCIATED_WITH"
end_kind = "Disease"
columns = { start_id = "snp", end_name = "trait", p = "p" }
"""


def test_help_lists_every_command_and_imports_no_large_library(tmp_path: Path) -> None:
    shown = run("--help", folder=tmp_path)
    assert shown.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", shown.stdout, re.MULTILINE)
    code = "import sys, generel_graph.cli.pipeline, generel_graph.cli.search, generel_graph.cli.db; " + (
        "print([m for m in ('torch', 'polars', 'neo4j', 'rich', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_an_example(tmp_path: Path, name: str) -> None:
    shown = run(name, "--help", folder=tmp_path)
    assert shown.returncode == 0
    assert re.search(r"Example:\s+(GENEREL_\w+=\w+ )?generel-graph " + name, shown.stdout)


def test_unknown_command_is_rejected_with_the_nearest_name(tmp_path: Path) -> None:
    done = run("snyc", folder=tmp_path)
    assert done.returncode == 2
    assert "sync" in done.stderr


def test_init_does_not_overwrite_a_configuration(tmp_path: Path) -> None:
    assert run("init", "here", folder=tmp_path).returncode == 0
    again = run("init", "here", folder=tmp_path)
    assert (again.returncode, "already" in again.stderr) == (2, True)


def test_missing_configuration_is_a_usage_error_without_a_traceback(tmp_path: Path) -> None:
    done = run("sync", folder=tmp_path)
    assert done.returncode == 2
    assert "generel-graph init" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("source", "files", "message", "code"),
    [
        (HITS.replace('"table"', '"tabel"'), {"hits__tsv": "snp\ttrait\tp\n"}, "did you mean 'table'", 2),
        (HITS.replace("columns", "colums"), {"hits__tsv": "snp\ttrait\tp\n"}, "did you mean 'columns'", 2),
        (HITS, {}, "hits.tsv", 1),
        (HITS, {"hits__tsv": "snp\ttrait\tpval\nrs1\tgout\t1e-9\n"}, "'p'", 1),
        (HITS, {"hits__tsv": ""}, "hits.tsv", 1),
    ],
)
def test_invalid_source_is_rejected_with_the_file_or_key(
    tmp_path: Path, source: str, files: dict[str, str], message: str, code: int
) -> None:
    done = run("load", folder=project(tmp_path, source, **files))
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".generel" / "neo4j").exists()


def test_folder_and_truncated_gzip_are_rejected(tmp_path: Path) -> None:
    folder = project(tmp_path, HITS.replace("hits.tsv", "hits.tsv.gz"))
    (folder / "hits.tsv.gz").mkdir()
    done = run("load", folder=folder)
    assert (done.returncode, "folder" in done.stderr or "directory" in done.stderr) == (1, True)
    (folder / "hits.tsv.gz").rmdir()
    complete = gzip.compress(("snp\ttrait\tp\n" + "rs1\tgout\t1e-9\n" * 5000).encode())
    (folder / "hits.tsv.gz").write_bytes(complete[: len(complete) // 2])
    done = run("load", folder=folder)
    assert (done.returncode, "hits.tsv.gz" in done.stderr) == (1, True)


def test_unsupported_picture_format_is_rejected_before_any_query(tmp_path: Path) -> None:
    done = run("explain", "rs1", "gout", "--picture", "why.pdf", folder=project(tmp_path, HITS))
    assert (done.returncode, "why.pdf" in done.stderr) == (2, True)
    assert not (tmp_path / ".generel").exists()


def test_rejects_lists_line_column_and_reason(tmp_path: Path) -> None:
    from generel_etl.pipeline import read_sources
    from generel_graph.config import load_config

    text = "snp\ttrait\tp\nrs1\tgout\t1e-9\nnot an id\tgout\t1e-9\nrs2\tgout\tmany\n"
    folder = project(tmp_path, HITS, hits__tsv=text)
    read_sources(load_config(folder, {}).etl)
    done = run("rejects", "hits", "--json", folder=folder)
    rows = json.loads(done.stdout)
    assert {(row["line"], row["column"]) for row in rows} >= {(3, "snp")}
    assert all(row["reason"] for row in rows)
    unknown = run("rejects", "hit", folder=folder)
    assert (unknown.returncode, "did you mean 'hits'" in unknown.stderr) == (2, True)


def test_remote_graph_needs_a_password_from_the_environment(tmp_path: Path) -> None:
    folder = project(tmp_path, HITS)
    done = run("status", folder=folder, NEO4J_URI="bolt://127.0.0.1:9")
    assert (done.returncode, "NEO4J_PASSWORD" in done.stderr) == (1, True)
    done = run("status", folder=folder, NEO4J_URI="bolt://127.0.0.1:9", NEO4J_PASSWORD="x")
    assert (done.returncode, "cannot be reached" in done.stderr) == (1, True)
    done = run("db", "stop", folder=folder, NEO4J_URI="bolt://127.0.0.1:9")
    assert (done.returncode, "does not manage" in done.stderr) == (2, True)


def test_recipes_are_listed_without_a_project_and_an_unknown_one_is_rejected(tmp_path: Path) -> None:
    listed = run("recipe", "--json", folder=tmp_path)
    assert listed.returncode == 0, listed.stderr
    rows = {row["recipe"]: row["question"] for row in json.loads(listed.stdout)}
    assert rows["snp_pleiotropy"].endswith("?")
    unknown = run("recipe", "snp_pleiotropi", folder=tmp_path)
    assert (unknown.returncode, "did you mean 'snp_pleiotropy'" in unknown.stderr) == (2, True)
