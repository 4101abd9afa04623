"""The complete pipeline on both versions: a second sync does nothing, and sync continues after SIGKILL anywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from generel_graph.ask.recipes.recipe import recipe_names
from generel_graph.config import load_config
from generel_graph.demo.data import quickstart
from generel_graph.embed import list_models
from generel_graph.graph.digest import deep_digest, graph_digest
from generel_graph.graph.open import open_graph
from generel_graph.server import stop
from generel_graph.session import open as open_session

STEPS = 12
EMPTY = (
    "snp_across_biobanks",
    "variants_regulating_drugged_gene",
)  # may have no rows: one paper per pair, no eQTL data


@dataclass
class Project:
    """A project with the quick-start data, used through the command line as a user would."""

    folder: Path
    version: str

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a small server and a short training with frequent checkpoints."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("GENEREL_", "NEO4J_"))}
        return inherited | {
            "GENEREL_NEO4J_VERSION": self.version,
            "GENEREL_NEO4J_HEAP": "600m",
            "GENEREL_NEO4J_PAGE_CACHE": "100m",
            "GENEREL_NEO4J_BROWSER": "false",
            "GENEREL_TRAIN_STEPS": str(STEPS),
            "GENEREL_TRAIN_CHECKPOINT_STEPS": "4",
            "GENEREL_TRAIN_ADAPTER_STEPS": "8",
            "GENEREL_TRAIN_NUMBER_FORMAT": "float32",
            **more,
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command; the caller reads its output."""
        return subprocess.Popen(
            [sys.executable, "-m", "generel_graph", *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> Any:
        """Run a command to its end and return its JSON."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        return json.loads(out)

    def kill_at(self, stage: str, **environment: str) -> None:
        """Start a sync and kill it with SIGKILL as soon as it reports `stage`."""
        process = self.start("sync", **environment)
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if line.startswith(stage):
                process.send_signal(signal.SIGKILL)
                break
        assert process.wait(timeout=60) == -signal.SIGKILL, "".join(lines)


@pytest.fixture(scope="module", params=["2026.08.1", "5.26.18"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with its own server."""
    folder = tmp_path_factory.mktemp("pipeline")
    for path in quickstart().iterdir():
        if path.suffix in (".tsv", ".obo", ".toml"):
            (folder / path.name).write_bytes(path.read_bytes())
    created = Project(folder, request.param)
    yield created
    stop(load_config(folder, created.environment()))


def test_first_sync_killed_at_any_stage_is_completed_by_the_next(project: Project) -> None:
    for stage in ("write nodes", "create edges", "train", "write vectors", "activate"):
        project.kill_at(stage)
        with open_graph(load_config(project.folder, project.environment())) as graph:
            assert graph.rows("ask/get_active_model", ids=[]) == []
    report = project.run("sync", "--json", "-q")
    assert report["model"]["vectors"] == report["graph"]["nodes"]
    assert report["model"]["index_state"] == "ONLINE"
    assert {t["name"] for t in report["tasks"]} >= {"gwas", "gene_trait", "drug_gene", "synonym", "hierarchy"}
    with open_graph(load_config(project.folder, project.environment())) as graph:
        assert deep_digest(graph) == graph_digest(graph) == report["graph"]["digest"]
    for source in report["sources"]:
        parts = ("rows_loaded", "rows_merged", "rows_rejected", "rows_dangling", "rows_staged")
        assert source["rows_read"] == sum(source[part] for part in parts)


def test_second_sync_does_nothing(project: Project) -> None:
    report = project.run("sync", "--json", "-q")
    assert report["load"]["way"] == "nothing"
    assert report["vectors_written"] == 0
    assert "train" not in report["steps"]


def test_explain_draws_a_pair_and_reports_whether_training_used_it(project: Project) -> None:
    picture = project.folder / "why.png"
    explanation = project.run("explain", "rs2476601", "rheumatoid arthritis", "--picture", str(picture), "--json", "-q")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert -1 <= explanation["cosine"] <= 1
    assert 0 <= explanation["percentile"]["value"] <= 100
    assert explanation["direct"]
    assert explanation["paths"]
    assert "raises" in explanation["summary"][0]
    held = pl.read_parquet(project.folder / ".generel" / "models" / explanation["model"] / "held_out.parquet")
    pair = held.filter(~pl.col("task").is_in(["synonym", "equivalence", "gene_trait"])).row(0, named=True)
    apart = project.run("explain", pair["anchor"], pair["positive"], "--hops", "2", "--json", "-q")
    assert (apart["trained_on"], pair["task"] in apart["tasks"]) == ("held out", True)
    trained = pl.read_parquet(project.folder / ".generel" / "models" / explanation["model"] / "trained_pairs.parquet")
    pair = trained.filter(pl.col("task") == "gwas").row(0, named=True)
    seen = project.run("explain", pair["anchor"], pair["positive"], "--hops", "2", "--json", "-q")
    assert (seen["trained_on"], "gwas" in seen["tasks"]) == ("yes", True)
    printed, _ = project.start("explain", "rs2476601", "rheumatoid arthritis", "-q").communicate(timeout=120)
    for title in ("cosine", "trained on", "Direct evidence", "Paths", "Near both"):
        assert title in printed


def test_search_uses_the_old_model_until_the_new_one_is_complete(project: Project) -> None:
    before = project.run("search", "rs2476601", "--kind", "Disease", "--json", "-q")
    for stage in ("train", "write vectors", "index vectors", "activate"):
        project.kill_at(stage, GENEREL_TRAIN_SEED="1")
        after = project.run("search", "rs2476601", "--kind", "Disease", "--json", "-q")
        assert after["hits"] == before["hits"]
        assert after["model"] == before["model"]
    report = project.run("sync", "--json", "-q", GENEREL_TRAIN_SEED="1")
    assert report["model"]["id"] != before["model"]
    now = project.run("search", "rs2476601", "--kind", "Disease", "--json", "-q")
    assert now["model"] == report["model"]["id"]
    assert now["hits"] != before["hits"]
    back = project.start("models", "activate", before["model"])
    assert back.communicate(timeout=120)[0]
    again = project.run("search", "rs2476601", "--kind", "Disease", "--json", "-q")
    assert again["hits"] == before["hits"]


def test_every_recipe_has_rows_on_the_quick_start_data(project: Project) -> None:
    """The values in the files are of this data, which by now has two models on its nodes."""
    with open_session(load_config(project.folder, project.environment())) as session:
        for name in recipe_names():
            texts = {"vector": "morning joint stiffness"} if name == "concepts_near_text" else {}
            answer = session.recipe(name, embed=texts)
            assert answer.rows or name in EMPTY, name


def test_notebook_runs_on_the_quick_start_data(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)
    for name, value in project.environment().items():
        monkeypatch.setenv(name, value)
    notebook = json.loads((Path(__file__).parents[2] / "examples" / "tour.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert names["near"]["linked"].any()
    assert not names["new"]["linked"].any()
    assert -1 <= names["found"].cosine <= 1
    assert names["around"].number_of_edges() > 0


def test_evaluate_trains_on_earlier_reports_and_does_not_change_the_graph(project: Project) -> None:
    before = project.run("status", "--json", "-q")
    report = project.run("evaluate", "--years", "2010-2011", "--draws", "20", "--json", "-q")
    tests = {(b["name"], b["measure"], b["negatives"]): b for b in report["benchmarks"]}
    warm = tests["warm", "auc", "degree-matched SNP"]
    assert warm["n"] > 10
    assert warm["groups"] > 3
    assert [r["method"] for r in warm["results"]][:2] == ["the space", "text propagation"]
    for result in warm["results"]:
        assert 0 <= result["ci_low"] <= result["value"] <= result["ci_high"] <= 1
    after = project.run("status", "--json", "-q")
    assert (after["model"], after["graph"]) == (before["model"], before["graph"])


def test_evaluate_reads_a_file_of_pairs(project: Project) -> None:
    rows = [
        line.split("\t")
        for line in (project.folder / "associations.tsv").read_text(encoding="utf-8").splitlines()[1:80]
    ]
    lines = ["left\tright\tlabel", *(f"{row[0]}\t{row[7]}\t1" for row in rows)]
    lines += [f"{row[0]}\tmorning stiffness of row {at}\t0" for at, row in enumerate(rows[:40])]
    path = project.folder / "mine.tsv"
    path.write_text("\n".join([*lines, "rs999999999\tasthma\t1"]) + "\n", encoding="utf-8")
    report = project.run("evaluate", "mine.tsv", "--draws", "20", "--json", "-q")
    area = next(b for b in report["benchmarks"] if b["measure"] == "auc")
    assert (area["name"], area["n"]) == ("mine", 79)  # of the unknown rsID nothing can be said
    assert {r["method"] for r in area["results"]} == {"the space", "text propagation", "frozen text", "degree product"}


def test_changed_line_loads_its_source_and_updates_vectors_in_its_neighbourhood(project: Project) -> None:
    path = project.folder / "associations.tsv"
    text = path.read_text(encoding="utf-8")
    first = next(line for line in text.splitlines() if line.startswith("rs2476601\t"))
    cells = first.split("\t")
    cells[6] = "5.1"  # the evidence, and so how much the disease counts among the SNP's neighbours
    path.write_text(text.replace(first, "\t".join(cells)), encoding="utf-8")
    report = project.run("sync", "--json", "-q")
    assert report["load"]["sources"] == ["associations"]
    assert report["load"]["edges_changed"] == 1
    assert "train" not in report["steps"]
    assert 0 < report["vectors_written"] < report["graph"]["nodes"] / 4
    # A model that was embedded before the line changed is updated too when it is embedded again.
    with open_graph(load_config(project.folder, project.environment())) as graph:
        (other,) = (m.id for m in list_models(graph) if not m.active)
    back = project.run("embed", "--model", other, "--json", "-q")
    assert back["model"]["id"] == other
    assert 0 < back["vectors_written"] < back["graph"]["nodes"] / 4
    path.write_text(text, encoding="utf-8")
    project.run("sync", "--json", "-q")


def test_training_continues_after_added_edges_but_not_after_deleted_edges(project: Project) -> None:
    def continues(model_id: str) -> str | None:
        folder = load_config(project.folder, project.environment()).model_folder(model_id)
        return json.loads((folder / "config.json").read_text(encoding="utf-8"))["identity"].get("continues")

    path = project.folder / "associations.tsv"
    text = path.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("rs2476601\t")).split("\t")
    always = {"GENEREL_TRAIN_STALE_SHARE": "0", "GENEREL_TRAIN_CONTINUE_STEPS": "6"}
    before = project.run("sync", "--json", "-q", **always)
    path.write_text(text.rstrip("\n") + "\n" + "\t".join(["rs1000001", *row[1:]]) + "\n", encoding="utf-8")
    grown = project.run("sync", "--json", "-q", **always)
    assert grown["graph"]["edges"] > before["graph"]["edges"]
    assert continues(grown["model"]["id"]) == before["model"]["id"]
    path.write_text(text, encoding="utf-8")
    back = project.run("sync", "--json", "-q", **always)
    assert back["graph"]["digest"] == before["graph"]["digest"]
    assert continues(back["model"]["id"]) is None
    project.run("train", "--continue", "--json", "-q", **always)
    folder = load_config(project.folder, project.environment()).models_folder
    assert back["model"]["id"] in {
        continues(model.name) for model in folder.iterdir() if (model / "config.json").is_file()
    }
