"""Vectors written to nodes per second, compared with neo4j-graphrag's `upsert_vectors` on the same server.

    python benchmarks/write_back.py             # 60,000 nodes, 384 and 768 floats, both supported versions
    python benchmarks/write_back.py --quick     # 4,000 nodes, once

As in the product, there is no index while vectors are written. Ours and theirs run in turns, each from a database
without vectors. stdout: one JSON line per repetition and figure, also in `results/write_back.json` and `.png`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import plots
from figures import RESULTS, Figure, Results
from neo4j_graphrag.indexes import upsert_vectors
from numpy.typing import NDArray

from generel_graph.config import Config, Neo4jConfig
from generel_graph.embed.write_back import BATCH_ROWS, write_vectors
from generel_graph.graph import Graph
from generel_graph.load.schema import create_keys
from generel_graph.server import ensure, stop

VERSIONS = ("2026.08.1", "5.26.18")
DIMENSIONS = (384, 768)
SLOT = 0
PROPERTY = "embedding_0"  # of that slot; both write it, so both give the same graph
BARS = {("2026.08.1", 384): 12_000.0, ("5.26.18", 384): 4_000.0}
BAR_RATIO = 3.0
WARM_UP = 8_000  # vectors, not timed


def main() -> None:
    """Measure each version and dimension."""
    args = arguments()
    name = "write_back-quick" if args.quick else "write_back"
    results = Results(name, vars(args) | {"results": ""})
    for version in args.versions:
        work = Path(tempfile.mkdtemp(prefix="generel-write-back-"))
        neo4j = Neo4jConfig(version=version, heap="2g", page_cache="1g", browser=False)
        config = Config(folder=work, neo4j=neo4j)
        try:
            measure(config, args, results)
        finally:
            stop(config)
            shutil.rmtree(work, ignore_errors=True)
    plots.write_back(results.write(Path(args.results)))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--versions", nargs="+", default=list(VERSIONS))
    parser.add_argument("--dimensions", nargs="+", type=int, default=list(DIMENSIONS))
    parser.add_argument("--quick", action="store_true", help="4,000 nodes, each once")
    parser.add_argument("--results", default=str(RESULTS), help="folder of the JSON file and the plot")
    args = parser.parse_args()
    if args.quick:
        args.nodes, args.repeats = 4_000, 1
    return args


def measure(config: Config, args: argparse.Namespace, results: Results) -> None:
    """Write vectors of each dimension in turns, on one server."""
    server = ensure(config)
    with Graph.connect(server.uri, server.user, server.password) as graph:
        ids = make_nodes(graph, args.nodes)
        elements = element_ids(graph, ids)
        for dimension in args.dimensions:
            random = np.random.default_rng(args.seed)
            vectors = random.standard_normal((args.nodes, dimension), dtype=np.float32)
            methods: dict[str, Callable[[int], None]] = {
                "ours": lambda n, v=vectors: _ours(graph, ids[:n], v[:n]),  # type: ignore[misc]
                "neo4j-graphrag": lambda n, v=vectors: _theirs(graph, elements[:n], v[:n]),  # type: ignore[misc]
            }
            rates: dict[str, list[float]] = {name: [] for name in methods}
            for write in methods.values():
                write(min(WARM_UP, args.nodes))
                clear(graph)
            for repeat in range(args.repeats):
                for name in list(methods)[:: 1 if repeat % 2 == 0 else -1]:
                    began = time.monotonic()
                    methods[name](args.nodes)
                    seconds = time.monotonic() - began
                    rates[name].append(args.nodes / seconds)
                    run = f"Neo4j {config.neo4j.version}, {dimension} floats, repetition {repeat + 1}"
                    results.stage(
                        run, name, seconds, rate=round(args.nodes / seconds), machine_load=round(os.getloadavg()[0], 2)
                    )
                    assert clear(graph) == args.nodes
            results.figure(
                Figure(
                    f"write back, {dimension} floats, Neo4j {config.neo4j.version}",
                    statistics.median(rates["ours"]),
                    "vectors/s",
                    statistics.median(rates["neo4j-graphrag"]),
                    "neo4j-graphrag",
                    bar=BARS.get((config.neo4j.version, dimension)),
                    bar_ratio=BAR_RATIO if dimension == 384 else None,
                )
            )


def make_nodes(graph: Graph, number: int) -> list[str]:
    """Write nodes as `load` does; their ids in order."""
    create_keys(graph)
    ids = [f"MONDO:{i:07d}" for i in range(1, number + 1)]
    rows = [
        {
            "id": id_,
            "labels": ["Concept", "Disease", "Entity"],
            "remove": [],
            "props": {"kind": "Disease", "name": f"disease {id_}", "synonyms": [f"synonym of {id_}"]},
        }
        for id_ in ids
    ]
    graph.batches("load/merge_nodes", rows)
    return ids


def element_ids(graph: Graph, ids: list[str]) -> list[str]:
    """The element ids that neo4j-graphrag needs, in the order of `ids`; not timed."""
    _, rows = graph.query("MATCH (n:Entity) RETURN n.id, elementId(n)")
    known = dict(rows)
    return [known[id_] for id_ in ids]


def clear(graph: Graph) -> int:
    """Remove all vectors; the number of nodes that had one."""
    removed = 0
    while n := int(graph.command("embed/clear_vectors", SLOT).get("n", 0)):
        removed += n
    return removed


def _ours(graph: Graph, ids: list[str], vectors: NDArray[np.float32]) -> None:
    assert write_vectors(graph, SLOT, ids, vectors) == len(ids)


def _theirs(graph: Graph, elements: list[str], vectors: NDArray[np.float32]) -> None:
    """Batches of the same size as ours; making the lists of floats is timed for both."""
    for begin in range(0, len(elements), BATCH_ROWS):
        part = vectors[begin : begin + BATCH_ROWS].astype(np.float64).tolist()
        upsert_vectors(graph.driver, elements[begin : begin + BATCH_ROWS], PROPERTY, part, graph.database)


if __name__ == "__main__":
    main()
