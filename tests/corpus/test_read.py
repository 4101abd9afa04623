"""Reading the corpus: a task's statement may return no rows, or valid anchors, positives and weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from generel_etl.errors import ConfigError, GraphError
from generel_graph.config import TaskConfig
from generel_graph.corpus.read import read_corpus
from generel_graph.corpus.schema import LD_R2
from generel_graph.corpus.tasks import TASKS, enabled_tasks
from generel_graph.graph import Graph, statements

GWAS = "UNWIND [['rs1', 'MONDO:1']] AS pair WITH pair WHERE $first <= pair[0] <= $last "
INVALID = {
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive": "does not return weight",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positives": "does not return positive, weight",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, collect(-.1) AS weight": "not in",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, collect(0.0) AS weight": "not in",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, collect(1.5) AS weight": "not in",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, collect(0.0 / 0.0) AS weight": "not in",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, [x IN collect(1) | null] AS weight": "not in",
}


def test_invalid_statements_are_rejected(graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with graph.driver.session() as session:
        session.run(
            "CREATE (:SNP:Entity {id: 'rs1', kind: 'SNP'})"
            "-[:ASSOCIATED_WITH {weight: .5, source: 'x', key: 'k'}]->"
            "(:Disease:Concept:Entity {id: 'MONDO:1', kind: 'Disease'})"
        ).consume()
    corpus = read_corpus(graph, "digest", ["gwas", "ld"])
    assert {name: len(pairs) for name, pairs in corpus.tasks.items()} == {"gwas": 1, "ld": 0}
    with pytest.raises(GraphError, match="no pairs for the enabled tasks"):
        read_corpus(graph, "digest", ["ld"])
    changed = tmp_path / "cypher"
    shutil.copytree(statements.folder(), changed)
    monkeypatch.setattr(statements, "folder", lambda: changed)
    try:
        for body, message in INVALID.items():
            (changed / "corpus" / "gwas.cypher").write_text(GWAS + body, encoding="utf-8")
            statements.statement.cache_clear()
            with pytest.raises(GraphError, match=message) as error:
                read_corpus(graph, "digest", ["gwas"])
            assert error.value.where == "cypher/corpus/gwas.cypher"
    finally:
        statements.statement.cache_clear()


def test_ld_pairs_begin_at_the_threshold_that_learning_uses(graph: Graph) -> None:
    with graph.driver.session() as session:
        session.run(
            "UNWIND [['rs1', 'rs2', $r2], ['rs3', 'rs4', $r2 - 1e-6]] AS pair "
            "CREATE (:SNP:Entity {id: pair[0], kind: 'SNP'})-[:IN_LD_WITH {r2: pair[2]}]->"
            "(:SNP:Entity {id: pair[1], kind: 'SNP'})",
            r2=LD_R2,
        ).consume()
    corpus = read_corpus(graph, "digest", ["ld"])
    pairs = corpus.tasks["ld"]
    assert [corpus.nodes.ids[i] for i in (*pairs.anchors, *pairs.positives)] == ["rs1", "rs2"]


def test_unknown_tasks_and_no_tasks_are_rejected() -> None:
    with pytest.raises(ConfigError, match="did you mean 'gwas'"):
        enabled_tasks({"gwass": TaskConfig()})
    with pytest.raises(ConfigError, match="no task is enabled"):
        enabled_tasks({task.name: TaskConfig(enabled=False) for task in TASKS})
