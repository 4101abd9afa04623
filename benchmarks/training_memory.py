"""Peak memory of preparing and training, by numbers of nodes and pairs.

    python benchmarks/training_memory.py            # 70,000 and 700,000 nodes, 2 and 20 million pairs; 12 minutes
    python benchmarks/training_memory.py --quick    # a hundredth

Each case is a process of its own: a synthetic corpus in memory (`corpora.py`), then `train` with 100 steps, without
validation and adapter. The text matrix ([nodes, 384] float32) is reported separately, because it grows with the nodes
alone. No server. stdout: JSON lines, also in `results/training_memory.json` and `.png`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import plots
from figures import RESULTS, Figure, Results, peak_bytes

MEBIBYTE = 1 << 20
DIMENSION = 384
BAR = 1.5  # times the peak beyond the text matrix, for ten times the pairs
STEPS = 100


def main() -> None:
    """Run every case and compare them."""
    args = arguments()
    if args.case:
        case(*args.case, args.most)
        return
    results = Results("training_memory-quick" if args.quick else "training_memory", vars(args) | {"results": ""})
    peaks: dict[tuple[int, int], float] = {}
    for nodes in args.nodes:
        for pairs in args.pairs:
            measured = run(nodes, pairs, args.most)
            results.stage(f"{nodes:,} nodes, {pairs:,} pairs", "all", measured.pop("seconds", 0.0), **measured)
            if "peak_mib" in measured:
                peaks[nodes, pairs] = measured["peak_mib"] - nodes * DIMENSION * 4 / MEBIBYTE
    for nodes in args.nodes:
        few, many = ((nodes, pairs) for pairs in args.pairs)
        if few in peaks and many in peaks:
            results.figure(
                Figure(
                    f"peak memory beyond the text matrix, {nodes:,} nodes, ten times the pairs",
                    peaks[many] / peaks[few],
                    "times the peak of a tenth",
                    less_is_better=True,
                    bar=BAR,
                )
            )
    for (nodes, pairs), peak in peaks.items():
        name = f"peak memory beyond the text matrix, {nodes:,} nodes, {pairs:,} pairs"
        results.figure(Figure(name, peak, "MiB", less_is_better=True))
    plots.rates(results.write(Path(args.results)))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="+", default=[70_000, 700_000])
    parser.add_argument("--pairs", type=int, nargs=2, default=[2_000_000, 20_000_000])
    parser.add_argument("--most", type=int, default=16, help="GiB of data; a case that needs more fails")
    parser.add_argument("--case", type=int, nargs=2, metavar=("NODES", "PAIRS"), help="one case, in this process")
    parser.add_argument("--quick", action="store_true", help="a hundredth of everything")
    parser.add_argument("--results", default=str(RESULTS), help="folder of the JSON file and the plot")
    args = parser.parse_args()
    if args.quick:
        args.nodes, args.pairs = [n // 100 for n in args.nodes], [n // 100 for n in args.pairs]
    return args


def run(nodes: int, pairs: int, most: int) -> dict[str, float]:
    """Run one case in a process of its own; a failed case returns its exit status instead of figures."""
    command = [sys.executable, __file__, "--case", str(nodes), str(pairs), "--most", str(most)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return {"failed": done.returncode}
    return dict(json.loads(done.stdout))


def case(nodes: int, pairs: int, most: int) -> None:
    """Make the corpus, train on it, print the peak of memory."""
    resource.setrlimit(resource.RLIMIT_DATA, (most << 30, most << 30))
    from corpora import RandomEncoder, synthetic_corpus

    from generel_graph.config import ModelConfig, TrainConfig
    from generel_graph.learn import train

    imported = peak_bytes()
    corpus = synthetic_corpus(nodes, pairs)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # reset the peak: making the corpus does not count
    now = peak_bytes()
    began = time.monotonic()
    settings = replace(TrainConfig(), steps=STEPS, validate_steps=0, adapter_steps=0)
    with tempfile.TemporaryDirectory() as folder:
        report = train(corpus, RandomEncoder(DIMENSION), ModelConfig(), settings, {}, Path(folder))  # type: ignore[arg-type]
    print(
        json.dumps(
            {
                "seconds": time.monotonic() - began,
                "loop_seconds": round(report.seconds, 1),
                "imported_mib": imported // MEBIBYTE,
                "corpus_mib": now // MEBIBYTE,
                "peak_mib": peak_bytes() // MEBIBYTE,
                "pairs": sum(map(len, corpus.tasks.values())),
            }
        )
    )


if __name__ == "__main__":
    main()
