"""The training modes compared by run time: frozen texts, low-rank adaptation and full fine-tuning of the encoder.

    python benchmarks/modes.py --config generel.toml --encoder-steps 60 --year 2012

Each mode trains with the configured settings, plus `--encoder-steps` steps for `lora` and `full`; `--longer` gives
frozen training as many steps, for the same run time. Prints one JSON line per mode: wall seconds and CPU seconds
(which do not depend on other load), recall of held-out synonyms for their concepts (by the adapter), validation AUC
(mean over tasks, degree-matched); then the AUC on one year's later papers, for traits without earlier pairs and SNPs
without earlier associations. Nothing is written to the graph; the models of the year are trained in the state folder,
as by `evaluate`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from generel_graph.config import load_config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.tasks import enabled_tasks
from generel_graph.evaluate import SPACE
from generel_graph.evaluate.run import evaluate_later
from generel_graph.graph.digest import graph_digest
from generel_graph.graph.open import open_graph
from generel_graph.pipeline.train import open_encoder

TESTS = ("unseen trait", "cold SNP")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train in every mode and print its results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("generel.toml"))
    parser.add_argument("--encoder-steps", type=int, default=60)
    parser.add_argument("--longer", type=int, default=4000)
    parser.add_argument("--year", type=int, default=2012, help="year of the later papers; 0: no such test")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--only", nargs="+", metavar="MODE", help="of frozen, 'frozen, longer', lora, full")
    args = parser.parse_args(arguments)
    config = load_config(args.config)
    with open_graph(config) as graph:
        corpus = load_corpus(graph, config, graph_digest(graph) or "")

    from generel_graph.learn import train

    encoder, weights = open_encoder(config), enabled_tasks(config.tasks)
    base = replace(config.train, threads=args.threads, encoder_steps=args.encoder_steps)
    modes = {
        "frozen": base,
        "frozen, longer": replace(base, steps=args.longer),
        "lora": replace(base, mode="lora"),
        "full": replace(base, mode="full"),
    }
    for name, settings in modes.items():
        if args.only and name not in args.only:
            continue
        began, spent = time.monotonic(), time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            report = train(corpus, encoder, config.model, settings, weights, Path(folder))
        measures = {
            "name": name,
            "steps": report.steps,
            "kept_step": report.kept_step,
            "loop_seconds": round(report.seconds, 1),
            "seconds": round(time.monotonic() - began, 1),
            "cpu_seconds": round(time.process_time() - spent, 1),
            "pairs_per_second": round(report.pairs_per_second),
            "validation": round(float(np.mean([t.auc for t in report.tasks if t.auc is not None])), 4),
            "recall": {method: round(value, 4) for method, value in report.wordings.items()},
        }
        print(json.dumps(measures), flush=True)
        if not args.year:
            continue
        later = evaluate_later(replace(config, train=settings), [args.year])
        areas = {
            f"{test.name}, {test.negatives}": [round(v, 4) for v in (r.value, r.ci_low, r.ci_high)]
            for test in later
            for r in test.results
            if test.measure == "auc" and r.method == SPACE and test.name in TESTS
        }
        print(json.dumps({"name": name, "year": args.year, "auc": areas}), flush=True)


if __name__ == "__main__":
    main()
