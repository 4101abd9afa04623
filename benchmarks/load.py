"""Time and memory from files to a queryable graph, compared with graphio and a plain UNWIND loop.

    python benchmarks/load.py              # 129,000 nodes, 4 million edges; about 20 minutes on two cores
    python benchmarks/load.py --quick      # a fiftieth, as a quick check

Everything is made in a temporary folder, with private servers of its own. stdout: one JSON line per stage and figure,
also in `results/load.json` and `results/load.png`. README.md explains each figure.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import plots
import polars as pl
from figures import RESULTS, Figure, Results
from loaders import Seconds, count, graphio_loader, ours, unwind, wipe
from synthetic import configure, edges, linked_concepts, nodes, write, write_project

from generel_etl.pipeline import read_sources
from generel_graph.config import Config
from generel_graph.graph import Graph
from generel_graph.server import ensure, stop

CHAIN = Path(__file__).with_name("chain.py")
MEBIBYTE = 1 << 20
ALL_ROWS_PEER = "graphio create"  # the faster of graphio's two methods; it also loads all rows
BARS = {"first": 90.0, "first_ratio": 10.0, "new": 20_000.0, "same": 30_000.0, "memory": 1.5}


def main() -> None:
    """Make the files, load them with every method, print the times."""
    args = arguments()
    results = Results("load-quick" if args.quick else "load", vars(args) | {"work": "", "results": ""})
    work = Path(args.work or tempfile.mkdtemp(prefix="generel-load-"))
    try:
        began = time.monotonic()
        concepts = nodes(args.nodes, args.seed)
        all_edges = edges(concepts, args.edges + args.batch_edges, args.seed)
        links, new_links = all_edges[args.batch_edges :], all_edges[: args.batch_edges]
        results.stage("files", "make up", time.monotonic() - began, nodes=concepts.height, edges=links.height)
        first = first_load(work, concepts, links, args, results)
        reload(work, links, new_links, args, results)
        over_bolt(work, concepts, links, new_links, first, args, results)
    finally:
        for folder in work.glob("*/generel.toml"):
            stop(configure(folder.parent, [], version=args.version))
        if not args.work:
            shutil.rmtree(work, ignore_errors=True)
    path = results.write(Path(args.results))
    plots.load(path)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=129_000)
    parser.add_argument("--edges", type=int, default=4_000_000)
    parser.add_argument("--batch-edges", type=int, default=200_000, help="edges that are loaded over Bolt")
    parser.add_argument("--repeats", type=int, default=3, help="of the loads over Bolt, interleaved")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", choices=("tsv", "parquet"), default="tsv", help="of the files")
    parser.add_argument("--version", default="2026.08.1", help="of Neo4j")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the edges, each load once")
    parser.add_argument("--work", default="", help="working folder, which is not removed; default: a temporary one")
    parser.add_argument("--results", default=str(RESULTS), help="folder of the JSON file and the plot")
    args = parser.parse_args()
    if args.quick:  # a tenth of the nodes: a fiftieth would have too few pairs for these edges
        args.nodes, args.edges, args.batch_edges, args.repeats = 12_900, 80_000, 8_000, 1
    return args


def first_load(
    work: Path, concepts: pl.DataFrame, links: pl.DataFrame, args: argparse.Namespace, results: Results
) -> dict[str, Any]:
    """Bulk import from files to a queryable graph, of all edges and of a tenth; returns the report of all."""
    reports = {}
    for name, table in (("tenth", links[: links.height // 10]), ("complete", links)):
        folder = work / name
        write_project(folder, concepts, {"links": table}, version=args.version, extension=args.format)
        reports[name] = report = chain(folder, f"first load, {table.height:,} edges", results, bulk=True)
        assert (report["way"], report["edges"]) == ("bulk", table.height), report
        if name == "tenth":
            stop(configure(folder, [], version=args.version))
    complete, tenth = reports["complete"], reports["tenth"]
    mib = {n: max(r["peak_bytes"], r["import_peak_bytes"]) / MEBIBYTE for n, r in reports.items()}
    results.figure(
        Figure("first load: peak memory", mib["complete"], "MiB", mib["tenth"], "a tenth of the edges", True)
    )
    results.figure(
        Figure(
            "first load: peak memory, ten times the edges",
            mib["complete"] / mib["tenth"],
            "times the peak of a tenth",
            less_is_better=True,
            bar=BARS["memory"],
        )
    )
    for who, key in (("our process", "peak_bytes"), ("import tool", "import_peak_bytes")):
        results.figure(
            Figure(
                f"first load: peak memory, {who}",
                complete[key] / MEBIBYTE,
                "MiB",
                tenth[key] / MEBIBYTE,
                "a tenth of the edges",
                True,
            )
        )
    return complete


def reload(
    work: Path, links: pl.DataFrame, new_links: pl.DataFrame, args: argparse.Namespace, results: Results
) -> None:
    """Load the same project again: unchanged, with one changed row, and with a new source."""
    folder = work / "complete"
    report = chain(folder, "unchanged", results)
    assert report["way"] == "nothing", report
    results.figure(Figure("unchanged source: load", report["steps"]["load"], "s", less_is_better=True))
    results.figure(Figure("unchanged source: files to answer", report["seconds"], "s", less_is_better=True, bar=10.0))
    changed = pl.concat([links[:1].with_columns(weight=pl.lit(0.123)), links[1:]])
    write(folder, "links", changed, args.format)
    report = chain(folder, "one row changed", results)
    assert report["edges_changed"] == 1, report
    results.figure(
        Figure(
            "incremental: unchanged edges",
            (links.height - 1) / report["steps"]["load"],
            "edges/s",
            bar=BARS["same"],
        )
    )
    write(folder, "news", new_links, args.format)
    configure(folder, ["links", "news"], version=args.version, extension=args.format)
    report = chain(folder, "a new source", results)
    assert report["edges_created"] == new_links.height, report
    results.figure(
        Figure(
            "incremental: new edges, into the whole graph",
            new_links.height / report["steps"]["load"],
            "edges/s",
            bar=BARS["new"],
        )
    )
    stop(configure(folder, [], version=args.version))


def over_bolt(
    work: Path,
    concepts: pl.DataFrame,
    links: pl.DataFrame,
    sample: pl.DataFrame,
    first: dict[str, Any],
    args: argparse.Namespace,
    results: Results,
) -> None:
    """Load the sample into an empty database with every loader, in turns; then all rows with the fastest peer.

    Each repetition begins with another loader.
    """
    concepts_of_sample = linked_concepts(concepts, sample)
    config = write_project(
        work / "sample", concepts_of_sample, {"links": sample}, version=args.version, extension=args.format
    )
    resolved = read_sources(config.etl)
    loaders = {"ours": lambda graph: ours(graph, resolved)} | peers(concepts_of_sample, sample)
    seconds_of: dict[str, list[Seconds]] = {name: [] for name in loaders}
    with connect(config) as graph:
        order = list(loaders)
        for name in () if args.quick else ("UNWIND", "ours"):  # warm-up of the server, not timed
            wipe(graph)
            loaders[name](graph)
        for repeat in range(args.repeats):
            for name in order[repeat % len(order) :] + order[: repeat % len(order)]:
                wipe(graph)
                seconds = loaders[name](graph)
                assert count(graph) == (concepts_of_sample.height, sample.height), (name, count(graph))
                seconds_of[name].append(seconds)
                run = f"over Bolt, {sample.height:,} edges"
                results.stage(
                    run, f"{name}: nodes", seconds.nodes, rate=round(concepts_of_sample.height / seconds.nodes)
                )
                results.stage(run, f"{name}: edges", seconds.edges, rate=round(sample.height / seconds.edges))
                if seconds.rest:
                    results.stage(run, f"{name}: full-text and other indexes, sources", seconds.rest)
        wipe(graph)
        all_rows = peers(concepts, links)[ALL_ROWS_PEER](graph)
        assert count(graph) == (concepts.height, links.height)
        run = f"over Bolt, {links.height:,} edges"
        results.stage(run, f"{ALL_ROWS_PEER}: nodes", all_rows.nodes, rate=round(concepts.height / all_rows.nodes))
        results.stage(run, f"{ALL_ROWS_PEER}: edges", all_rows.edges, rate=round(links.height / all_rows.edges))
    edge_rate = {n: sample.height / statistics.median(s.edges for s in t) for n, t in seconds_of.items()}
    node_rate = {n: concepts_of_sample.height / statistics.median(s.nodes for s in t) for n, t in seconds_of.items()}
    results.figure(
        Figure(
            "first load",
            first["seconds"],
            "s",
            all_rows.nodes + all_rows.edges,
            f"{ALL_ROWS_PEER}, all rows",
            True,
            BARS["first"],
            BARS["first_ratio"],
        )
    )
    results.figure(
        Figure(
            "bulk load: resolved rows to queryable graph",
            first["steps"]["load"],
            "s",
            all_rows.nodes + all_rows.edges,
            f"{ALL_ROWS_PEER}, all rows",
            True,
        )
    )
    for peer in list(loaders)[1:]:
        # A peer's estimated total: all rows by its rates on the sample, whose graph is small.
        estimate = first["nodes"] / node_rate[peer] + first["edges"] / edge_rate[peer]
        results.figure(
            Figure(
                "first load",
                first["seconds"],
                "s",
                estimate,
                f"{peer}, by its rates on the sample",
                True,
                BARS["first"],
            )
        )
    for peer in list(loaders)[1:]:
        results.figure(
            Figure(
                "over Bolt: new edges, into an empty database",
                edge_rate["ours"],
                "edges/s",
                edge_rate[peer],
                peer,
                bar=BARS["new"],
            )
        )
        results.figure(Figure("over Bolt: nodes", node_rate["ours"], "nodes/s", node_rate[peer], peer))


def peers(concepts: pl.DataFrame, links: pl.DataFrame) -> dict[str, Callable[[Graph], Seconds]]:
    """The peers' loaders of these rows."""
    return {
        "graphio create": lambda graph: graphio_loader("create")(graph, concepts, links),
        "graphio merge": lambda graph: graphio_loader("merge")(graph, concepts, links),
        "UNWIND": lambda graph: unwind(graph, concepts, links),
    }


def chain(folder: Path, run: str, results: Results, bulk: bool = False) -> dict[str, Any]:
    """Load a project in a process of its own and return its report."""
    process = subprocess.run(
        [sys.executable, str(CHAIN), str(folder / "generel.toml"), *(["--bulk"] if bulk else [])],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    report: dict[str, Any] = json.loads(process.stdout)
    for name, (seconds, processor) in report["stages"].items():
        if seconds >= 0.05:
            results.stage(run, name, seconds, processor_seconds=round(processor, 2))
    mebibytes = {key: round(value / MEBIBYTE) for key, value in report.items() if key.endswith("_bytes")}
    results.stage(
        run,
        "all",
        report["seconds"],
        processor_seconds=round(report["processor_seconds"], 2),
        mebibytes=mebibytes,
        machine_load=round(os.getloadavg()[0], 2),
    )
    return report


def connect(config: Config) -> Graph:
    """Connect to the graph of a private server."""
    server = ensure(config)
    return Graph.connect(server.uri, server.user, server.password, config.neo4j.database)


if __name__ == "__main__":
    main()
