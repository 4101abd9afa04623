"""The keys of JSON output are stable: sync, status, tasks, models, compare, embed --from and db status."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from generel_etl.resolve import SourceCounts
from generel_graph.cli.db import _status_json
from generel_graph.cli.inspect import TASK_COLUMNS
from generel_graph.cli.models import MODEL_COLUMNS
from generel_graph.embed import ModelRecord
from generel_graph.embed.compare import Comparison, EdgeTypeChange, KindChange
from generel_graph.embed.import_vectors import ImportedVectorsReport
from generel_graph.load import LoadReport
from generel_graph.model_folder import TaskReport
from generel_graph.pipeline.report import SyncReport
from generel_graph.pipeline.sync import PlannedStep, TaskStatus
from generel_graph.server import Server, ServerStatus

COUNTS = {"rows_read": 5, "rows_loaded": 1, "rows_merged": 1, "rows_rejected": 1, "rows_dangling": 1, "rows_staged": 1}
TASK = {
    "name": "gwas",
    "pairs": 7,
    "share": 0.5,
    "loss": 1.5,
    "chance": 2.0,
    "held_out": 3,
    "auc": 0.75,
    "auc_start": 0.5,
}
LOAD = {
    "way": "batches",
    "sources": ["hits"],
    "nodes_written": 1,
    "nodes_deleted": 2,
    "edges_created": 3,
    "edges_changed": 4,
    "edges_deleted": 5,
    "seconds": 0.5,
}


@pytest.fixture
def report() -> SyncReport:
    """A report with one source, one task and an active model."""
    return SyncReport(
        sources=(SourceCounts("hits", digest="d", nodes=2, edges=1, **COUNTS),),
        tasks=(TaskReport(**TASK),),
        model=ModelRecord("m", 8, slot=1, vectors=2),
        index_state="ONLINE",
        digest="d" * 32,
        nodes=2,
        edges=1,
        seconds=1.239,
        steps=(("read", 0.129),),
        load=LoadReport("batches", ("hits",), 1, 2, 3, 4, 5, 0.5),
        vectors_written=2,
    )


def test_report_of_sync_and_status_has_stable_keys(report: SyncReport) -> None:
    assert report.as_json() == {
        "sources": [{"name": "hits", **COUNTS, "nodes": 2, "edges": 1}],
        "tasks": [TASK],
        "model": {"id": "m", "slot": 1, "vectors": 2, "index_state": "ONLINE"},
        "graph": {"digest": "d" * 32, "nodes": 2, "edges": 1},
        "seconds": 1.24,
        "steps": {"read": 0.13},
        "load": LOAD,
        "vectors_written": 2,
    }


def test_report_as_text_names_graph_load_and_model(report: SyncReport) -> None:
    graph, load, model, seconds = report.lines()
    assert graph.startswith("graph: 2 nodes, 1 edges, digest dddddddddddd")
    assert load.startswith("loaded (batches): 1 nodes written, 2 deleted; edges 3 created, 4 changed, 5 deleted")
    assert model == "model: m in slot 1, 2 vectors of dimension 8, index ONLINE; 2 vectors written"
    assert seconds == "seconds: read 0.1"


def test_steps_of_a_dry_run_have_stable_keys() -> None:
    assert [field.name for field in fields(PlannedStep)] == ["step", "stale", "why"]


def test_tasks_have_stable_keys_and_all_values() -> None:
    keys = ["task", "enabled", "c", "pairs", "share", "loss", "chance", "held_out", "auc", "auc_start"]
    assert list(TASK_COLUMNS) == [*keys, "weight of a pair"]
    assert list(TASK_COLUMNS.values()) == [field.name for field in fields(TaskStatus)]


def test_models_have_stable_keys() -> None:
    keys = ("id", "slot", "active", "state", "vectors", "dimension", "encoder", "trained_at", "made_from", "index")
    assert keys == MODEL_COLUMNS
    assert set(keys) <= {*(field.name for field in fields(ModelRecord)), "index"}


def test_comparison_has_stable_keys() -> None:
    comparison = Comparison(
        "a",
        "b",
        kinds=(KindChange("SNP", 9, 1, 0, 5, 0.25),),
        edges=(EdgeTypeChange("IS_A", 3, 0.25, 0.5),),
        settings=(("train.steps", 10, 20),),
        tasks=(("gwas", {"auc": 0.5}, {"auc": 0.75}),),
    )
    assert comparison.as_json() == {
        "left": "a",
        "right": "b",
        "kinds": [{"kind": "SNP", "both": 9, "only_left": 1, "only_right": 0, "sampled": 5, "kept": 0.25}],
        "edges": [{"type": "IS_A", "edges": 3, "left": 0.25, "right": 0.5, "change": 0.25}],
        "settings": [{"key": "train.steps", "left": 10, "right": 20}],
        "tasks": [{"name": "gwas", "left": {"auc": 0.5}, "right": {"auc": 0.75}}],
    }


def test_report_of_imported_vectors_has_stable_keys() -> None:
    assert ImportedVectorsReport("m", 1, 8, 3, 2, 4, ("X:9",), None).as_json() == {
        "model": "m",
        "slot": 1,
        "dimension": 8,
        "vectors": 3,
        "written": 2,
        "without": 4,
        "unknown": ["X:9"],
        "replaced": None,
    }


def test_status_of_the_server_has_stable_keys() -> None:
    here = Path()
    server = Server("bolt://127.0.0.1:1", "neo4j", here, "http://127.0.0.1:2", "2026.08.1", here, 3, 4, 0.0, "")
    status = ServerStatus(server, "2026.08.1", "2026.08.1", 1, 2, 3, 4, 5, 6, 7, 30.0, "java", here, here, here)
    keys = [
        "running", "address", "browser", "version", "pid", "up_seconds", "store_version", "store_bytes", "heap_bytes",
        "page_cache_bytes", "resident_bytes", "clients", "bolt_port", "http_port", "idle_minutes", "java", "jars",
        "logs", "password_file",
    ]  # fmt: skip
    assert list(_status_json(status)) == keys
