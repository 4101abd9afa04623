"""Plot commands on the small graph: the files that they write and the tables that they print."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generel_graph.config import Config
from generel_graph.session import Session
from tests.conftest import VERSIONS, Running

pytestmark = pytest.mark.parametrize("graph", VERSIONS[:1], indirect=True)  # statements are tested on both


@pytest.fixture
def folder(world, tmp_path: Path) -> Path:
    """A project that leads to the small graph, with what the model's folder tells of its space."""
    with world.graph.driver.session() as session:
        session.run("MATCH (s:SNP) SET s.build = 'GRCh38'").consume()
    model = tmp_path / ".generel" / "models" / world.graph.row("ask/get_active_model", ids=[])["id"]
    model.mkdir(parents=True)
    settings = {"identity": {"model": {"learnt_share": 0.7, "dimension": 4}}}
    (model / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    (tmp_path / "generel.toml").write_text('data_dir = "."\n', encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path, servers: dict[str, Running], monkeypatch: pytest.MonkeyPatch):
    server = servers[VERSIONS[0]]
    monkeypatch.setenv("NEO4J_URI", server.uri)
    monkeypatch.setenv("NEO4J_USERNAME", server.user)
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)

    def program(*arguments: str) -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-m", "generel_graph", *arguments]
        own = {name: value for name, value in os.environ.items() if not name.startswith("GENEREL_")}
        return subprocess.run(call, cwd=folder, env=own, capture_output=True, text=True, timeout=300, check=False)

    return program


def test_map_writes_a_page_and_a_picture(run, folder: Path) -> None:
    done = run("map", "--highlight", "RA", "-k", "2", "-o", "out/space.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["out/space.html", "out/space.png"]
    assert "rs2476601" in (folder / "out" / "space.html").read_text(encoding="utf-8")
    assert (folder / "out" / "space.png").stat().st_size > 1_000
    wrong = run("map", "--colour", "size")
    assert (wrong.returncode, "kind, source, chromosome" in wrong.stderr) == (2, True)


def test_locus_draws_or_prints_its_table(run, folder: Path) -> None:
    done = run("locus", "rs2476601", "--disease", "RA")
    assert (done.returncode, done.stdout.strip()) == (0, "rs2476601.png"), done.stderr
    assert (folder / "rs2476601.png").is_file()
    table = json.loads(run("locus", "rs3087243", "--disease", "T1D", "--json").stdout)
    assert [row["id"] for row in table["snps"]] == ["rs231775", "rs3087243"]
    assert (table["snp"], table["disease_id"], table["ld"]) == ("rs3087243", "MONDO:0005147", False)
    assert table["snps"][0]["neg_log10_p"] is None
    assert "not fine-mapping" in table["note"]
    assert not (folder / "rs3087243.png").exists()


def test_plot_of_effects_is_written_to_the_model_folder(run, folder: Path) -> None:
    done = run("plot", "--effects")
    assert done.returncode == 0, done.stderr
    (picture,) = folder.glob(".generel/models/*/effects.png")
    assert str(picture) in done.stdout.replace("\n", "")
    assert "ASSOCIATED_WITH" in done.stdout
    wrong = run("plot", "--effects", "--tensorboard")
    assert (wrong.returncode, "--effects" in wrong.stderr) == (2, True)


def test_map_has_every_node_with_a_vector(world, folder: Path) -> None:
    nodes = Session(Config(folder=folder), world.graph).map().frame()
    assert list(nodes.columns) == ["id", "kind", "name", "source", "chromosome", "x", "y"]
    assert nodes["id"].tolist() == sorted(world.vectors)
    assert nodes[["x", "y"]].notna().all(axis=None)
