"""The graph depends only on the sources: any order and number of loads, in bulk or batches, gives one digest."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

from generel_etl.config import SourceConfig
from generel_etl.errors import BusyError
from generel_etl.pipeline import read_sources
from generel_etl.resolve import Resolved
from generel_graph.config import Config, Neo4jConfig
from generel_graph.graph import Graph
from generel_graph.graph.digest import deep_digest, graph_digest, sum_source_digests
from generel_graph.graph.lease import lease
from generel_graph.graph.open import open_graph
from generel_graph.load import load_batches, load_bulk
from generel_graph.server import stop

DISEASES = ("MONDO:0000001\tgout\tpodagra|gouty arthritis", "MONDO:0000002\tasthma\t", "MONDO:0000003\tpsoriasis\t")
HITS = [
    "\t".join(
        [
            f"rs{100 + i}",
            str(1 + i % 5),
            str(1000 + i),
            "ACGT"[i % 4],
            f"{1 + i / 10:.1f}",
            str(5 + i),
            f"MONDO:000000{1 + i % 4}",
        ]
    )
    for i in range(24)
]
ALLOPURINOL = "DB00437\tallopurinol\ttreats\tMONDO:0000001"
LINKS = (ALLOPURINOL, ALLOPURINOL, "DB01003\t\ttreats\tMONDO:0000002")


def project(folder: Path, parts: int = 1, leave_out: tuple[str, ...] = (), hits: list[str] | None = None) -> Config:
    """Three sources without those in `leave_out`, the hits in `parts` files; no vocabulary defines the drugs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "diseases.tsv").write_text("id\tname\tsynonyms\n" + "\n".join(DISEASES) + "\n")
    (folder / "links.tsv").write_text("subject\tname\tpredicate\tobject\n" + "\n".join(LINKS) + "\n")
    hits = HITS if hits is None else hits
    names = []
    for part in range(parts):
        names.append(f"hits{parts}_{part}.tsv")
        rows = hits[part * len(hits) // parts : (part + 1) * len(hits) // parts]
        head = "snp\tchr\tpos\tea\tor\tlogp\tdisease\n"
        (folder / names[-1]).write_text(head + "\n".join(rows) + "\n")
    sources = (
        SourceConfig(
            "diseases",
            "table",
            ("diseases.tsv",),
            options={
                "node": "concept",
                "kind": "Disease",
                "columns": {"id": "id", "name": "name", "synonyms": "synonyms"},
            },
        ),
        SourceConfig(
            "hits",
            "table",
            tuple(names),
            options={
                "type": "ASSOCIATED_WITH",
                "build": "GRCh38",
                "end_kind": "Disease",
                "columns": {
                    "start_id": "snp",
                    "chromosome": "chr",
                    "position": "pos",
                    "effect_allele": "ea",
                    "odds_ratio": "or",
                    "neg_log10_p": "logp",
                    "end_id": "disease",
                },
            },
        ),
        SourceConfig(
            "links",
            "table",
            ("links.tsv",),
            options={
                "start_prefix": "DRUGBANK",
                "relations": {"treats": "TREATS"},
                "columns": {
                    "start_id": "subject",
                    "start_name": "name",
                    "predicate": "predicate",
                    "end_id": "object",
                },
                "start_kind": "Drug",
                "end_kind": "Disease",
            },
        ),
    )
    remaining = tuple(s for s in sources if s.name not in leave_out)
    neo4j = Neo4jConfig(heap="600m", page_cache="100m", browser=False)
    return Config(folder=folder, data_dir=".", state_dir=".generel", sources=remaining, neo4j=neo4j)


def expected(resolved: Resolved) -> str:
    return sum_source_digests([s.digest for s in resolved.sources])


def test_loaded_graph_equals_the_resolved_sources(graph: Graph, tmp_path: Path) -> None:
    resolved = read_sources(project(tmp_path).etl)
    report = load_batches(graph, resolved)
    assert (report.nodes_written, report.edges_created) == (len(resolved.nodes), len(resolved.edges))
    assert graph_digest(graph) == deep_digest(graph) == expected(resolved)
    for source in resolved.sources:
        assert source.rows_read == sum(
            getattr(source, f"rows_{k}") for k in ("loaded", "merged", "rejected", "dangling", "staged")
        )
    (links,) = (s for s in resolved.sources if s.name == "links")
    assert (links.rows_loaded, links.rows_merged, links.rows_dangling) == (1, 1, 1)


def test_second_load_writes_nothing(graph: Graph, tmp_path: Path) -> None:
    resolved = read_sources(project(tmp_path).etl)
    load_batches(graph, resolved)
    second = load_batches(graph, resolved)
    assert (second.method, second.sources, second.nodes_written, second.edge_changes) == ("nothing", (), 0, 0)


def test_changed_line_changes_only_its_source(graph: Graph, tmp_path: Path) -> None:
    load_batches(graph, read_sources(project(tmp_path).etl))
    changed = [HITS[0].replace("\t1.0\t", "\t1.7\t"), *HITS[1:]]
    resolved = read_sources(project(tmp_path, hits=changed).etl)
    report = load_batches(graph, resolved)
    assert report.sources == ("hits",)
    assert (report.nodes_written, report.edges_created, report.edges_changed, report.edges_deleted) == (0, 0, 1, 0)
    assert deep_digest(graph) == expected(resolved)


def test_removed_source_removes_its_nodes_and_the_edges_that_need_them(graph: Graph, tmp_path: Path) -> None:
    """Without the vocabulary no source defines the diseases, so that the edges of the hits dangle."""
    complete = read_sources(project(tmp_path).etl)
    load_batches(graph, complete)
    rest = read_sources(project(tmp_path, leave_out=("diseases",)).etl)
    load_batches(graph, rest)
    assert deep_digest(graph) == expected(rest) != expected(complete)
    assert "diseases" not in {row["name"] for row in graph.rows("graph/get_sources")}
    load_batches(graph, complete)
    assert deep_digest(graph) == expected(complete)


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_loads_gives_the_same_graph(graph: Graph, tmp_path: Path, seed: int) -> None:
    """Loads with random subsets of sources and hits, split over files, then a load of everything."""
    rng = random.Random(seed)
    names = ["diseases", "hits", "links"]
    for step in range(4):
        left_out = tuple(rng.sample(names, rng.randint(0, 2)))
        hits = HITS[: rng.randint(1, len(HITS))]
        resolved = read_sources(project(tmp_path / str(step), rng.choice([1, 2, 3]), left_out, hits).etl)
        load_batches(graph, resolved)
        assert deep_digest(graph) == graph_digest(graph) == expected(resolved)
    complete = read_sources(project(tmp_path / "complete").etl)
    split = read_sources(project(tmp_path / "split", parts=3).etl)
    assert expected(complete) == expected(split)
    load_batches(graph, split)
    assert deep_digest(graph) == expected(complete)


def test_interrupted_load_is_completed(graph: Graph, tmp_path: Path) -> None:
    """Some edges are missing, one is duplicated, one belongs to no source; the source has no digest."""
    resolved = read_sources(project(tmp_path).etl)
    load_batches(graph, resolved)
    with graph.driver.session() as session:
        session.run("MATCH (s:Source {name: 'hits'}) REMOVE s.digest").consume()
        session.run("MATCH ()-[r:ASSOCIATED_WITH]->() WITH r ORDER BY r.key LIMIT 7 DELETE r").consume()
        session.run(
            "MATCH (a)-[r:ASSOCIATED_WITH]->(b) WITH a, r, b ORDER BY r.key LIMIT 1 "
            "CREATE (a)-[c:ASSOCIATED_WITH]->(b) SET c = properties(r)"
        ).consume()
        session.run(
            "MATCH (a:SNP), (b:Disease) WITH a, b LIMIT 1 CREATE (a)-[:REGULATES {source: 'hits', key: 'x'}]->(b)"
        )
    assert graph_digest(graph) is None
    load_batches(graph, resolved)
    assert deep_digest(graph) == graph_digest(graph) == expected(resolved)


def test_deep_digest_detects_damage_that_the_records_do_not_show(graph: Graph, tmp_path: Path) -> None:
    resolved = read_sources(project(tmp_path).etl)
    load_batches(graph, resolved)
    for damage in (
        "MATCH (n:SNP) WITH n LIMIT 1 SET n.position = 7",
        "MATCH (n:Disease) WITH n LIMIT 1 SET n:Gene",
        "MATCH ()-[r:TREATS]->() WITH r LIMIT 1 SET r.weight = 0.25",
    ):
        with graph.driver.session() as session, session.begin_transaction() as transaction:
            transaction.run(damage).consume()
            transaction.commit()
        assert deep_digest(graph) != expected(resolved)
        with graph.driver.session() as session:
            session.run("MATCH (s:Source) REMOVE s.digest").consume()
            session.run("MATCH (n:Entity) DETACH DELETE n").consume()
        load_batches(graph, resolved)
        assert deep_digest(graph) == expected(resolved)


def test_second_writer_gets_an_error_with_the_holder(graph: Graph) -> None:
    """A holder is a thread of a process, so another thread is another holder."""
    errors: list[BusyError] = []

    def acquire() -> None:
        try:
            with lease(graph, wait=0):
                pass
        except BusyError as error:
            errors.append(error)

    for expected_errors in (1, 1):
        with lease(graph) if not errors else nullcontext():
            thread = threading.Thread(target=acquire)
            thread.start()
            thread.join()
        assert len(errors) == expected_errors
    assert "process" in str(errors[0].found)


def test_lease_of_a_dead_process_of_this_host_is_released(graph: Graph) -> None:
    import socket

    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    holder = f"me@{socket.gethostname()} process {int(ended.stdout)} thread 1"
    assert graph.write("graph/acquire_lease", name="sync", holder=holder, seconds=600)["acquired"]
    with lease(graph, wait=0):
        pass
    other_host = f"me@another.host process {int(ended.stdout)} thread 1"
    assert graph.write("graph/acquire_lease", name="sync", holder=other_host, seconds=600)["acquired"]
    with pytest.raises(BusyError, match=r"another\.host"), lease(graph, wait=0):
        pass


@pytest.mark.parametrize("version", ["2026.08.1", "5.26.18"])
def test_bulk_import_gives_the_same_graph_as_batches(tmp_path: Path, version: str) -> None:
    config = project(tmp_path)
    config = Config(
        folder=config.folder,
        data_dir=".",
        sources=config.sources,
        neo4j=Neo4jConfig(version=version, heap="600m", page_cache="100m", browser=False),
    )
    resolved = read_sources(config.etl)
    try:
        report = load_bulk(config, resolved)
        assert report.edges_created == len(resolved.edges)
        with open_graph(config) as graph:
            assert graph_digest(graph) == deep_digest(graph) == expected(resolved)
            after = load_batches(graph, resolved)
            assert (after.method, after.nodes_written, after.edge_changes) == ("nothing", 0, 0)
    finally:
        stop(config)
