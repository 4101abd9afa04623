"""Latency and recall of queries on 130,000 nodes, compared with neo4j-graphrag's retrievers on the same index.

    python benchmarks/asking.py             # 130,000 nodes × 384, 400,000 edges, Neo4j 2026.08.1
    python benchmarks/asking.py --quick     # 6,000 nodes, few queries

Nodes, edges and vectors are synthetic: clustered vectors, as trained ones are, and kinds of .1 %, 1 % and 10 % of the
nodes. They are an imported model, so the score is the cosine and one matrix product gives exact answers. Ours is the
library's public interface (`Session.search`, `.query`, `.score`); theirs are VectorCypherRetriever and, with a filter,
VectorRetriever through `generel_graph.export.retrievers`, with the same texts on the same index. `search` does more
(one row per cluster, links, codes). Ours and theirs run in turns, query by query. stdout: one JSON line per figure,
also in `results/asking.json` and `.png`.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plots
import polars as pl
from figures import RESULTS, Figure, Results
from neo4j_graphrag.retrievers import VectorRetriever
from numpy.typing import NDArray
from synthetic import NODE_SCHEMA, write_project

from generel_graph.config import Config
from generel_graph.embed import ModelRecord, activate, write_model
from generel_graph.export.retrievers import QueryEmbedder, vector_cypher_retriever
from generel_graph.graph import Graph
from generel_graph.pipeline.sync import load
from generel_graph.server import stop
from generel_graph.session import Session
from generel_graph.session import open as open_session

# kind, share of the nodes; filters are measured with the first three
SHARES = (
    ("Pathway", 0.001),
    ("DrugClass", 0.01),
    ("Drug", 0.1),
    ("Gene", 0.3),
    ("Disease", 0.3),
    ("BiologicalProcess", 0.289),
)
DIMENSION = 384
K = 10
MODEL = "made-up"
NEWEST = "2026.08.1"
ONE_HOP = "MATCH (node)-[r]-(other) RETURN node.id AS id, score, type(r) AS type, other.id AS other LIMIT 100"
TWO_HOPS = (
    "MATCH (node)-[r]-(middle)-[q]-(other) WHERE other <> node "
    "RETURN node.id AS id, score, type(r) AS type, middle.id AS middle, other.id AS other LIMIT 100"
)
OURS_26 = (
    "CYPHER 25 MATCH (node:Entity) SEARCH node IN (VECTOR INDEX embedding_0 FOR $v LIMIT 10) SCORE AS score "
    "WITH node, score "
)
OURS_5 = "CALL db.index.vector.queryNodes('embedding_0', 10, $v) YIELD node, score "
BARS = {"search": 10.0, "one hop": 15.0}  # ms, of 2026.x
BAR_RECALL = 0.98
CLIENTS = 32
Ask = Callable[[str], Any]


def main() -> None:
    """Make the graph, query it, and write the results."""
    args = arguments()
    logging.getLogger("neo4j_graphrag").setLevel(logging.ERROR)  # it warns of each filter without an index
    name = "-".join(["asking", *(["quick"] if args.quick else []), *([args.version] if args.version != NEWEST else [])])
    results = Results(name, vars(args) | {"results": ""})
    work = Path(tempfile.mkdtemp(prefix="generel-asking-"))
    config, concepts = make_graph(args, work, results)
    try:
        with open_session(config) as session:
            ids, kinds = concepts["id"].to_list(), concepts["kind"].to_numpy()
            vectors = make_vectors(session.graph, ids, args, results)
            measure(session, ids, kinds, vectors, args, results)
    finally:
        stop(config)
        shutil.rmtree(work, ignore_errors=True)
    plots.rates(results.write(Path(args.results)))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=130_000)
    parser.add_argument("--edges", type=int, default=500_000)
    parser.add_argument("--questions", type=int, default=200, help="of each type")
    parser.add_argument("--pairs", type=int, default=1_000_000, help="to score")
    parser.add_argument("--ends", type=int, default=5_000, help="distinct ids among the pairs")
    parser.add_argument("--seconds", type=float, default=60.0, help="duration of the test with concurrent clients")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--version", default=NEWEST)
    parser.add_argument("--quick", action="store_true", help="6,000 nodes, 30 queries of each type, 3 seconds")
    parser.add_argument("--results", default=str(RESULTS), help="folder of the JSON file and the plot")
    args = parser.parse_args()
    if args.quick:
        args.nodes, args.edges, args.questions, args.pairs, args.ends = 6_000, 20_000, 30, 20_000, 500
        args.seconds = 3.0
    return args


def make_graph(args: argparse.Namespace, work: Path, results: Results) -> tuple[Config, pl.DataFrame]:
    """Load nodes of SHARES, and edges with power-law degrees, from files as a user would; returns the nodes."""
    random = np.random.default_rng(args.seed)
    bounds = np.cumsum([int(share * args.nodes) for _, share in SHARES])[:-1]
    kinds = np.array([name for name, _ in SHARES])
    kinds = kinds[np.searchsorted(bounds, random.permutation(args.nodes), side="right")]
    numbers = range(1, args.nodes + 1)
    empty = dict.fromkeys(("description", "synonyms", "xrefs"), "")
    concepts = pl.DataFrame(
        {"id": [f"MESH:D{i:06}" for i in numbers], "kind": kinds, "name": [f"thing {i}" for i in numbers]}
    )
    concepts = concepts.with_columns(pl.lit(text).alias(name) for name, text in empty.items())
    weights = np.cumsum(np.arange(1, args.nodes + 1) ** -0.7)
    drawn = random.random((2, args.edges)) * weights[-1]
    starts, ends = (random.permutation(args.nodes)[np.searchsorted(weights, row)] for row in drawn)
    ids = concepts["id"].to_numpy()
    links = pl.DataFrame({"start": ids[starts], "predicate": "RELATED_TO", "end": ids[ends]})
    links = (
        links.filter(pl.col("start") != pl.col("end")).unique().with_columns(relation=pl.lit(""), weight=pl.lit(0.5))
    )
    config = write_project(work, concepts.select(NODE_SCHEMA.names()), {"links": links}, version=args.version)
    began = time.monotonic()
    report = load(config)
    results.stage("make", "load", time.monotonic() - began, nodes=report.nodes, edges=report.edges)
    return config, concepts.sort("id")


def make_vectors(graph: Graph, ids: list[str], args: argparse.Namespace, results: Results) -> NDArray[np.float32]:
    """Write unit vectors around 2,000 centres to the nodes, index and activate them; [n, DIMENSION]."""
    random = np.random.default_rng(args.seed + 3)
    centres = random.standard_normal((2_000, DIMENSION), dtype=np.float32)
    vectors = centres[random.integers(0, len(centres), len(ids))]
    vectors += random.standard_normal(vectors.shape, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    done = write_model(graph, ModelRecord(MODEL, DIMENSION, made_from="asking.py"), ids, vectors)
    activate(graph, MODEL)
    results.stage("make", "vectors", done.seconds - done.index_seconds)
    results.stage("make", "index", done.index_seconds)
    return vectors


def measure(
    session: Session,
    ids: list[str],
    kinds: NDArray[np.str_],
    vectors: NDArray[np.float32],
    args: argparse.Namespace,
    results: Results,
) -> None:
    """Measure all types of queries, scoring of pairs, and concurrent clients."""
    random = np.random.default_rng(args.seed + 1)
    chosen = random.choice(np.flatnonzero(~np.isin(kinds, [name for name, _ in SHARES[:3]])), args.questions, False)
    head = OURS_26 if session.graph.capabilities.filtered_vector_search else OURS_5
    no_hops = "RETURN node.id AS id, score"
    queries: list[tuple[str, Ask, Ask, str | None]] = [
        ("search", _ours(session), _theirs(session, no_hops), None),
        ("one hop", lambda id_: session.query(head + ONE_HOP, embed={"v": id_}), _theirs(session, ONE_HOP), None),
        ("two hops", lambda id_: session.query(head + TWO_HOPS, embed={"v": id_}), _theirs(session, TWO_HOPS), None),
    ]
    for kind, share in SHARES[:3]:
        queries.append((f"search, filter of {share:.1%}", _ours(session, kind), _theirs_of_kind(session, kind), kind))
    for name, ours, theirs, kind in queries:
        seconds, answers = _in_turns(ours, theirs, [ids[i] for i in chosen])
        for who, index in (("ours", 0), ("neo4j-graphrag", 1)):
            p50, p95 = np.percentile(np.array(seconds[index]) * 1000, [50, 95])
            results.stage(name, who, sum(seconds[index]), p50_ms=round(p50, 2), p95_ms=round(p95, 2), **_load())
        for point, at in (("p50", 50), ("p95", 95)):
            own, peer = (float(np.percentile(np.array(part) * 1000, at)) for part in seconds)
            bar = BARS.get(name) if point == "p50" else None
            results.figure(Figure(f"{name}, {point}", own, "ms", peer, "neo4j-graphrag", less_is_better=True, bar=bar))
        if name.startswith("search"):
            among = np.arange(len(ids)) if kind is None else np.flatnonzero(kinds == kind)
            own, peer = _recalls(answers, chosen, among, ids, vectors)
            results.figure(Figure(f"{name}, recall@10", own, "share", peer, "neo4j-graphrag", bar=BAR_RECALL))
    _score(session, ids, args, results)
    _at_once(session, [ids[i] for i in chosen], args.seconds, results)


def _ours(session: Session, kind: str | None = None) -> Ask:
    return lambda id_: [hit.id for hit in session.search(id_, k=K, kind=kind).hits]


def _theirs(session: Session, retrieval_query: str) -> Ask:
    """Their retriever through our adapter; without hops it fetches one more node, since it returns the query too."""
    retriever = vector_cypher_retriever(session, retrieval_query)
    top_k = K if "MATCH" in retrieval_query else K + 1
    return lambda id_: [record["id"] for record in retriever.get_search_results(query_text=id_, top_k=top_k).records]


def _theirs_of_kind(session: Session, kind: str) -> Ask:
    """Their filter, of VectorRetriever: that of VectorCypherRetriever 1.22 fails on this index."""
    graph, embedder = session.graph, QueryEmbedder(session)
    retriever = VectorRetriever(graph.driver, embedder.index, embedder, ["id"], neo4j_database=graph.database)

    def ask(id_: str) -> Any:
        result = retriever.get_search_results(query_text=id_, top_k=K, filters={"kind": kind})
        return [record["node"]["id"] for record in result.records]

    return ask


def _in_turns(
    ours: Ask, theirs: Ask, questions: list[str]
) -> tuple[tuple[list[float], list[float]], tuple[list[Any], list[Any]]]:
    """Seconds and answers of both for each query, in alternating order, after ten warm-up queries."""
    seconds: tuple[list[float], list[float]] = ([], [])
    answers: tuple[list[Any], list[Any]] = ([], [])
    for question in questions[:10]:
        ours(question)
        theirs(question)
    for number, question in enumerate(questions):
        for who in (0, 1) if number % 2 == 0 else (1, 0):
            began = time.perf_counter()
            answer = (ours, theirs)[who](question)
            seconds[who].append(time.perf_counter() - began)
            answers[who].append(answer)
    return seconds, answers


def _recalls(
    answers: tuple[list[Any], list[Any]],
    chosen: NDArray[np.int64],
    among: NDArray[np.int64],
    ids: list[str],
    vectors: NDArray[np.float32],
) -> tuple[float, float]:
    """The mean share of the ten exact nearest nodes in each answer, without the query itself."""
    cosines = vectors[chosen] @ vectors[among].T
    shares: tuple[list[float], list[float]] = ([], [])
    for row, question in enumerate(chosen):
        order = among[np.argsort(-cosines[row])[: K + 1]]
        truth = {ids[i] for i in [i for i in order if i != question][:K]}
        for who in (0, 1):
            answer = answers[who][row]
            hits = [id_ for id_ in answer if id_ != ids[question]][:K]
            shares[who].append(len(truth & set(hits)) / len(truth))
    return statistics.fmean(shares[0]), statistics.fmean(shares[1])


def _score(session: Session, ids: list[str], args: argparse.Namespace, results: Results) -> None:
    random = np.random.default_rng(args.seed + 2)
    sample = np.asarray(ids)[random.choice(len(ids), args.ends, False)]
    pairs = pd.DataFrame({side: sample[random.integers(0, len(sample), args.pairs)] for side in ("left", "right")})
    began, busy = time.monotonic(), time.process_time()
    scored = session.score(pairs).frame()
    seconds = time.monotonic() - began
    assert scored["cosine"].notna().all()
    results.stage("score", "all", seconds, ours_cpu=round(time.process_time() - busy, 2), **_load())
    results.figure(Figure(f"score, {args.pairs:,} pairs of {args.ends:,} ids", args.pairs / seconds, "pairs/s"))


def _at_once(session: Session, questions: list[str], seconds: float, results: Results) -> None:
    """CLIENTS threads query one session for `seconds` seconds; an error ends the benchmark."""
    until = time.monotonic() + seconds
    latencies: list[list[float]] = [[] for _ in range(CLIENTS)]
    errors: list[BaseException] = []

    def client(number: int) -> None:
        try:
            turn = number
            while time.monotonic() < until:
                began = time.perf_counter()
                assert len(session.search(questions[turn % len(questions)], k=K).hits) == K
                latencies[number].append(time.perf_counter() - began)
                turn += CLIENTS
        except BaseException as error:
            errors.append(error)

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    if errors:
        raise errors[0]
    every = np.array([t for client_latencies in latencies for t in client_latencies]) * 1000
    p50, p95 = np.percentile(every, [50, 95])
    results.stage(f"{CLIENTS} clients", "all", seconds, errors=len(errors), p50_ms=round(p50, 1), p95_ms=round(p95, 1))
    results.figure(Figure(f"{CLIENTS} clients at once, no error", len(every) / seconds, "answers/s"))


def _load() -> dict[str, float]:
    return {"machine_load": round(os.getloadavg()[0], 2)}


if __name__ == "__main__":
    main()
