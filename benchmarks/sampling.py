"""Training pairs read from Cypher per second, compared with the official driver reading the same pairs row by row.

    python benchmarks/sampling.py            # 129,000 nodes, 4 million edges; 8 minutes on two cores
    python benchmarks/sampling.py --quick    # a fiftieth of the edges, as a quick check

A synthetic graph in a temporary folder is loaded in bulk into a private server. Ours is `Graph.frame` with the
statement of the knowledge-graph tasks (columns, one range of ids at a time), as the corpus is read; the peer is the
same match over the same ranges, one row per pair, as in the driver's documentation. Both run in turns. stdout: JSON
lines, also in `results/sampling.json` and `.png`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import neo4j
import plots
import psutil
from figures import RESULTS, Figure, Results, peak_bytes
from synthetic import configure, edges, nodes, write_project

from generel_etl.relations import KNOWLEDGE
from generel_graph.config import Config
from generel_graph.corpus.read import PAIR_SCHEMA, read_corpus
from generel_graph.corpus.tasks import TASKS
from generel_graph.graph import Graph
from generel_graph.graph.open import open_graph
from generel_graph.graph.statements import statement
from generel_graph.pipeline import sync
from generel_graph.server import ensure, stop

FILE = "corpus/kg"
ROWS = """
MATCH (n:Entity)
WHERE $first <= n.id <= $last
MATCH (n)-[r]->(other:Concept)
WHERE type(r) IN $relations AND r.weight > 0
RETURN n.id AS anchor, other.id AS positive, max(r.weight) AS weight ORDER BY anchor, positive
"""
Ranges = Sequence[tuple[str, str]]
Method = Callable[[Graph, Ranges], int]
BAR = 500_000.0  # pairs/s


def main() -> None:
    """Load the graph, read its pairs with both methods, print the times."""
    args = arguments()
    results = Results("sampling-quick" if args.quick else "sampling", vars(args) | {"results": "", "work": ""})
    work = Path(args.work or tempfile.mkdtemp(prefix="generel-sampling-"))
    config = None
    try:
        if (work / "generel.toml").is_file():
            config = configure(work, ["links"], version=args.version, extension="parquet")
        else:
            concepts = nodes(args.nodes, args.seed)
            links = edges(concepts, args.edges, args.seed)
            config = write_project(work, concepts, {"links": links}, version=args.version, extension="parquet")
        began = time.monotonic()
        sync.load(config)
        results.stage("load", "files to graph", time.monotonic() - began)
        measure(config, args, results)
    finally:
        if config is not None:
            stop(config)
        if not args.work:
            shutil.rmtree(work, ignore_errors=True)
    plots.rates(results.write(Path(args.results)))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=129_000)
    parser.add_argument("--edges", type=int, default=4_000_000)
    parser.add_argument("--every", type=int, default=1, help="1: read all ranges of ids, 2: every second …")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--version", default="2026.08.1", help="of Neo4j")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the edges, each method once")
    parser.add_argument("--work", default="", help="working folder, which is not removed; default: a temporary one")
    parser.add_argument("--results", default=str(RESULTS), help="folder of the JSON file and the plot")
    args = parser.parse_args()
    if args.quick:
        args.nodes, args.edges, args.repeats = 12_900, 80_000, 1
    return args


def measure(config: Config, args: argparse.Namespace, results: Results) -> None:
    """Both methods in turns after a warm-up; then the parts of our time, and reading a complete corpus."""
    methods: dict[str, Method] = {"ours": in_columns, "driver, row by row": row_by_row}
    with open_graph(config) as graph:
        server = psutil.Process(ensure(config).jvm_pid)
        ranges = graph.key_ranges()[:: args.every]
        in_columns(graph, ranges)  # fill the page cache and compile the statements
        rates: dict[str, list[float]] = {name: [] for name in methods}
        for repeat in range(args.repeats):
            for name in list(methods)[:: 1 if repeat % 2 == 0 else -1]:
                rates[name].append(
                    timed(f"repetition {repeat + 1}", name, methods[name], graph, ranges, server, results)
                )
        for name, method in (("the server answers", answered), ("the driver unpacks", unpacked)):
            timed("ours in parts", name, method, graph, ranges, server, results)
        peer = list(methods)[1]
        rate = {name: statistics.median(values) for name, values in rates.items()}
        results.figure(Figure("pairs from Cypher", rate["ours"], "pairs/s", rate[peer], peer, bar=BAR))
        began = time.monotonic()
        corpus = read_corpus(graph, "", [task.name for task in TASKS])
        seconds = time.monotonic() - began
        pairs = sum(map(len, corpus.tasks.values()))
        results.stage("whole corpus", "nodes, edges and all tasks", seconds, pairs=pairs, peak_mib=peak_bytes() >> 20)
        rows = len(corpus.nodes) + len(corpus.edges.starts) + pairs
        results.figure(Figure("whole corpus: nodes, edges and pairs, numbered", rows / seconds, "rows/s"))


def timed(
    run: str, name: str, method: Method, graph: Graph, ranges: Ranges, server: psutil.Process, results: Results
) -> float:
    """Run one method, record its wall and processor times (ours and the server's) and return its pairs per second."""
    began, processor, server_before = time.monotonic(), time.process_time(), sum(server.cpu_times()[:2])
    pairs = method(graph, ranges)
    seconds = time.monotonic() - began
    results.stage(
        run,
        name,
        seconds,
        processor_seconds=round(time.process_time() - processor, 2),
        server_processor_seconds=round(sum(server.cpu_times()[:2]) - server_before, 2),
        pairs=pairs,
        rate=round(pairs / seconds),
        machine_load=round(os.getloadavg()[0], 2),
    )
    return pairs / seconds


def in_columns(graph: Graph, ranges: Ranges) -> int:
    """Read the pairs as the corpus is read; their number."""
    return graph.pages(FILE, ranges, PAIR_SCHEMA, relations=list(KNOWLEDGE)).frame().height


def row_by_row(graph: Graph, ranges: Ranges) -> int:
    """Read the pairs into a list as in the driver's documentation; their number."""
    rows = [(r["anchor"], r["positive"], r["weight"]) for r in _records(graph, ranges, ROWS)]
    return len(rows)


def answered(graph: Graph, ranges: Ranges) -> int:
    """Our statement, returning only the lengths of its lists: matching, sorting and collecting."""
    text, returned = statement(FILE).rsplit("RETURN", 1)
    columns = ("anchor", "positive", "weight")
    lengths = ", ".join(f"size(collect({name})) AS {name}" for name in columns)
    assert all(f"collect({name}) AS {name}" in returned for name in columns), returned
    return sum(record["anchor"] for record in _records(graph, ranges, f"{text}RETURN {lengths}"))


def unpacked(graph: Graph, ranges: Ranges) -> int:
    """Our statement, unpacked by the driver and discarded: everything but making the columns."""
    return sum(len(record["anchor"]) for record in _records(graph, ranges, statement(FILE)))


def _records(graph: Graph, ranges: Ranges, text: str) -> Iterator[neo4j.Record]:
    parameters: dict[str, Any] = {"relations": list(KNOWLEDGE)}
    with graph.driver.session(database=graph.database, default_access_mode=neo4j.READ_ACCESS) as session:
        for first, last in ranges:
            yield from session.run(text, parameters | {"first": first, "last": last})


if __name__ == "__main__":
    main()
