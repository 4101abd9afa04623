"""The corpus cache returns the corpus that was written, and only for the same graph, date, tasks and statements."""

from __future__ import annotations

import shutil
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from generel_etl.errors import GraphError
from generel_graph.config import Config
from generel_graph.corpus.cache import read_cached, write_cache
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.read import corpus_name, read_corpus
from generel_graph.corpus.schema import Corpus, EdgeArrays, Nodes, Pairs
from generel_graph.graph import Graph, statements
from generel_graph.graph.digest import graph_digest


def corpus(digest: str = "a") -> Corpus:
    unknown = np.array([np.nan], dtype=np.float32)
    nodes = Nodes(
        ids=("MONDO:1", "rs1"),
        kinds=("Disease", "SNP"),
        texts=("ague", ""),
        synonyms=(("marsh fever", "ağue"), ()),
        clusters=np.array([0, 1], dtype=np.int32),
        chromosomes=("", "1"),
        positions=np.array([-1, 7], dtype=np.int64),
        builds=("", "GRCh38"),
    )
    edges = EdgeArrays(
        types=("ASSOCIATED_WITH",),
        starts=np.array([1], dtype=np.int32),
        ends=np.array([0], dtype=np.int32),
        type=np.array([0], dtype=np.int16),
        weights=np.array([0.5], dtype=np.float32),
        log_odds=unknown,
        neg_log10_p=unknown,
    )
    snp, disease = np.array([1], dtype=np.int32), np.array([0], dtype=np.int32)
    gwas = Pairs(snp, disease, np.array([0.5], dtype=np.float32), unknown)
    synonyms = Pairs(disease, disease * 0, np.array([1.0], dtype=np.float32), unknown, texts=("marsh fever",))
    return Corpus(digest, nodes, edges, {"gwas": gwas, "synonym": synonyms}, sampling="s")


def assert_equal(one: Corpus, two: Corpus) -> None:
    assert (one.digest, one.sampling, list(one.tasks)) == (two.digest, two.sampling, list(two.tasks))
    parts = [(one.nodes, two.nodes), (one.edges, two.edges), *((one.tasks[t], two.tasks[t]) for t in one.tasks)]
    for a, b in parts:
        for name in [f.name for f in fields(a)]:
            left, right = getattr(a, name), getattr(b, name)
            if isinstance(left, np.ndarray):
                assert left.dtype == right.dtype
                np.testing.assert_array_equal(left, right)
            else:
                assert left == right


def test_cached_corpus_equals_the_written_one(tmp_path: Path) -> None:
    write_cache(tmp_path, corpus(), "graph")
    cached = read_cached(tmp_path, "a")
    assert cached is not None
    assert_equal(cached, corpus())
    assert read_cached(tmp_path, "b") is None


def test_cached_arrays_are_memory_mapped(tmp_path: Path) -> None:
    write_cache(tmp_path, corpus(), "graph")
    cached = read_cached(tmp_path, "a")
    assert cached is not None
    assert not cached.edges.starts.flags.owndata
    assert not cached.edges.starts.flags.writeable


def test_writing_removes_the_corpora_of_other_graphs_only(tmp_path: Path) -> None:
    for name, graph in (("a", "one"), ("b", "one")):
        write_cache(tmp_path, corpus(name), graph)
    assert {p.name for p in tmp_path.iterdir()} == {"a", "b"}
    write_cache(tmp_path, corpus("c"), "two")
    assert {p.name for p in tmp_path.iterdir()} == {"c"}


def test_the_name_depends_on_graph_date_tasks_and_statements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        corpus_name("g", ["gwas"], None),
        corpus_name("h", ["gwas"], None),
        corpus_name("g", ["gwas"], date(2010, 1, 1)),
        corpus_name("g", ["gwas", "eqtl"], None),
    }
    assert len(names) == 4
    changed = tmp_path / "cypher"
    shutil.copytree(statements.folder(), changed)
    path = changed / "corpus" / "gwas.cypher"
    original, name = path.read_text(encoding="utf-8"), corpus_name("g", ["gwas"], None)
    monkeypatch.setattr(statements, "folder", lambda: changed)
    try:
        for text, is_same in (
            (f"// a comment\n{original}", True),
            (original.replace("weight > 0", "weight > 0.1"), False),
        ):
            path.write_text(text, encoding="utf-8")
            statements.statement.cache_clear()
            assert (corpus_name("g", ["gwas"], None) == name) == is_same
            assert (corpus_name("g", ["gwas"], None) in names) == is_same
    finally:
        statements.statement.cache_clear()


def test_graph_is_read_once_and_a_change_during_the_read_is_an_error(graph: Graph, tmp_path: Path) -> None:
    config = Config(folder=tmp_path)
    with graph.driver.session() as session:
        session.run(
            "CREATE (:SNP:Entity {id: 'rs1', kind: 'SNP'})"
            "-[:ASSOCIATED_WITH {weight: .5, source: 'x', key: 'k'}]->"
            "(:Disease:Concept:Entity {id: 'MONDO:1', kind: 'Disease'}), (:Source {name: 'x', digest: $digest})",
            digest="0" * 32,
        ).consume()
    with pytest.raises(GraphError, match="changed while it was read"):
        load_corpus(graph, config, "another digest")
    assert not config.sampled_folder.exists()
    digest = graph_digest(graph) or ""
    first = load_corpus(graph, config, digest)
    with graph.driver.session() as session:
        session.run("MATCH (n:Entity) DETACH DELETE n").consume()
    assert_equal(load_corpus(graph, config, digest), first)  # the cache is used
    with pytest.raises(GraphError, match="empty"):
        read_corpus(graph, "other", ["gwas"])
