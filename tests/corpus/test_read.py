"""What a task's statement may give: nothing, or lists of anchor, positive and weight; anything else is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from generel_etl.errors import ConfigError, GraphError
from generel_graph.config import TaskConfig
from generel_graph.corpus.read import read_corpus
from generel_graph.corpus.tasks import TASKS, enabled_tasks
from generel_graph.graph import Graph
from generel_graph.graph import statements as cypher

GWAS = "UNWIND [['rs1', 'MONDO:1']] AS pair WITH pair WHERE $first <= pair[0] <= $last "
BAD = {
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive": "does not return weight",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positives": "does not return positive, weight",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, collect(-.1) AS weight": "not in",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, collect(0.0) AS weight": "not in",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, collect(1.5) AS weight": "not in",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, collect(0.0 / 0.0) AS weight": "not in",
    "RETURN collect(pair[0]) AS anchor, collect(pair[1]) AS positive, [x IN collect(1) | null] AS weight": "not in",
}


def test_what_statements_may_give(graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with graph.driver.session() as session:
        session.run(
            "CREATE (:SNP:Entity {id: 'rs1', kind: 'SNP'})"
            "-[:ASSOCIATED_WITH {weight: .5, source: 'x', key: 'k'}]->"
            "(:Disease:Concept:Entity {id: 'MONDO:1', kind: 'Disease'})"
        ).consume()
    corpus = read_corpus(graph, "digest", ["gwas", "ld"])
    assert {name: len(pairs) for name, pairs in corpus.tasks.items()} == {"gwas": 1, "ld": 0}
    with pytest.raises(GraphError, match="no task finds a pair"):
        read_corpus(graph, "digest", ["ld"])
    changed = tmp_path / "cypher"
    shutil.copytree(cypher.folder(), changed)
    monkeypatch.setattr(cypher, "folder", lambda: changed)
    try:
        for body, said in BAD.items():
            (changed / "corpus" / "gwas.cypher").write_text(GWAS + body, encoding="utf-8")
            cypher.statement.cache_clear()
            with pytest.raises(GraphError, match=said) as error:
                read_corpus(graph, "digest", ["gwas"])
            assert error.value.where == "cypher/corpus/gwas.cypher"
    finally:
        cypher.statement.cache_clear()


def test_a_task_that_there_is_not() -> None:
    with pytest.raises(ConfigError, match="did you mean 'gwas'"):
        enabled_tasks({"gwass": TaskConfig()})
    with pytest.raises(ConfigError, match="no task is enabled"):
        enabled_tasks({task.name: TaskConfig(enabled=False) for task in TASKS})
